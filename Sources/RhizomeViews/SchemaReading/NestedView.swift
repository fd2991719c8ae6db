public import Bytes
public import RhizomeCore
public import SignedStatements
public import StrictJSON

/// An entity as a schema shows it, with what it refers to (spec: schemas.md, "Nested views").
///
/// All of it is of one state of the log, seen from one perspective.
public struct NestedView: Sendable {
    /// Levels below an entity at most.
    public static let mostLevels = 8
    /// Entities and deltas that are shown at most, each time counted.
    public static let mostNodes = 10_000

    /// A property of which nobody has said anything whom the perspective listens to.
    public struct Missing: Hashable, Sendable {
        /// The way to it: properties, and entities' ids or deltas' below them.
        public let path: [Text]
        /// What its value would be.
        public let kind: SchemaProperty.Kind
        /// Whether it has to have a value.
        public let isRequired: Bool

        /// `{"at", "type", "required"}`.
        public var json: JSONValue {
            [
                "at": .array(path.map { .text($0) }), "type": .string(kind.rawValue), "required": .bool(isRequired),
            ]
        }
    }

    /// A value that isn't as the schema wants it.
    public struct Violation: Hashable, Sendable {
        /// The way to it.
        public let path: [Text]
        /// What is wrong with it.
        public let violation: SchemaProperty.Violation

        /// `{"at", "rule", "value", "expected"}`.
        public var json: JSONValue {
            [
                "at": .array(path.map { .text($0) }), "rule": .string(violation.rule.rawValue),
                "value": violation.value,
                "expected": violation.expected,
            ]
        }
    }

    /// The entity's id.
    public let id: Text
    /// By which schema it is shown.
    public let schema: DefinitionName
    /// The schema's version.
    public let schemaDelta: DeltaID
    /// The properties that have a value, in the schema's order: what is referred to as
    /// `{"id", "properties"}`, `{"id", "dangling": true}` or `{"id", "cycle": true}`, at the last level as `{"id"}`.
    public internal(set) var properties = JSONObject()
    /// What is missing, depth first.
    public internal(set) var missing: [Missing] = []
    /// The ways to the properties for which the schema's default stands in.
    public internal(set) var defaulted: [[Text]] = []
    /// What isn't as the schemas want it, depth first.
    public internal(set) var violations: [Violation] = []

    /// As it is told over HTTP.
    ///
    /// - Parameter own: whose node it is.
    public func json(own: PublicKey) -> JSONObject {
        [
            "id": .text(id),
            "schema": ["name": .text(schema.text(own: own)), "delta": .string(schemaDelta.description)],
            "properties": .object(properties), "missing": .array(missing.map(\.json)),
            "defaulted": .array(defaulted.map { .array($0.map { .text($0) }) }),
            "violations": .array(violations.map(\.json)),
        ]
    }
}
