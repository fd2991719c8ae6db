internal import Bytes
public import RhizomeCore
public import RhizomeIdentity
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

extension StoredDelta {
    /// What of a delta isn't its own to say: how its author is called, where it lies, whether its signature and body hold
    /// now, and by which statement of the list it was let in (spec: http.md, `/api/deltas/:id`).
    ///
    /// - Complexity: one verification.
    public func testimony(by trust: TrustList) -> JSONObject {
        let statement = arrival.trustStatement.flatMap { trust.statement($0) }
        let isVerified = if case .success = VerifiedDelta.verify(delta) { true } else { false }
        return [
            "name": (trust.entries[delta.author]?.name ?? trust.lastName(of: delta.author)).map { .string($0) }
                ?? .null,
            "position": .integer(position),
            "verified": .bool(isVerified),
            "trustStatement": arrival.trustStatement.map { .string(Hex.encode($0.array)) } ?? .null,
            "trusted": statement.map { statement in
                [
                    "sequence": .integer(statement.sequence), "time": .integer(statement.time.microseconds),
                    "name": statement.change.name.map { .string($0) } ?? .null,
                ]
            } ?? .null,
        ]
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
