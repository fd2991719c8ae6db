internal import Bytes
internal import Locks
package import RhizomeCore
internal import SignedStatements

/// A log that notes what is asked of it, and does something before each such answer.
package final class WatchedLog: ForwardingLog {
    /// What one reading of a state has looked at.
    package struct Reading: Sendable {
        /// Rows.
        package let rows: Int
        /// Deltas among them.
        package let deltas: Int
    }

    package let log: any DeltaLog
    private let beforeAnswer: @Sendable () async throws -> Void
    private let done = Lock<[Reading]>([])
    private let open = Lock(0)
    private let fetched = Lock(0)

    /// Watches a log.
    package init(_ log: any DeltaLog, beforeAnswer: @escaping @Sendable () async throws -> Void = {}) {
        self.log = log
        self.beforeAnswer = beforeAnswer
    }

    /// What each reading of a state has looked at, in the order in which they ended.
    package var readings: [Reading] { done.withLock { $0 } }

    /// How many rows each reading of a state has looked at.
    package var rowsRead: [Int] { readings.map(\.rows) }

    /// How many readings of a state are under way: each holds a connection of a store.
    package var readsInFlight: Int { open.withLock { $0 } }

    /// How many deltas were asked for by their ids, as often as they were.
    package var fetchedDeltas: Int { fetched.withLock { $0 } }

    /// Reads one state.
    package func read<Value: Sendable>(
        _ body: @escaping @Sendable (any LogSnapshot) throws -> Value
    ) async throws -> Value {
        open.withLock { $0 += 1 }
        defer { open.withLock { $0 -= 1 } }
        let (value, reading) = try await log.read { snapshot in
            let watched = WatchedSnapshot(snapshot)
            let value = try body(watched)
            return (value, Reading(rows: snapshot.rowCount, deltas: watched.deltaCount))
        }
        done.withLock { $0.append(reading) }
        try await beforeAnswer()
        try Task.checkCancellation()
        return value
    }

    /// The log's answer, once it was counted.
    package func deltas(_ ids: [DeltaID]) async throws -> [StoredDelta] {
        fetched.withLock { $0 += ids.count }
        return try await log.deltas(ids)
    }
}

/// A state that counts the deltas that are read of it.
private final class WatchedSnapshot: LogSnapshot {
    private let snapshot: any LogSnapshot
    private(set) var deltaCount = 0

    init(_ snapshot: any LogSnapshot) { self.snapshot = snapshot }

    func delta(at position: Int64) throws -> HeldDelta {
        deltaCount += 1
        return try snapshot.delta(at: position)
    }

    var position: Int64 { snapshot.position }
    var rowCount: Int { snapshot.rowCount }
    func entity(_ id: Text) throws -> Int64? { try snapshot.entity(id) }
    func author(_ key: PublicKey) throws -> Int64? { try snapshot.author(key) }
    func key(of author: Int64) throws -> PublicKey { try snapshot.key(of: author) }
    func context(_ name: Text) throws -> Int64? { try snapshot.context(name) }
    func name(ofContext number: Int64) throws -> Text { try snapshot.name(ofContext: number) }
    func forEachStream(
        of entity: Int64,
        on properties: [Int64]?,
        by isRead: (_ author: Int64) throws -> Bool,
        _ body: (StreamEnd) throws -> Bool
    ) throws {
        try snapshot.forEachStream(of: entity, on: properties, by: isRead, body)
    }
    func words(of stream: WordStream, before word: Word?, limit: Int) throws -> [Word] {
        try snapshot.words(of: stream, before: word, limit: limit)
    }
    func words(of stream: WordStream, after word: Word?, limit: Int) throws -> [Word] {
        try snapshot.words(of: stream, after: word, limit: limit)
    }
    func count(of stream: WordStream, before word: Word?, upTo position: Int64, limit: Int64) throws -> Int64 {
        try snapshot.count(of: stream, before: word, upTo: position, limit: limit)
    }
    func negatedPrefixes(by author: Int64, limit: Int) throws -> [UInt64] {
        try snapshot.negatedPrefixes(by: author, limit: limit)
    }
    func negations(of id: DeltaID, by author: Int64, before word: Word?, limit: Int) throws -> [Word] {
        try snapshot.negations(of: id, by: author, before: word, limit: limit)
    }
    func contexts(after name: Text?, limit: Int) throws -> [Text] {
        try snapshot.contexts(after: name, limit: limit)
    }
    func author(referringBy localContext: Int64?, after author: Int64) throws -> Int64? {
        try snapshot.author(referringBy: localContext, after: author)
    }
    func entities(
        referredToBy author: Int64,
        by localContext: Int64?,
        after entity: Text?,
        limit: Int
    ) throws -> [Text] {
        try snapshot.entities(referredToBy: author, by: localContext, after: entity, limit: limit)
    }
    func refers(_ author: Int64, to entity: Text, by localContext: Int64) throws -> Bool {
        try snapshot.refers(author, to: entity, by: localContext)
    }
    func forEachDelta(of stream: WordStream, before word: Word?, _ body: (HeldDelta) throws -> Bool) throws {
        try snapshot.forEachDelta(of: stream, before: word) { delta in
            deltaCount += 1
            return try body(delta)
        }
    }
    func position(of id: DeltaID) throws -> Int64? { try snapshot.position(of: id) }
    func heads(of author: PublicKey, upTo time: Timestamp?, within tips: [DeltaID]?, limit: Int) throws -> [Head] {
        try snapshot.heads(of: author, upTo: time, within: tips, limit: limit)
    }
}
