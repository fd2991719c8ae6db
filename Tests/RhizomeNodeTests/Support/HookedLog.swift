import Bytes
import Locks
import RhizomeCore
import RhizomeTesting
import SignedLog

/// A log in memory whose appends a test can hold up, count and let fail.
final class HookedLog: DeltaLog {
    /// What one append had.
    struct Batch: Sendable {
        let deltas: Int
        let pointers: Int
        let bytes: Int
    }

    private struct State {
        var beforeAppend: (@Sendable (_ count: Int) async throws -> Void)?
        var batches: [Batch] = []
        var beforeAncestry: (@Sendable () async throws -> Void)?
        var ancestries = 0
        var damaged: Set<DeltaID> = []
    }

    let memory = InMemoryDeltaLog()
    private let state = Lock(State())

    /// Runs before each append; what it throws is what the append throws.
    func beforeAppend(_ hook: (@Sendable (_ count: Int) async throws -> Void)?) {
        state.withLock { $0.beforeAppend = hook }
    }

    /// Runs before it is looked up what is before some deltas.
    func beforeAncestry(_ hook: (@Sendable () async throws -> Void)?) { state.withLock { $0.beforeAncestry = hook } }

    /// What is stored of these can't be read any more.
    func damage(_ ids: Set<DeltaID>) { state.withLock { $0.damaged = ids } }

    /// How often it was asked what is before some deltas.
    var ancestries: Int { state.withLock { $0.ancestries } }

    /// What each append had.
    var batches: [Batch] { state.withLock { $0.batches } }

    var epoch: [UInt8] { memory.epoch }

    func append(_ batch: [AdmittedDelta], cursors: [String: Int64]) async throws -> [StoredDelta] {
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

    func record(_ stalls: [Stall]) async throws { try await memory.record(stalls) }
    func contains(_ ids: [DeltaID]) async throws -> Set<DeltaID> { try await memory.contains(ids) }
    func links(of ids: [DeltaID]) async throws -> [DeltaID: DeltaLink] {
        guard state.withLock({ $0.damaged.isDisjoint(with: ids) }) else { throw DeltaLogError(.corrupt, "damaged") }
        return try await memory.links(of: ids)
    }
    func deltas(_ ids: [DeltaID]) async throws -> [StoredDelta] { try await memory.deltas(ids) }
    func count() async throws -> Int64 { try await memory.count() }
    func deltas(after position: Int64, limit: Int) async throws -> [StoredDelta] {
        try await memory.deltas(after: position, limit: limit)
    }
    func entries(after position: Int64, maximumBytes: Int) async throws -> [LogEntry] {
        try await memory.entries(after: position, maximumBytes: maximumBytes)
    }
    func cursor(_ name: String) async throws -> Int64 { try await memory.cursor(name) }
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (any LogSnapshot) throws -> Value
    ) async throws -> Value { try await memory.read(body) }
    func heads(of author: PublicKey) async throws -> [Head] { try await memory.heads(of: author) }
    func heads(
        of author: PublicKey,
        upTo time: Int64?,
        within tips: [DeltaID]?,
        limit: Int
    ) async throws -> [Head] {
        try await memory.heads(of: author, upTo: time, within: tips, limit: limit)
    }
    func heads(after last: AuthorHead?, limit: Int) async throws -> [AuthorHead] {
        try await memory.heads(after: last, limit: limit)
    }
    func changes(after cursor: ChangeCursor, limit: Int) async throws -> Changes {
        try await memory.changes(after: cursor, limit: limit)
    }
    func locators(of author: PublicKey) async throws -> [DeltaID] { try await memory.locators(of: author) }
    func pull(_ request: PullRequest) async throws -> PullPage { try await memory.pull(request) }
    func ancestry(of ids: [DeltaID], author: PublicKey) async throws -> Ancestry {
        state.withLock { $0.ancestries += 1 }
        if let hook = state.withLock({ $0.beforeAncestry }) { try await hook() }
        return try await memory.ancestry(of: ids, author: author)
    }
    func authors() async throws -> [AuthorSummary] { try await memory.authors() }
    func forks(of author: PublicKey, limit: Int) async throws -> [Fork] {
        try await memory.forks(of: author, limit: limit)
    }
    func stalls() async throws -> [Stall] { try await memory.stalls() }
    func stalled(_ ids: [DeltaID]) async throws -> Set<DeltaID> { try await memory.stalled(ids) }
}
