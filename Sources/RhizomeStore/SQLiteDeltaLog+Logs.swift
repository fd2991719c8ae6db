public import Bytes
internal import Foundation
internal import GRDB
public import RhizomeCore
public import SignedStatements

extension SQLiteDeltaLog {
    // MARK: - Heads

    /// An author's heads.
    public func heads(of author: PublicKey) async throws -> [Head] {
        try await read { db in
            let heads = try SQLiteBranchRows(author, db)?.heads(limit: .max) ?? []
            return heads.sorted { ($0.sequence, $0.id) < ($1.sequence, $1.id) }
        }
    }

    /// Heads of a part of an author's log.
    public func heads(
        of author: PublicKey,
        upTo time: Timestamp?,
        within tips: [DeltaID]?,
        limit: Int
    ) async throws -> [Head] {
        try await read { db in try SQLiteBranchRows(author, db)?.heads(upTo: time, within: tips, limit: limit) ?? [] }
    }

    /// The heads of all.
    public func heads(after last: AuthorHead?, limit: Int) async throws -> [AuthorHead] {
        guard limit > 0 else { return [] }
        return try await read { db in
            let rows = try Row.fetchCursor(
                db.cachedStatement(
                    sql: """
                        SELECT a.key, d.id FROM authors a
                        JOIN branches b ON b.author = a.author AND b.isHead = 1
                        JOIN deltas d ON d.position = b.lastPosition
                        WHERE a.key >= ? AND (a.key > ? OR d.id > ?) ORDER BY a.key, d.id LIMIT ?
                        """
                ),
                arguments: [
                    last?.author.bytes.blob ?? Data(), last?.author.bytes.blob ?? Data(),
                    last?.id.bytes.blob ?? Data(), limit,
                ]
            )
            var heads: [AuthorHead] = []
            while let row = try rows.next() { heads.append(AuthorHead(author: try row.key(0), id: try row.id(1))) }
            return heads
        }
    }

    /// The heads of the authors whose logs changed.
    public func changes(after cursor: ChangeCursor, limit: Int) async throws -> Changes {
        // One row more than fits tells whether there are more.
        let most = max(limit, 0) + 1
        return try await read { db in
            var changes = try Self.changes(
                db.cachedStatement(
                    sql: """
                        SELECT a.lastPosition, a.key, d.id FROM authors a
                        JOIN branches b ON b.author = a.author AND b.isHead = 1
                        JOIN deltas d ON d.position = b.lastPosition
                        WHERE a.lastPosition >= ? AND (a.lastPosition > ? OR d.id > ?)
                            AND a.manyHeadsSince = 0
                        ORDER BY a.lastPosition, d.id LIMIT ?
                        """
                ),
                arguments: [
                    // Those of an author that has been told of whole aren't looked at.
                    cursor.head == nil ? cursor.position + 1 : cursor.position, cursor.position,
                    cursor.head?.bytes.blob ?? Data(), most,
                ]
            )
            let authors = try Row.fetchAll(
                db.cachedStatement(
                    sql: "SELECT author, manyHeadsSince FROM authors WHERE manyHeadsSince > 0 AND lastPosition >= ?"
                ),
                arguments: [cursor.position]
            )
            for author in authors {
                changes += try Self.changes(
                    ofMany: try author.ordinal(0),
                    since: try author.ordinal(1),
                    after: cursor,
                    most: most,
                    db
                )
            }
            if !authors.isEmpty { changes.sort { ($0.position, $0.head.id) < ($1.position, $1.head.id) } }
            return Changes(changes, after: cursor, limit: max(limit, 0))
        }
    }

    /// Of an author with many heads: those that it had when they became many, in that place, and the others in their own.
    private static func changes(
        ofMany author: Int64,
        since: Int64,
        after cursor: ChangeCursor,
        most: Int,
        _ db: Database
    ) throws -> [(position: Int64, head: AuthorHead)] {
        var found: [(position: Int64, head: AuthorHead)] = []
        if since > cursor.position || since == cursor.position && cursor.head != nil {
            let together = try db.cachedStatement(
                sql: """
                    SELECT ?, a.key, d.id FROM authors a
                    JOIN branches b ON b.author = a.author AND b.isHead = 1
                    JOIN deltas d ON d.position = b.lastPosition
                    WHERE a.author = ? AND b.lastPosition <= ? AND (? OR d.id > ?) ORDER BY d.id
                    """
            )
            found = try changes(
                together,
                arguments: [since, author, since, since > cursor.position, cursor.head?.bytes.blob ?? Data()]
            )
        }
        let apart = try db.cachedStatement(
            sql: """
                SELECT b.lastPosition, a.key, d.id FROM authors a
                JOIN branches b ON b.author = a.author AND b.isHead = 1
                JOIN deltas d ON d.position = b.lastPosition
                WHERE a.author = ? AND b.lastPosition > ? ORDER BY b.lastPosition LIMIT ?
                """
        )
        return try found + changes(apart, arguments: [author, max(since, cursor.position), most])
    }

