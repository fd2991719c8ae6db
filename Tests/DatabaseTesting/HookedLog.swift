package import Bytes
internal import Locks
package import RhizomeCore
package import RhizomeTesting
package import SignedLog

/// A log in memory whose appends a test can hold up, count and let fail.
package final class HookedLog: DeltaLog {
    /// What one append had.
    package struct Batch: Sendable {
        package let deltas: Int
        package let pointers: Int
        package let bytes: Int
    }

    private struct State {
        var beforeAppend: (@Sendable (_ count: Int) async throws -> Void)?
        var batches: [Batch] = []
        var beforeAncestry: (@Sendable () async throws -> Void)?
        var ancestries = 0
        var damaged: Set<DeltaID> = []
    }

    package let memory = InMemoryDeltaLog()
    private let state = Lock(State())

    package init() {}

    /// Runs before each append; what it throws is what the append throws.
    package func beforeAppend(_ hook: (@Sendable (_ count: Int) async throws -> Void)?) {
        state.withLock { $0.beforeAppend = hook }
    }

    /// Runs before it is looked up what is before some deltas.
    package func beforeAncestry(_ hook: (@Sendable () async throws -> Void)?) {
        state.withLock { $0.beforeAncestry = hook }
    }

    /// What is stored of these can't be read any more.
    package func damage(_ ids: Set<DeltaID>) { state.withLock { $0.damaged = ids } }

    /// How often it was asked what is before some deltas.
    package var ancestries: Int { state.withLock { $0.ancestries } }

    /// What each append had.
    package var batches: [Batch] { state.withLock { $0.batches } }

    package var epoch: [UInt8] { memory.epoch }

    package func append(_ batch: [AdmittedDelta], cursors: [String: Int64]) async throws -> [StoredDelta] {
        if let hook = state.withLock({ $0.beforeAppend }) { try await hook(batch.count) }
        // As a database's transactions do.
        try Task.checkCancellation()
        let deltas = batch.map(\.delta)
        let written = Batch(
            deltas: deltas.count,
            pointers: deltas.reduce(0) { $0 + $1.body.pointers.count },
            bytes: deltas.reduce(0) { $0 + $1.bytes.count }
        )
        state.withLock { $0.batches.append(written) }
        return try await memory.append(batch, cursors: cursors)
    }

    package func record(_ stalls: [Stall]) async throws { try await memory.record(stalls) }
    package func contains(_ ids: [DeltaID]) async throws -> Set<DeltaID> { try await memory.contains(ids) }
    package func links(of ids: [DeltaID]) async throws -> [DeltaID: DeltaLink] {
        guard state.withLock({ $0.damaged.isDisjoint(with: ids) }) else { throw DeltaLogError(.corrupt, "damaged") }
        return try await memory.links(of: ids)
    }
    package func deltas(_ ids: [DeltaID]) async throws -> [StoredDelta] { try await memory.deltas(ids) }
    package func count() async throws -> Int64 { try await memory.count() }
    package func deltas(after position: Int64, limit: Int) async throws -> [StoredDelta] {
        try await memory.deltas(after: position, limit: limit)
    }
    package func entries(after position: Int64, maximumBytes: Int) async throws -> [LogEntry] {
        try await memory.entries(after: position, maximumBytes: maximumBytes)
    }
    package func cursor(_ name: String) async throws -> Int64 { try await memory.cursor(name) }
    package func read<Value: Sendable>(
        _ body: @escaping @Sendable (any LogSnapshot) throws -> Value
    ) async throws -> Value { try await memory.read(body) }
    package func heads(of author: PublicKey) async throws -> [Head] { try await memory.heads(of: author) }
    package func heads(
        of author: PublicKey,
        upTo time: Timestamp?,
        within tips: [DeltaID]?,
        limit: Int
    ) async throws -> [Head] {
        try await memory.heads(of: author, upTo: time, within: tips, limit: limit)
    }
    package func heads(after last: AuthorHead?, limit: Int) async throws -> [AuthorHead] {
        try await memory.heads(after: last, limit: limit)
    }
    package func changes(after cursor: ChangeCursor, limit: Int) async throws -> Changes {
        try await memory.changes(after: cursor, limit: limit)
    }
    package func locators(of author: PublicKey) async throws -> [DeltaID] { try await memory.locators(of: author) }
    package func pull(_ request: PullRequest) async throws -> PullPage { try await memory.pull(request) }
    package func ancestry(of ids: [DeltaID], author: PublicKey) async throws -> Ancestry {
        state.withLock { $0.ancestries += 1 }
        if let hook = state.withLock({ $0.beforeAncestry }) { try await hook() }
        return try await memory.ancestry(of: ids, author: author)
    }
    package func authors() async throws -> [AuthorSummary] { try await memory.authors() }
    package func forks(of author: PublicKey, limit: Int) async throws -> [Fork] {
        try await memory.forks(of: author, limit: limit)
    }
    package func stalls() async throws -> [Stall] { try await memory.stalls() }
    package func stalled(_ ids: [DeltaID]) async throws -> Set<DeltaID> { try await memory.stalled(ids) }
}
