internal import Bytes
internal import Foundation
internal import GRDB
internal import RhizomeCore
internal import SignedStatements

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

    let db: Database
    /// What finds entities, with what is remembered of the tables.
    private(set) var entities: EntityIndexing
    /// Where the store stands, as far as the batch has come.
    private(set) var mark: StoreMark
    private var book = BranchBook()
    private var placed: [DeltaID: Place] = [:]
    private var ids: [Pair] = []
    private var logs: [LogRow] = []

    init(db: Database, caches: AppendCaches, mark: StoreMark) {
        self.db = db
        entities = EntityIndexing(db, caches: caches)
        self.mark = mark
    }

    /// Writes the deltas that aren't held.
    mutating func append(_ batch: [AdmittedDelta]) throws -> [StoredDelta] {
        let held = try IDLookup.held(batch.map(\.delta.id), db)
        let delta = try BoundStatement(
            """
            INSERT INTO deltas
                (position, id, author, branch, sequence, timeCreated, timeReceived, origin, runningHash, header)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            db
        )
        let body = try BoundStatement("INSERT INTO bodies (position, body) VALUES (?, ?)", db)
        let records = SQLiteBranchRecords(db: db)
        var stored: [StoredDelta] = []
        stored.reserveCapacity(batch.count)
        for admitted in batch where !held.contains(admitted.delta.id) && placed[admitted.delta.id] == nil {
            let signed = admitted.delta
            let arrival = admitted.arrival
            let position = mark.position + 1
            let previous = try signed.header.previous.map { try heldPlace(of: $0, before: signed) }
            let place = try book.place(signed, after: previous, position: position, in: records)
            let hash = RunningHash.next(after: mark.runningHash, position: position, id: signed.id, arrival: arrival)
            let origin = try origin(of: arrival)
            try delta.run { values in
                values.bind(position)
                values.bind(signed.id.bytes)
                values.bind(place.author)
                values.bind(place.branch)
                values.bind(place.sequence)
                values.bind(signed.header.timeCreated.microseconds)
                values.bind(arrival.timeReceived.microseconds)
                values.bind(origin)
                values.bind(hash)
                values.bind(signed.headerBytes)
            }
            try body.run { values in
                values.bind(position)
                values.bind(signed.bodyBytes)
            }
            mark = StoreMark(epoch: mark.epoch, position: position, runningHash: hash)
            placed[signed.id] = place
            ids.append(Pair(first: signed.id.bytes.prefixNumber, second: position))
            logs.append(LogRow(place: place, position: position))
            try entities.add(
                signed.body,
                author: place.author,
                moment: WordMoment(time: signed.header.timeCreated, id: signed.id),
                position: position
            )
            stored.append(StoredDelta(delta: signed, position: position, arrival: arrival))
        }
        return stored
    }

    /// Writes what finds the deltas again, and where the store stands now.
    mutating func finish() throws {
        try db.insert(ids.sorted(), into: "ids", ["prefix", "position"]) { pair, values in
            values.bind(pair.first)
            values.bind(pair.second)
        }
        let sorted = logs.sorted {
            ($0.place.author, $0.place.sequence, $0.position) < ($1.place.author, $1.place.sequence, $1.position)
        }
        try db.insert(sorted, into: "logs", ["author", "sequence", "position", "branch"]) { row, values in
            values.bind(row.place.author)
            values.bind(row.place.sequence)
            values.bind(row.position)
            values.bind(row.place.branch)
        }
        try entities.write()
        try SQLiteBranchRecords(db: db).write(book)
        try db.cachedStatement(sql: "UPDATE store SET count = ?, runningHash = ?")
            .execute(arguments: [mark.position, mark.runningHash.blob])
    }

    private func heldPlace(of id: DeltaID, before delta: SignedDelta) throws -> Place {
        if let place = placed[id] { return place }
        guard let place = try IDLookup.place(of: id, db) else {
            throw DeltaLogError(.notClosed, "a delta before \(delta.id) isn't held: nothing of the batch was kept")
        }
        return place
    }

    private mutating func origin(of arrival: Arrival) throws -> Int64 {
        let origin = AppendCaches.Origin(receivedFrom: arrival.receivedFrom, trustStatement: arrival.trustStatement)
        if let number = entities.caches.origins[origin] { return number }
        let number = try db.number(
            finding: "SELECT origin FROM origins WHERE receivedFrom IS ? AND trustStatement IS ?",
            adding: "INSERT INTO origins (receivedFrom, trustStatement) VALUES (?, ?)"
        ) { values in
            values.bind(origin.receivedFrom?.bytes)
            values.bind(origin.trustStatement)
        }
        entities.caches.remember(origin: origin, as: number)
        return number
    }
}
