public import RhizomeCore

/// One state of a store to which others may write meanwhile: whatever is read by it, and however long that takes, is of
/// one position.
///
/// Holds no transaction of the store open between two readings. Which of an author's deltas are heads, as
/// ``LogSnapshot/heads(of:upTo:within:limit:)`` tells, is of now.
public struct StoreState: AcceptanceOrder, StateReading {
    private let log: SQLiteDeltaLog
    /// The last position that counts.
    public let position: Int64

    fileprivate init(_ log: SQLiteDeltaLog, position: Int64) {
        self.log = log
        self.position = position
    }

    /// The store's.
    public var epoch: [UInt8] { log.epoch }

    /// The position.
    public func count() async throws -> Int64 { position }

    /// Deltas of this state by position.
    public func deltas(after position: Int64, limit: Int) async throws -> [StoredDelta] {
        guard position < self.position else { return [] }
        return try await log.deltas(after: position, limit: Int(min(Int64(limit), self.position - position)))
    }

    /// Entries of this state by position.
    public func entries(after position: Int64, maximumBytes: Int) async throws -> [LogEntry] {
        try await log.entries(after: position, maximumBytes: maximumBytes).filter { $0.position <= self.position }
    }

    /// A named cursor's position, as of now.
    public func cursor(_ name: String) async throws -> Int64 { try await log.cursor(name) }

    /// The deltas of this state in the order in which their authors dated them.
    public func timeline(_ query: Timeline.Query) -> Timeline { Timeline(query, of: log, upTo: position) }

    /// Reads this state.
    public func read<Value: Sendable>(
        _ body: @escaping @Sendable (any LogSnapshot) throws -> Value
    ) async throws -> Value {
        try await log.read(upTo: position, body)
    }
}

extension SQLiteDeltaLog {
    /// The state of now.
    public func state() async throws -> StoreState { StoreState(self, position: try await count()) }

    /// The ids of deltas that are held and begin with these hex digits, at least 16 bits of them, in order.
    ///
    /// - Parameter limit: how many at most.
    public func ids(beginningWith digits: String, limit: Int) async throws -> [DeltaID] {
        guard (4...64).contains(digits.utf8.count) else { return [] }
        return try await read { db in try IDLookup.ids(beginningWith: digits, limit: limit, db) }
    }
}
