internal import Bytes
public import RhizomeCore
internal import RhizomeIdentity
public import SignedStatements
public import StrictJSON

extension SignedDelta {
    /// The JSON form (spec: delta.md, "JSON form").
    ///
    /// It is for reading: what is signed is always the CBOR.
    public var json: JSONObject {
        [
            "id": id.json,
            "creator": author.json,
            "host": body.host?.json ?? .null,
            "sequence": .integer(header.sequence),
            "previous": .array(header.previous.map(\.json)),
            "timeCreated": .integer(header.timeCreated.microseconds),
            "pointers": .array(body.pointers.map(\.json)),
            "signature": .string(Base64.urlUnpadded.encode(statement.signature)),
        ]
    }
}

extension StoredDelta {
    /// The JSON form with `timeReceived`, and `receivedFrom` where a peer brought it (spec: delta.md, "JSON form").
    public var json: JSONObject {
        var json = delta.json
        json.append("timeReceived", .integer(arrival.timeReceived.microseconds))
        if let peer = arrival.receivedFrom { json.append("receivedFrom", peer.json) }
        return json
    }
}

extension ViewedDelta {
    /// What a view knows of a delta: the JSON form without `previous` and `signature`.
    public var json: JSONObject {
        [
            "id": id.json,
            "creator": author.json,
            "host": host?.json ?? .null,
            "sequence": .integer(sequence),
            "timeCreated": .integer(timeCreated.microseconds),
            "pointers": .array(pointers.map(\.json)),
        ]
    }
}

extension DeltaID {
    /// 64 hex digits.
    public var json: JSONValue { .string(description) }
}

extension PublicKey {
    /// The did.
    public var json: JSONValue { .string(did) }
}
