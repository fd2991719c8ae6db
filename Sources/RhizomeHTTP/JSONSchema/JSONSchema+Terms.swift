internal import Bytes
internal import RhizomeIdentity
internal import StrictJSON

/// What occurs in many answers.
extension JSONSchema {
    /// A delta's id.
    static let deltaID = text(matching: "^[0-9a-f]{64}$").named("DeltaID")
    static let did = text(matching: "^did:key:z6Mk[1-9A-HJ-NP-Za-km-z]+$").named("DID")
    /// Bytes in hex.
    static let hex = text(matching: "^([0-9a-f]{2})*$")
    static let time = integer.meaning("µs since 1970 (UTC)").named("Time")
    /// How many.
    static let count = integer.with("minimum", 0)
    /// An entity's id, or another name, of at most 1,024 bytes.
    static let name = text.with("minLength", 1).with("maxLength", 1_024)
    /// What a delta can say of a property.
    static let value = JSONSchema(["type": ["string", "number", "boolean", "null"]]).named("Value")
    /// Properties by name, of any value that a resolver gives.
    static let properties = object(others: any)
    /// `{"ids": […]}`.
    static func ids(_ id: JSONSchema) -> JSONSchema { object(["ids": array(of: id)]) }
    /// Two deltas or more of one place in an author's log.
    static let fork = object(["sequence": count, "ids": array(of: deltaID)]).named("Fork")

    /// An error: what is wrong, and details by which it is put right.
    static let error = object(
        ["error": text],
        optional: [
            "field": text.meaning("the parameter, header field or field of the body that is wrong"),
            "code": text.meaning("what is wrong with it, in a word that stays"),
            "message": text.meaning("where error is a word: what happened, and what to do"),
            "offset": count, "line": count, "column": count,
            "pointer": text.meaning("where in a rule (RFC 6901)"),
            "place": text.meaning("where in a definition"),
            "at": text.meaning("where in a query (RFC 6901)"),
            "name": text, "creator": did, "delta": deltaID,
            "schema": text.meaning("the name of a schema that there isn't"),
            "limitBytes": count, "limitMilliseconds": count,
            "writableAt": time,
            "cycle": array(of: text).meaning("properties that are derived from each other"),
        ]
    ).named("Error")
}
