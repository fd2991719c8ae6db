internal import Bytes
internal import Dispatch
internal import Foundation
internal import GRDB
internal import Locks
public import RhizomeCore
internal import SignedStatements

extension SQLiteDeltaLog {
    /// What a short reading may look at: some 5 ms of work.
    private static let shortEffort = 500

    private static let tooManyLongReadings = DeltaLogError(
        .busy,
        "other reads that take long are under way; try again in some seconds"
    )

    /// Reads one state of the store, what is short on the caller's thread.
    ///
    /// Which reading takes long nobody knows beforehand. So one that has looked at much is broken off and begins again where
    /// a few of its kind run at a time: the other connections stay free for what is short.
    ///
    /// - Throws: `busy` as well, where other long readings leave no room for one within 10 s.
    public func read<Value: Sendable>(
        _ body: @escaping @Sendable (any LogSnapshot) throws -> Value
    ) async throws -> Value {
        try await read(upTo: nil, body)
    }

    /// The same of the state that ends with a position, which is held; of the present one where `nil`.
    func read<Value: Sendable>(
        upTo position: Int64?,
        _ body: @escaping @Sendable (any LogSnapshot) throws -> Value
    ) async throws -> Value {
        do {
            do {
                return try await shortReadings.run { [names] db, end in
                    try body(
                        SQLiteSnapshot(db, names: names, effort: Self.shortEffort, until: end, position: position)
                    )
                }
            } catch is SQLiteSnapshot.LongReading {
                return try await longReadings.run(taking: 1, orThrow: Self.tooManyLongReadings) {
                    try await pool.read { [names] db in
                        try body(SQLiteSnapshot(db, names: names, position: position))
                    }
                }
            }
        } catch let error as DatabaseError {
            throw DeltaLogError(store: error)
        } catch let error as RowDecodingError {
            throw DeltaLogError(store: error)
        }
    }
}

/// One state of the store, in a transaction of one of its readers.
final class SQLiteSnapshot: LogSnapshot {
    /// Rows of an entity that are read at once: an entity with fewer words takes one look-up.
    private static let page = 32

    /// Thrown where a reading takes more effort than it may.
    struct LongReading: Error {}

    /// Bytes of bodies that take as long as a row.
    private static let bytesPerRow = 4_096
    /// Numbers, one beside the other in an index, that take as long as a row.
    private static let prefixesPerRow = 16

    private let db: Database
    private let names: NameCache
    private let effort: Int
    private let end: DispatchTime?
    let position: Int64
    private(set) var rowCount = 0
    private var bodyBytes = 0
    private var keys: [Int64: PublicKey] = [:]

    /// - Parameters:
    ///   - effort: how many rows, and bodies by their size, may be looked at.
    ///   - end: until when; for as long as it takes where `nil`.
    ///   - position: the last one; asked for where it isn't known.
    init(
        _ db: Database,
        names: NameCache,
        effort: Int = .max,
        until end: DispatchTime? = nil,
        position: Int64? = nil
    ) throws {
        self.db = db
        self.names = names
        self.effort = effort
        self.end = end
        self.position = try position ?? SQLiteDeltaLog.currentCount(db)
    }

    /// Each look-up comes by here.
    private func count() throws {
        rowCount += 1
        guard rowCount + bodyBytes / Self.bytesPerRow <= effort else { throw LongReading() }
        if let end, end < .now() { throw ShortReadings.Overdue() }
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
        if let known = names.author(key) { return known }
        let author = try number("SELECT author FROM authors WHERE key = ?", [key.bytes.blob])
        if let author { names.remember(author: author, key) }
        return author
    }

    func key(of author: Int64) throws -> PublicKey {
        if let key = keys[author] { return key }
        let key = try names.key(of: author) ?? readKey(of: author)
        keys[author] = key
        return key
    }

    private func readKey(of author: Int64) throws -> PublicKey {
        let found = try rows("SELECT key FROM authors WHERE author = ?", [author])
        guard let row = try found.next() else { throw Self.missing("an author") }
        let key = try row.key(0)
        names.remember(author: author, key)
        return key
    }

    func context(_ name: Text) throws -> Int64? {
        if let known = names.context(name) { return known }
        let context = try number("SELECT context FROM contexts WHERE name = ?", [name.blob])
        if let context { names.remember(context: context, name) }
        return context
    }

