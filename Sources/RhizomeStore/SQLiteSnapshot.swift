internal import Bytes
internal import Foundation
internal import GRDB
public import RhizomeCore
internal import SignedLog

extension SQLiteDeltaLog {
    /// What a short reading may look at: some 5 ms of work.
    private static let shortEffort = 500

    /// Reads one state of the store, on one of its queues.
    ///
    /// Which reading takes long nobody knows beforehand. So one that has looked at much is broken off and begins again where
    /// a few of its kind run at a time: the other connections stay free for what is short.
    ///
    /// - Throws: `busy` as well, where other long readings leave no room for one within 10 s.
    public func read<Value: Sendable>(
        _ body: @escaping @Sendable (any LogSnapshot) throws -> Value
    ) async throws -> Value {
        do {
            do {
                return try await shortReadings.run { db in try body(SQLiteSnapshot(db, effort: Self.shortEffort)) }
            } catch is SQLiteSnapshot.LongReading {
                return try await longReadings.run { try await pool.read { db in try body(SQLiteSnapshot(db)) } }
            }
        } catch let error as DatabaseError {
            throw DeltaLogError(store: error)
        } catch let error as RowDecodingError {
            throw DeltaLogError(store: error)
        }
    }
}

/// One state of the store, in a transaction of one of its readers.
private final class SQLiteSnapshot: LogSnapshot {
    /// Rows of an entity that are read at once: an entity with fewer words takes one look-up.
    private static let page = 32

    /// Thrown where a reading takes more effort than it may.
    struct LongReading: Error {}

    /// Bytes of bodies that take as long as a row.
    private static let bytesPerRow = 4_096

    private let db: Database
    private let effort: Int
    let position: Int64
    private(set) var rowCount = 0
    private var bodyBytes = 0
    private var keys: [Int64: PublicKey] = [:]

    /// - Parameter effort: how many rows, and bodies by their size, may be looked at.
    init(_ db: Database, effort: Int = .max) throws {
        self.db = db
        self.effort = effort
        position = try SQLiteDeltaLog.currentMark(db).position
    }

    /// Each look-up comes by here.
    private func count() throws {
        rowCount += 1
        guard rowCount + bodyBytes / Self.bytesPerRow <= effort else { throw LongReading() }
    }

    private func number(_ sql: String, _ arguments: StatementArguments) throws -> Int64? {
        try count()
        return try Int64.fetchOne(db.cachedStatement(sql: sql), arguments: arguments)
    }

    private func rows(_ sql: String, _ arguments: StatementArguments) throws -> RowCursor {
        try count()
        return try Row.fetchCursor(db.cachedStatement(sql: sql), arguments: arguments)
    }

    // MARK: - Names

    func entity(_ id: Text) throws -> Int64? { try number("SELECT entity FROM entities WHERE id = ?", [id.blob]) }

    func author(_ key: PublicKey) throws -> Int64? {
        try number("SELECT author FROM authors WHERE key = ?", [key.bytes.blob])
    }

    func key(of author: Int64) throws -> PublicKey {
        if let key = keys[author] { return key }
        let found = try rows("SELECT key FROM authors WHERE author = ?", [author])
        guard let row = try found.next() else { throw Self.missing("an author") }
        let key = try row.key(0)
        keys[author] = key
        return key
    }

    func role(_ role: Role) throws -> Int64? {
        try number(
            """
            SELECT role FROM roles WHERE localContext = (SELECT context FROM contexts WHERE name = ?)
            AND targetContext = (SELECT context FROM contexts WHERE name = ?)
            """,
            [role.localContext.blob, role.property.blob]
        )
    }

    func role(_ number: Int64) throws -> Role {
        let found = try rows(
            """
            SELECT l.name, t.name FROM roles r JOIN contexts l ON l.context = r.localContext
            JOIN contexts t ON t.context = r.targetContext WHERE r.role = ?
            """,
            [number]
        )
        guard let row = try found.next() else { throw Self.missing("a role") }
        return Role(try row.text(0), try row.text(1))
    }

    private static func missing(_ what: String) -> DeltaLogError {
        DeltaLogError(.corrupt, "\(what) that the store's index names isn't there; run rhizome-node audit")
    }

    // MARK: - What was said

