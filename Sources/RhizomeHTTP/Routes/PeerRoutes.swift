internal import Bytes
internal import HTTPTypes
internal import HummingbirdCore
internal import RhizomeCore
internal import RhizomeDatabase
internal import RhizomeIdentity
internal import RhizomeViews
internal import StrictJSON

/// How this node and its peers stand.
struct PeerRoutes {
    let database: Database
    let peers: any PeerReporting

    var routes: [Route] {
        [
            Route(
                .get,
                "/api/peers",
                "How this node and its peers stand",
                answers: [.json("This node, then every trusted entry by the bytes of its petname", .array(of: .peer))],
                peers
            ),
            Route(
                .get,
                "/api/peers/count",
                "How many peers there are",
                answers: [.json("A number, this node included", .count)],
                count
            ),
            Route(
                .get,
                "/api/peers/refused",
                "Who asked for a connection and was refused",
                answers: [.json("The keys, lately", .array(of: .refusedKey))],
                refused
            ),
        ]
    }

    @Sendable private func peers(_ request: APIRequest) async throws -> Response {
        return .json(.array(try await peers.peers().map(\.json)))
    }

    @Sendable private func count(_ request: APIRequest) async throws -> Response {
        return .json(.integer(Int64(try await peers.peers().count)))
    }

    @Sendable private func refused(_ request: APIRequest) async throws -> Response {
        return .json(.array(peers.refusedKeys().map(json)))
    }

    /// `candidates` are dids and nothing else; those that the list knows have their petnames in `names`.
    private func json(_ key: RefusedKey) -> JSONValue {
        var json: JSONObject = [
            "transportKey": Z85.encode(key.transportKey.array).map { .string($0) } ?? .null,
            "address": .string(key.address),
            "count": .integer(Int64(key.count)),
            "lastSeen": .integer(key.lastSeen.microseconds),
            "candidates": .array(key.candidates.map(\.json)),
        ]
        var names = JSONObject()
        for candidate in key.candidates {
            guard let name = database.petname(of: candidate) else { continue }
            names.append(Text(candidate.did), .string(name))
        }
        if names.count > 0 { json.append("names", .object(names)) }
        return .object(json)
    }
}

extension PeerStatus {
    /// One item of `/api/peers`.
    fileprivate var json: JSONValue {
        [
            "reqAddr": requestAddress.map { .string($0) } ?? .null,
            "addresses": .array(
                addresses.map { ["address": .string("\($0.address)"), "source": .string($0.source.rawValue)] }
            ),
            "publishAddr": publishAddress.map { .string($0) } ?? .null,
            "isSelf": .bool(isSelf),
            "isSeedPeer": .bool(isSeedPeer),
            "deltaCount": [
                "accepted": .integer(counts.accepted),
                "duplicate": .integer(counts.duplicate),
                "rejected": .integer(counts.rejected),
                "deferred": .integer(counts.deferred),
            ],
            "identity": identity.json,
            "name": .string(name),
            "state": .string(state.rawValue),
            "clockOffsetMicroseconds": clockOffsetMicroseconds.map { .integer($0) } ?? .null,
            "roundTripMicroseconds": roundTripMicroseconds.map { .integer($0) } ?? .null,
            "lastSeen": lastSeen.map { .integer($0.microseconds) } ?? .null,
            "behind": behind.map { .integer($0) } ?? .null,
            "ahead": ahead.map { .integer($0) } ?? .null,
            "forks": .array(forks.map { ["sequence": .integer($0.sequence), "ids": .array($0.ids.map(\.json))] }),
            "stalled": .array(stalled.map(\.json)),
        ]
    }
}

extension JSONSchema {
    fileprivate static let peer = object([
        "reqAddr": text.orNull,
        "addresses": array(
            of: object(["address": text, "source": word(PeerStatus.Address.Source.allCases.map(\.rawValue))])
        ),
        "publishAddr": text.orNull, "isSelf": boolean, "isSeedPeer": boolean,
        "deltaCount": object(["accepted": count, "duplicate": count, "rejected": count, "deferred": count]),
        "identity": did, "name": text, "state": word(PeerStatus.State.allCases.map(\.rawValue)),
        "clockOffsetMicroseconds": integer.orNull, "roundTripMicroseconds": integer.orNull, "lastSeen": time.orNull,
        "behind": count.orNull, "ahead": count.orNull, "forks": array(of: fork), "stalled": array(of: deltaID),
    ]).named("Peer")

    fileprivate static let refusedKey = object(
        [
            "transportKey": text.orNull, "address": text, "count": count, "lastSeen": time,
            "candidates": array(of: did).meaning("the identities that share the key"),
        ],
        optional: ["names": object(others: text).meaning("the petnames of those that the list knows, by did")]
    ).named("RefusedKey")
}