    func contexts(after name: Text?, limit: Int) throws -> [Text] {
        // No name is empty.
        let found = try rows(
            "SELECT name FROM contexts WHERE name > ? ORDER BY name LIMIT ?",
            [name?.blob ?? Data(), limit]
        )
        var contexts: [Text] = []
        while let row = try found.next() { contexts.append(try row.text(0)) }
        rowCount += contexts.count
        return contexts
    }

    func name(ofContext number: Int64) throws -> Text {
        if let known = names.name(ofContext: number) { return known }
        let found = try rows("SELECT name FROM contexts WHERE context = ?", [number])
        guard let row = try found.next() else { throw Self.missing("a context") }
        let name = try row.text(0)
        names.remember(context: number, name)
        return name
    }

    private static func missing(_ what: String) -> DeltaLogError {
        DeltaLogError(.corrupt, "\(what) that the store's index names isn't there; run rhizome-node audit")
    }

    // MARK: - What was said

    /// A row of `words` but for its entity.
    private struct WordRow {
        let author: Int64
        let role: WordRole
        let word: Word
    }

    /// A place in the order of an entity's rows.
    private struct Place {
        static let start = Place(author: .min, role: WordRole(number: 0), moment: 0)

        let author: Int64
        let role: WordRole
        let moment: Int64

        /// After all rows of an author.
        static func end(of author: Int64) -> Place {
            Place(author: author, role: WordRole(number: .max), moment: .max)
        }

        func isBefore(_ row: WordRow) -> Bool {
            (author, role, moment) < (row.author, row.role, row.word.moment.number)
        }
    }

    func forEachStream(
        of entity: Int64,
        on properties: [Int64]?,
        by isRead: (Int64) throws -> Bool,
        _ body: (StreamEnd) throws -> Bool
    ) throws {
        var after = Place.start
        var open: StreamEnd?
        while true {
            let rows = try rows(of: entity, after: after)
            for row in rows where after.isBefore(row) {
                let stream = WordStream(entity: entity, author: row.author, role: row.role)
                if let last = open, last.stream != stream {
                    open = nil
                    guard try body(last) else { return }
                }
                let property = row.role.property
                let next = properties.map { $0.first(atLeast: property) } ?? property
                if try next == nil || !isRead(row.author) {
                    after = .end(of: row.author)
                } else if let next, next > property {
                    after = Place(author: row.author, role: WordRole.first(of: next), moment: -1)
                } else {
                    open = StreamEnd(
                        stream: stream,
                        last: row.word,
                        isTied: open?.last.moment == row.word.moment
                    )
                }
            }
            let isOver = rows.count < Self.page
            if var last = open {
                open = nil
                if !isOver {
                    // Perhaps it goes on, for long: its end is one look-up.
                    let words = try words(of: last.stream, before: nil, limit: 2)
                    if let first = words.first {
                        let isTied = words.count == 2 && words[1].moment == first.moment
                        last = StreamEnd(stream: last.stream, last: first, isTied: isTied)
                    }
                    after = Place(author: last.stream.author, role: last.stream.role, moment: .max)
                }
                guard try body(last) else { return }
            }
            guard !isOver else { return }
        }
    }

    private func rows(of entity: Int64, after place: Place) throws -> [WordRow] {
        let found = try rows(
            """
            SELECT author, role, moment, position FROM words
            WHERE entity = ? AND (author, role, moment) > (?, ?, ?)
            ORDER BY author, role, moment, position LIMIT ?
            """,
            [entity, place.author, place.role.number, place.moment, Self.page]
        )
        var rows: [WordRow] = []
        while let row = try found.next() {
            rows.append(
                WordRow(
                    author: try row.integer(0),
                    role: WordRole(number: try row.integer(1)),
                    word: Word(moment: WordMoment(number: try row.integer(2)), position: try row.integer(3))
                )
            )
        }
        rowCount += rows.count
        return rows
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
        try words(
            sql,
            [stream.entity, stream.author, stream.role.number, bound.moment.number, bound.position, limit]
        )
    }