    private static func changes(
        _ statement: Statement,
        arguments: StatementArguments
    ) throws -> [(position: Int64, head: AuthorHead)] {
        let rows = try Row.fetchCursor(statement, arguments: arguments)
        var changes: [(position: Int64, head: AuthorHead)] = []
        while let row = try rows.next() {
            changes.append((try row.ordinal(0), AuthorHead(author: try row.key(1), id: try row.id(2))))
        }
        return changes
    }

    /// All authors.
    public func authors() async throws -> [AuthorSummary] {
        try await read { db in
            let rows = try Row.fetchCursor(db, sql: "SELECT key, count, lastPosition FROM authors ORDER BY key")
            var authors: [AuthorSummary] = []
            while let row = try rows.next() {
                authors.append(
                    AuthorSummary(author: try row.key(0), count: try row.ordinal(1), lastPosition: try row.ordinal(2))
                )
            }
            return authors
        }
    }

    /// The stalls of this version, in the order in which they were noted.
    public func stalls() async throws -> [Stall] {
        try await read { [version] db in
            let rows = try Row.fetchCursor(
                db,
                sql: "SELECT id, header, reason FROM stalls WHERE version = ? ORDER BY stall",
                arguments: [Data(version.utf8)]
            )
            var stalls: [Stall] = []
            while let row = try rows.next() { if let stall = Self.stall(row, version) { stalls.append(stall) } }
            return stalls
        }
    }

    /// Those of these that are stalls of this version, each judged again by its header: a row alone keeps no delta out.
    public func stalled(_ ids: [DeltaID]) async throws -> Set<DeltaID> {
        guard !ids.isEmpty else { return [] }
        return try await read { [version] db in
            let statement = try db.cachedStatement(
                sql: "SELECT id, header, reason FROM stalls WHERE version = ? AND id = ?"
            )
            return Set(
                try ids.filter { id in
                    let row = try Row.fetchOne(statement, arguments: [Data(version.utf8), id.bytes.blob])
                    guard let stall = row.flatMap({ Self.stall($0, version) }) else { return false }
                    let held = try IDLookup.headers(stall.signed.header.previous, db)
                    return stall.isProven(held: held.mapValues { DeltaLink($0) })
                }
            )
        }
    }

    /// A row (id, header, reason); `nil` where it proves nothing about that delta, which the audit finds.
    private static func stall(_ row: Row, _ version: String) -> Stall? {
        guard let reason = (try? row.text(2)).flatMap({ Rejection(rawValue: $0.string) }),
            let signed = try? SignedHeader(stored: row.bytes(1), of: row.id(0))
        else { return nil }
        return Stall(signed, reason: reason, version: version)
    }

    // MARK: - What is before what

    /// These and all before them.
    public func ancestry(of ids: [DeltaID], author: PublicKey) async throws -> Ancestry {
        try await read { db in try SQLiteBranchRows(author, db)?.ancestry(of: ids) ?? Ancestry() }
    }

    /// An author's forks.
    public func forks(of author: PublicKey, limit: Int) async throws -> [Fork] {
        try await read { db in try SQLiteBranchRows(author, db)?.forks(limit: limit) ?? [] }
    }

    /// What tells a peer how much is held.
    public func locators(of author: PublicKey) async throws -> [DeltaID] {
        try await read { db in try SQLiteBranchRows(author, db)?.locators() ?? [] }
    }

    /// A page of a log.
    public func pull(_ request: PullRequest) async throws -> PullPage {
        try await read { db in
            guard let log = try SQLiteBranchRows(request.author, db) else {
                try SQLiteBranchRows.checkNone(of: request.author, among: request.want, db)
                return PullPage(deltas: [], last: nil, hasMore: false)
            }
            return try log.pull(request)
        }
    }
}
