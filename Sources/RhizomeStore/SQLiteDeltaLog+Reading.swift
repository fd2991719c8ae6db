internal import Bytes
internal import Foundation
internal import GRDB
public import RhizomeCore
internal import SignedStatements

extension SQLiteDeltaLog {
    // MARK: - Single deltas

    /// Which are held.
    public func contains(_ ids: [DeltaID]) async throws -> Set<DeltaID> {
        guard !ids.isEmpty else { return [] }
        return try await read { db in try IDLookup.held(ids, db) }
    }

    /// The links to those that are held, by what their authors signed: verdicts on others rest on them.
    public func links(of ids: [DeltaID]) async throws -> [DeltaID: DeltaLink] {
        guard !ids.isEmpty else { return [:] }
        return try await read { db in try IDLookup.links(ids, db) }
    }

    /// Those that are held, by position.
    public func deltas(_ ids: [DeltaID]) async throws -> [StoredDelta] {
        guard !ids.isEmpty else { return [] }
        return try await read { db in
            try Self.deltas(at: IDLookup.positions(ids, db).values.sorted(), db)
        }
    }

    // MARK: - In order of acceptance

    /// How many are held.
    public func count() async throws -> Int64 { try await read { db in try Self.currentMark(db).position } }

    /// Those after a position.
    public func deltas(after position: Int64, limit: Int) async throws -> [StoredDelta] {
        guard limit > 0 else { return [] }
        return try await read { db in
            let statement = try db.cachedStatement(
                sql: "\(Self.selection) WHERE d.position > ? ORDER BY d.position LIMIT ?"
            )
            return try Self.deltas(statement, [position, limit])
        }
    }

    /// The entries after a position, as they lie in the tables.
    ///
    /// Nothing is refused: a body that is gone is told as an empty one, an id or hash that isn't one as zeros, so that
    /// an audit sees them all.
    public func entries(after position: Int64, maximumBytes: Int) async throws -> [LogEntry] {
        try await read { db in
            let statement = try db.cachedStatement(
                sql: "\(Self.selection) WHERE d.position > ? ORDER BY d.position"
            )
            let rows = try Row.fetchCursor(statement, arguments: [position])
            var entries: [LogEntry] = []
            var left = maximumBytes
            while let row = try rows.next() {
                let entry = try Self.entry(row, isStrict: false)
                left -= entry.weight
                if left < 0, !entries.isEmpty { break }
                entries.append(entry)
            }
            return entries
        }
    }

    /// A cursor's position.
    public func cursor(_ name: String) async throws -> Int64 {
        try await read { db in
            try Int64.fetchOne(
                db,
                sql: "SELECT position FROM cursors WHERE name = ?",
                arguments: [Data(name.utf8)]
            ) ?? 0
        }
    }

    // MARK: - Rows

    private static let selection = """
        SELECT d.position, d.id, d.header, b.body, d.timeReceived, o.receivedFrom, o.trustStatement, d.runningHash
        FROM deltas d
        LEFT JOIN bodies b ON b.position = d.position
        LEFT JOIN origins o ON o.origin = d.origin
        """

    private static func entry(_ row: Row, isStrict: Bool = true) throws -> LogEntry {
        func bytes32(_ index: Int) throws -> Bytes32 {
            try isStrict ? row.bytes32(index) : Bytes32(row.bytes(index)) ?? Bytes32(repeating: 0)
        }
        return LogEntry(
            position: try row.integer(0),
            id: DeltaID(try bytes32(1)),
            header: try row.bytes(2),
            body: try row.optionalBytes(3) ?? [],
            arrival: Arrival(
                timeReceived: try row.timestamp(4),
                receivedFrom: row.hasNull(atIndex: 5) ? nil : PublicKey(try bytes32(5)),
                trustStatement: row.hasNull(atIndex: 6) ? nil : try bytes32(6)
            ),
            runningHash: try bytes32(7)
        )
    }

    /// The deltas at some positions, in that order.
    static func deltas(at positions: [Int64], _ db: Database) throws -> [StoredDelta] {
        let statement = try db.cachedStatement(sql: "\(selection) WHERE d.position = ?")
        return try positions.flatMap { try deltas(statement, [$0]) }
    }

    private static func deltas(_ statement: Statement, _ arguments: StatementArguments) throws -> [StoredDelta] {
        let rows = try Row.fetchCursor(statement, arguments: arguments)
        var deltas: [StoredDelta] = []
        while let row = try rows.next() {
            let entry = try entry(row)
            let delta = try SignedDelta(header: entry.header, body: entry.body)
            guard delta.id == entry.id else { throw DeltaLogError.misfiled }
            deltas.append(StoredDelta(delta: delta, position: entry.position, arrival: entry.arrival))
        }
        return deltas
    }
}
