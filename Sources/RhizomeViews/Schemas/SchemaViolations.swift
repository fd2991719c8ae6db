public import Bytes
public import StrictJSON

/// Thrown where an entity would not be as its schema wants it (spec: schemas.md, "Writing through a schema").
public struct SchemaViolations: CodedError {
    /// What is wrong.
    public enum Code: String, Sendable {
        /// The schema doesn't allow it.
        case schema
    }

    /// What is wrong, and all that equality looks at.
    public let code = Code.schema
    /// Violations that are told at most.
    public static let most = 100

    /// A property that is wrong, and how.
    public struct Item: Hashable, Sendable {
        /// The property.
        public let property: Text
        /// What is wrong with it.
        public let violation: SchemaProperty.Violation

        /// `{"property", "rule", "value", "expected"}`.
        public var json: JSONValue {
            [
                "property": .text(property), "rule": .string(violation.rule.rawValue), "value": violation.value,
                "expected": violation.expected,
            ]
        }
    }

    /// The schema's name, as its owner calls it.
    public let schema: Text
    /// All that is wrong, at most ``most``, in the schema's order.
    public let items: [Item]

    /// What is wrong with each property.
    ///
    /// Holds names and values that others chose: escape it for terminals.
    public var message: String {
        let told = items.map { "\($0.property): \($0.violation.rule.rawValue) \($0.violation.expected)" }
        return "the schema \(schema) asks for something else of \(told.joined(separator: ", "))"
    }
}
