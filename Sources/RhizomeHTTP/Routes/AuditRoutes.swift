internal import Bytes
internal import HTTPTypes
internal import HummingbirdCore
internal import RhizomeCore
internal import RhizomeDatabase
internal import RhizomeIdentity
internal import RhizomeViews
internal import SignedStatements
internal import StrictJSON

/// What the last audit said, and what is held of one author.
struct AuditRoutes {
    /// Forks, heads and stalls of one author that are told at most.
    private static let most = 100

    let database: Database
    /// The summary that the last `rhizome-node audit` of this store left; none where there was none.
    let lastAudit: @Sendable () throws -> [UInt8]?

    var routes: [Route] {
        [
            Route(
                .get,
                "/api/audit",
                "What the last audit of the store said",
                answers: [
                    .json("Its summary, and whether the store is still as it was then", .auditSummary),
                    .notFound("No audit was made yet"),
                ],
                audit
            ),
            Route(
                .get,
                "/api/audit/authors/\(Path.did)",
                "What is held of one author",
                answers: [.json("Its log, and how it is trusted", .auditAuthor), .notFound("Nothing is known of it")],
                author
            ),
        ]
    }

    @Sendable private func audit(_ request: APIRequest) async throws -> Response {
        guard let bytes = try lastAudit(), let summary = try? JSONValue(parsing: bytes).object else {
            throw APIError(status: .notFound, error: "no audit was made yet; run: rhizome-node audit")
        }
        var json = summary
        let isThisStore = summary["epoch"] == .string(Hex.encode(database.log.epoch))
        let isWhole = summary["position"] == .integer(try await database.log.count())
        json.append("isCurrent", .bool(isThisStore && isWhole))
        return .json(.object(json))
    }

    @Sendable private func author(_ request: APIRequest) async throws -> Response {
        let key = request[Path.did]
        let log = database.log
        let heads = try await log.heads(of: key, upTo: nil, within: nil, limit: Self.most).sorted {
            ($0.sequence, $0.id) < ($1.sequence, $1.id)
        }
        let first = try await first(of: key, upTo: heads)
        guard first != nil || database.trust.isKnown(key) else { throw APIError.notFound }
        let forks = try await log.forks(of: key, limit: Self.most)
        let stalls = try await log.stalls().filter { $0.author == key }.prefix(Self.most)
        var json: JSONObject = [
            "author": key.json,
            "name": database.petname(of: key).map { .string($0) } ?? .null,
            "deltas": .integer(try await count(of: key)),
            "first": first.map { .integer($0.microseconds) } ?? .null,
            "last": heads.map(\.timeCreated).max().map { .integer($0.microseconds) } ?? .null,
            "heads": .array(
                heads.map {
                    [
                        "id": $0.id.json, "sequence": .integer($0.sequence),
                        "timeCreated": .integer($0.timeCreated.microseconds),
                    ]
                }
            ),
            "forks": .array(forks.map { ["sequence": .integer($0.sequence), "ids": .array($0.ids.map(\.json))] }),
            "stalled": .array(stalls.map { ["id": $0.id.json, "reason": .string($0.reason.rawValue)] }),
        ]
        for member in trust(in: key).members { json.append(member.name, member.value) }
        return .json(.object(json))
    }

    /// How many deltas of an author are held: of all authors one look.
    private func count(of key: PublicKey) async throws -> Int64 {
        try await database.log.authors().first { $0.author == key }?.count ?? 0
    }

    /// The time of the first delta in an author's log.
    private func first(of key: PublicKey, upTo heads: [Head]) async throws -> Timestamp? {
        guard !heads.isEmpty else { return nil }
        let page = try await database.log.pull(
            PullRequest(author: key, want: heads.map(\.id), have: [], after: nil, maximumBytes: 0)
        )
        return try page.deltas.first.map { try SignedDelta(decoding: $0).header.timeCreated }
    }

    /// How the author stands now, by which statement, and since when.
    private func trust(in key: PublicKey) -> JSONObject {
        let entry = database.trust.entries[key]
        return [
            "trust": .string(database.trust.standing(of: key, at: database.clock.now).name),
            "trustSince": entry.map { .integer($0.time.microseconds) } ?? .null,
            "trustStatement": entry.map { .string(Hex.encode($0.statement.array)) } ?? .null,
        ]
    }
}

extension JSONSchema {
    fileprivate static let auditSummary = object([
        "format": integer(1...1), "time": time, "epoch": hex, "position": count, "since": count, "findingCount": count,
        "authors": array(
            of: object([
                "author": did, "name": text.orNull, "trust": text, "deltas": count, "first": time, "last": time,
                "complete": boolean, "forks": count, "stalled": count,
            ])
        ),
        "isCurrent": boolean,
    ]).named("AuditSummary")

    fileprivate static let auditAuthor = object([
        "author": did, "name": text.orNull, "deltas": count, "first": time.orNull, "last": time.orNull,
        "heads": array(of: object(["id": deltaID, "sequence": count, "timeCreated": time])),
        "forks": array(of: fork), "stalled": array(of: object(["id": deltaID, "reason": text])),
        "trust": word(["own", "trusted", "distrusted", "unknown"]), "trustSince": time.orNull,
        "trustStatement": hex.orNull,
    ]).named("AuditAuthor")
}