    func streams(of entity: Int64, by isRead: (Int64) throws -> Bool) throws -> [StreamEnd] {
        var streams: [StreamEnd] = []
        var after: (author: Int64, role: Int64, moment: Int64) = (.min, 0, 0)
        while true {
            let found = try rows(
                """
                SELECT author, role, moment, position FROM words
                WHERE entity = ? AND (author, role, moment) > (?, ?, ?)
                ORDER BY author, role, moment, position LIMIT ?
                """,
                [entity, after.author, after.role, after.moment, Self.page]
            )
            var count = 0
            var open: StreamEnd?
            while let row = try found.next() {
                count += 1
                let stream = WordStream(entity: entity, author: try row.integer(0), role: try row.integer(1))
                if let open, open.stream != stream { streams.append(open) }
                open = nil
                guard try isRead(stream.author) else {
                    after = (stream.author, .max, .max)
                    break
                }
                open = StreamEnd(
                    stream: stream,
                    last: Word(moment: WordMoment(number: try row.integer(2)), position: try row.integer(3))
                )
            }
            rowCount += count
            if let open {
                if count == Self.page {
                    // Perhaps it goes on, for long: its end is one look-up.
                    guard let last = try words(of: open.stream, before: nil, limit: 1).first else { return streams }
                    streams.append(StreamEnd(stream: open.stream, last: last))
                    after = (open.stream.author, open.stream.role, .max)
                } else {
                    streams.append(open)
                    return streams
                }
            } else if count == 0 {
                return streams
            }
        }
    }

    func words(of stream: WordStream, before word: Word?, limit: Int) throws -> [Word] {
        try words(
            """
            SELECT moment, position FROM words WHERE entity = ? AND author = ? AND role = ?
            AND (moment, position) < (?, ?) ORDER BY moment DESC, position DESC LIMIT ?
            """,
            of: stream,
            word ?? Word(moment: WordMoment(number: .max), position: .max),
            limit: limit
        )
    }

    func words(of stream: WordStream, after word: Word?, limit: Int) throws -> [Word] {
        try words(
            """
            SELECT moment, position FROM words WHERE entity = ? AND author = ? AND role = ?
            AND (moment, position) > (?, ?) ORDER BY moment, position LIMIT ?
            """,
            of: stream,
            word ?? Word(moment: WordMoment(number: -1), position: 0),
            limit: limit
        )
    }

    private func words(_ sql: String, of stream: WordStream, _ bound: Word, limit: Int) throws -> [Word] {
        let found = try rows(
            sql,
            [stream.entity, stream.author, stream.role, bound.moment.number, bound.position, limit]
        )
        var words: [Word] = []
        while let row = try found.next() {
            words.append(Word(moment: WordMoment(number: try row.integer(0)), position: try row.integer(1)))
        }
        rowCount += words.count
        return words
    }

    func count(of stream: WordStream, before word: Word?, upTo position: Int64, limit: Int64) throws -> Int64 {
        let bound = word ?? Word(moment: WordMoment(number: .max), position: .max)
        let count = try number(
            """
            SELECT count(*) FROM (SELECT 1 FROM words WHERE entity = ? AND author = ? AND role = ?
            AND (moment, position) < (?, ?) AND position <= ? LIMIT ?)
            """,
            [
                stream.entity, stream.author, stream.role, bound.moment.number, bound.position, position, limit,
            ]
        )
        rowCount += Int(count ?? 0)
        return count ?? 0
    }

    // MARK: - Deltas

    func delta(at position: Int64) throws -> HeldDelta {
        let found = try rows(
            """
            SELECT d.id, d.author, d.sequence, d.timeCreated, b.body FROM deltas d
            JOIN bodies b ON b.position = d.position WHERE d.position = ?
            """,
            [position]
        )
        guard let row = try found.next() else { throw Self.missing("a delta") }
        let bytes = try row.bytes(4)
        bodyBytes += bytes.count
        let body: DeltaBody
        do throws(DeltaRefusal) { body = try DeltaBody(bytes: bytes) } catch { throw DeltaLogError(store: error) }
        return HeldDelta(
            position: position,
            id: try row.id(0),
            author: try key(of: try row.integer(1)),
            sequence: try row.integer(2),
            timeCreated: try row.integer(3),
            body: body
        )
    }

    func position(of id: DeltaID) throws -> Int64? {
        try count()
        return try IDLookup.positions([id], db)[id]
    }

    func heads(of author: PublicKey, upTo time: Int64?, within tips: [DeltaID]?, limit: Int) throws -> [Head] {
        try count()
        return try AuthorLog(author, db)?.heads(upTo: time, within: tips, limit: limit) ?? []
    }
}