    private func words(_ sql: String, _ arguments: StatementArguments) throws -> [Word] {
        let found = try rows(sql, arguments)
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
                stream.entity, stream.author, stream.role.number, bound.moment.number, bound.position, position, limit,
            ]
        )
        rowCount += Int(count ?? 0)
        return count ?? 0
    }

    // MARK: - Who negates what

    func negatedPrefixes(by author: Int64, limit: Int) throws -> [UInt64] {
        try count()
        let found = try Int64.fetchCursor(
            db.cachedStatement(sql: "SELECT prefix FROM negations WHERE author = ? LIMIT ?"),
            arguments: [author, limit]
        )
        var prefixes: [UInt64] = []
        while let prefix = try found.next() { prefixes.append(UInt64(bitPattern: prefix)) }
        rowCount += prefixes.count / Self.prefixesPerRow
        return prefixes
    }

    func negations(of id: DeltaID, by author: Int64, before word: Word?, limit: Int) throws -> [Word] {
        let bound = word ?? Word(moment: WordMoment(number: .max), position: .max)
        return try words(
            """
            SELECT moment, position FROM negations WHERE author = ? AND prefix = ?
            AND (moment, position) < (?, ?) ORDER BY moment DESC, position DESC LIMIT ?
            """,
            [author, id.bytes.prefixNumber, bound.moment.number, bound.position, limit]
        )
    }

    // MARK: - Who refers to what

    func author(referringBy localContext: Int64?, after author: Int64) throws -> Int64? {
        try number(
            "SELECT author FROM collections WHERE context = ? AND author > ? ORDER BY author LIMIT 1",
            [localContext ?? EntityIndexing.anyContext, author]
        )
    }

    func entities(
        referredToBy author: Int64,
        by localContext: Int64?,
        after entity: Text?,
        limit: Int
    ) throws -> [Text] {
        // No entity's id is empty.
        let found = try rows(
            "SELECT entity FROM collections WHERE context = ? AND author = ? AND entity > ? ORDER BY entity LIMIT ?",
            [localContext ?? EntityIndexing.anyContext, author, entity?.blob ?? Data(), limit]
        )
        var entities: [Text] = []
        while let row = try found.next() { entities.append(try row.text(0)) }
        rowCount += entities.count
        return entities
    }

    func refers(_ author: Int64, to entity: Text, by localContext: Int64) throws -> Bool {
        try number(
            "SELECT 1 FROM collections WHERE context = ? AND author = ? AND entity = ?",
            [localContext, author, entity.blob]
        ) != nil
    }

    // MARK: - Deltas

    func delta(at position: Int64) throws -> HeldDelta {
        let found = try rows(
            """
            SELECT d.position, d.id, d.author, d.sequence, d.timeCreated, b.body FROM deltas d
            JOIN bodies b ON b.position = d.position WHERE d.position = ?
            """,
            [position]
        )
        guard let row = try found.next() else { throw Self.missing("a delta") }
        return try held(row)
    }

    func forEachDelta(of stream: WordStream, before word: Word?, _ body: (HeldDelta) throws -> Bool) throws {
        let bound = word ?? Word(moment: WordMoment(number: .max), position: .max)
        // One statement, which goes along the words: to begin anew for each delta would take longer than to read it.
        let found = try rows(
            """
            SELECT d.position, d.id, d.author, d.sequence, d.timeCreated, b.body FROM words w
            LEFT JOIN deltas d ON d.position = w.position LEFT JOIN bodies b ON b.position = w.position
            WHERE w.entity = ? AND w.author = ? AND w.role = ? AND (w.moment, w.position) < (?, ?)
            ORDER BY w.moment DESC, w.position DESC
            """,
            [stream.entity, stream.author, stream.role.number, bound.moment.number, bound.position]
        )
        while let row = try found.next() {
            try count()
            guard !row.hasNull(atIndex: 0), !row.hasNull(atIndex: 5) else { throw Self.missing("a delta") }
            guard try body(held(row)) else { return }
        }
    }

    private func held(_ row: Row) throws -> HeldDelta {
        let bytes = try row.bytes(5)
        bodyBytes += bytes.count
        let body: DeltaBody
        do throws(DeltaRefusal) { body = try DeltaBody(bytes: bytes) } catch { throw DeltaLogError(store: error) }
        return HeldDelta(
            position: try row.integer(0),
            id: try row.id(1),
            author: try key(of: try row.integer(2)),
            sequence: try row.integer(3),
            timeCreated: try row.timestamp(4),
            body: body
        )
    }

    func position(of id: DeltaID) throws -> Int64? {
        try count()
        return try IDLookup.positions([id], db)[id]
    }

    func heads(of author: PublicKey, upTo time: Timestamp?, within tips: [DeltaID]?, limit: Int) throws -> [Head] {
        try count()
        return try SQLiteBranchRows(author, db)?.heads(upTo: time, within: tips, limit: limit) ?? []
    }
}

extension [Int64] {
    /// The least of these that is no less than a number; they are in order.
    fileprivate func first(atLeast number: Int64) -> Int64? {
        var range = indices
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            range = self[middle] < number ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return range.lowerBound < endIndex ? self[range.lowerBound] : nil
    }
}
