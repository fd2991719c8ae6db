public import Bytes
public import RhizomeCore
internal import RhizomeIdentity
public import SignedStatements
public import StrictJSON

/// What was said of an entity, or wasn't, that isn't as a schema wants it (spec: schemas.md, `violations`).
public struct EntityViolation: Sendable {
    /// Who said it, and when.
    public struct Origin: Hashable, Sendable {
        /// The delta that says it.
        public let delta: DeltaID
        /// Who signed that.
        public let creator: PublicKey
        /// µs since 1970.
        public let timeCreated: Timestamp
    }

    /// The entity.
    public let entity: Text
    /// Which property is wrong, and how.
    public let item: SchemaViolations.Item
    /// Where the value is from; `nil` where there is none, or it was computed.
    public let origin: Origin?

    /// `{"entity", "property", "rule", "value", "expected", "delta", "creator", "timeCreated"}`.
    public var json: JSONValue {
        var json: JSONObject = ["entity": .text(entity)]
        for member in item.json.object?.members ?? [] { json.append(member.name, member.value) }
        json.append("delta", origin.map { .string($0.delta.description) } ?? .null)
        json.append("creator", origin.map { .string($0.creator.did) } ?? .null)
        json.append("timeCreated", origin.map { .integer($0.timeCreated.microseconds) } ?? .null)
        return .object(json)
    }
}
