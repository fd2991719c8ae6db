internal import Bytes
internal import Foundation
internal import GRDB
internal import RhizomeCore
internal import SignedLog

/// One batch on its way into the tables.
///
/// Each of the tables that find things is written in its own order: at a million rows it is the random walk through an
/// index that costs most (spec: house.md, "Things measured").
struct Appending {
    private struct Pair: Comparable {
        let first: Int64
        let second: Int64

        static func < (left: Self, right: Self) -> Bool {
            left.first == right.first ? left.second < right.second : left.first < right.first
        }
    }

    private struct LogRow {
        let place: Place
        let position: Int64
    }

    private struct Member {
        let context: Int64
        let entity: Text
    }

    let db: Database
    var caches: AppendCaches
    /// Where the store stands, as far as the batch has come.
    private(set) var mark: StoreMark
    private var book: BranchBook
    private var placed: [DeltaID: Place] = [:]
    private var ids: [Pair] = []
    private var pointers: [Pair] = []
    private var logs: [LogRow] = []
    private var members: [Member] = []

    init(db: Database, caches: AppendCaches, mark: StoreMark) {
        self.db = db
        self.caches = caches
        self.mark = mark
        book = BranchBook(db)
    }

    /// Writes the deltas that aren't held.
    mutating func append(_ batch: [AdmittedDelta]) throws -> [StoredDelta] {
        let held = try IDLookup.held(batch.map(\.delta.id), db)
        let delta = try db.cachedStatement(
            sql: """
                INSERT INTO deltas
                    (position, id, author, branch, sequence, timeCreated, timeReceived, origin, runningHash, header)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        )
        let body = try db.cachedStatement(sql: "INSERT INTO bodies (position, body) VALUES (?, ?)")
        var stored: [StoredDelta] = []
        stored.reserveCapacity(batch.count)
        for admitted in batch where !held.contains(admitted.delta.id) && placed[admitted.delta.id] == nil {
            let signed = admitted.delta
            let arrival = admitted.arrival
            let position = mark.position + 1
            let previous = try signed.header.previous.map { try heldPlace(of: $0, before: signed) }
            let place = try book.place(signed, after: previous, position: position)
            let hash = RunningHash.next(after: mark.runningHash, position: position, id: signed.id, arrival: arrival)
            try delta.execute(arguments: [
                position, signed.id.bytes.blob, place.author, place.branch, place.sequence,
                signed.header.timeCreated, arrival.timeReceived, try origin(of: arrival), hash.blob,
                Data(signed.headerBytes),
            ])
            try body.execute(arguments: [position, Data(signed.bodyBytes)])
            mark = StoreMark(epoch: mark.epoch, position: position, runningHash: hash)
            placed[signed.id] = place
            ids.append(Pair(first: signed.id.bytes.prefixNumber, second: position))
            logs.append(LogRow(place: place, position: position))
            try index(signed.body.pointers, position: position)
            stored.append(StoredDelta(delta: signed, position: position, arrival: arrival))
        }
        return stored
    }

    /// Writes what finds the deltas again, and where the store stands now.
    mutating func finish() throws {
        try insert(ids.sorted().flatMap { [$0.first, $0.second] }, into: "ids", ["prefix", "position"])
        let sorted = logs.sorted {
            ($0.place.author, $0.place.sequence, $0.position) < ($1.place.author, $1.place.sequence, $1.position)
        }
        try insert(
            sorted.flatMap { [$0.place.author, $0.place.sequence, $0.position, $0.place.branch] },
            into: "logs",
            ["author", "sequence", "position", "branch"]
        )
        try insert(pointers.sorted().flatMap { [$0.first, $0.second] }, into: "pointers", ["entity", "position"])
        let member = try db.cachedStatement(sql: "INSERT OR IGNORE INTO collections (context, entity) VALUES (?, ?)")
        for row in members.sorted(by: { ($0.context, $0.entity) < ($1.context, $1.entity) }) {
            try member.execute(arguments: [row.context, row.entity.blob])
        }
        try book.write()
        try db.cachedStatement(sql: "UPDATE store SET count = ?, runningHash = ?")
            .execute(arguments: [mark.position, mark.runningHash.blob])
    }

    /// Rows that one statement inserts: preparing and ending one takes longer than the row itself.
    private static let rowsAtOnce = 32

    /// Inserts rows of numbers that stand one after the other in `values`.
    private func insert(_ values: [Int64], into table: String, _ columns: [String]) throws {
        let row = "(\(Array(repeating: "?", count: columns.count).joined(separator: ", ")))"
        func statement(rows: Int) throws -> Statement {
            let rows = Array(repeating: row, count: rows).joined(separator: ", ")
            return try db.cachedStatement(
                sql: "INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES \(rows)"
            )
        }
        let width = columns.count * Self.rowsAtOnce
        let whole = values.count - values.count % width
        if whole > 0 {
            let many = try statement(rows: Self.rowsAtOnce)
            for start in stride(from: 0, to: whole, by: width) {
                try many.execute(arguments: StatementArguments(values[start..<start + width]))
            }
        }
        // Of the rest each on its own, so that there are two statements and not one for each number of rows.
        guard whole < values.count else { return }
        let one = try statement(rows: 1)
        for start in stride(from: whole, to: values.count, by: columns.count) {
            try one.execute(arguments: StatementArguments(values[start..<start + columns.count]))
        }
    }

    private func heldPlace(of id: DeltaID, before delta: SignedDelta) throws -> Place {
        if let place = placed[id] { return place }
        guard let place = try IDLookup.place(of: id, db) else {
            throw DeltaLogError(.notClosed, "a delta before \(delta.id) isn't held: nothing of the batch was kept")
        }
        return place
    }

    private mutating func index(_ found: [Pointer], position: Int64) throws {
        var own: Set<Int64> = []
        for pointer in found {
            guard let (id, _) = pointer.entity else { continue }
            let entity = try entity(id)
            if own.insert(entity).inserted { pointers.append(Pair(first: entity, second: position)) }
            let context = try context(pointer.localContext)
            if caches.remember(AppendCaches.Reference(context: context, entity: entity)) {
                members.append(Member(context: context, entity: id))
            }
        }
    }

    private mutating func entity(_ id: Text) throws -> Int64 {
        if let number = caches.entities[id] { return number }
        let number = try number(
            finding: "SELECT entity FROM entities WHERE id = ?",
            adding: "INSERT INTO entities (id) VALUES (?)",
            [id.blob]
        )
        caches.remember(entity: id, as: number)
        return number
    }

    private mutating func context(_ name: Text) throws -> Int64 {
        if let number = caches.contexts[name] { return number }
        let number = try number(
            finding: "SELECT context FROM contexts WHERE name = ?",
            adding: "INSERT INTO contexts (name) VALUES (?)",
            [name.blob]
        )
        caches.remember(context: name, as: number)
        return number
    }

    private mutating func origin(of arrival: Arrival) throws -> Int64 {
        let origin = AppendCaches.Origin(receivedFrom: arrival.receivedFrom, trustStatement: arrival.trustStatement)
        if let number = caches.origins[origin] { return number }
        let number = try number(
            finding: "SELECT origin FROM origins WHERE receivedFrom IS ? AND trustStatement IS ?",
            adding: "INSERT INTO origins (receivedFrom, trustStatement) VALUES (?, ?)",
            [origin.receivedFrom?.bytes.blob, origin.trustStatement?.blob]
        )
        caches.remember(origin: origin, as: number)
        return number
    }

    private func number(finding: String, adding: String, _ arguments: StatementArguments) throws -> Int64 {
        if let number = try Int64.fetchOne(db.cachedStatement(sql: finding), arguments: arguments) { return number }
        try db.cachedStatement(sql: adding).execute(arguments: arguments)
        return db.lastInsertedRowID
    }
}
