import Bytes
import Locks
import RhizomeCore
import RhizomeTesting
import SignedLog

/// A log that notes what is asked of it, and does something before each such answer.
final class WatchedLog: DeltaLog {
    private let log: InMemoryDeltaLog
    private let beforeAnswer: @Sendable () async throws -> Void
    private let reads = Lock<[Int]>([])

    init(_ log: InMemoryDeltaLog, beforeAnswer: @escaping @Sendable () async throws -> Void = {}) {
        self.log = log
        self.beforeAnswer = beforeAnswer
    }

    /// How many rows each reading of a state has looked at.
    var rowsRead: [Int] { reads.withLock { $0 } }

    func read<Value: Sendable>(
        _ body: @escaping @Sendable (any LogSnapshot) throws -> Value
    ) async throws -> Value {
        let answer = try await log.read { snapshot in
            let value = try body(snapshot)
            return (value, snapshot.rowCount)
        }
        reads.withLock { $0.append(answer.1) }
        try await beforeAnswer()
        try Task.checkCancellation()
        return answer.0
    }

    var epoch: [UInt8] { log.epoch }
    func append(_ batch: [AdmittedDelta], cursors: [String: Int64]) async throws -> [StoredDelta] {
        try await log.append(batch, cursors: cursors)
    }
    func record(_ stalls: [Stall]) async throws { try await log.record(stalls) }
    func contains(_ ids: [DeltaID]) async throws -> Set<DeltaID> { try await log.contains(ids) }
    func links(of ids: [DeltaID]) async throws -> [DeltaID: DeltaLink] { try await log.links(of: ids) }
    func deltas(_ ids: [DeltaID]) async throws -> [StoredDelta] { try await log.deltas(ids) }
    func count() async throws -> Int64 { try await log.count() }
    func deltas(after position: Int64, limit: Int) async throws -> [StoredDelta] {
        try await log.deltas(after: position, limit: limit)
    }
    func entries(after position: Int64, maximumBytes: Int) async throws -> [LogEntry] {
        try await log.entries(after: position, maximumBytes: maximumBytes)
    }
    func cursor(_ name: String) async throws -> Int64 { try await log.cursor(name) }
    func heads(of author: PublicKey) async throws -> [Head] { try await log.heads(of: author) }
    func heads(
        of author: PublicKey,
        upTo time: Int64?,
        within tips: [DeltaID]?,
        limit: Int
    ) async throws -> [Head] {
        try await log.heads(of: author, upTo: time, within: tips, limit: limit)
    }
    func heads(after last: AuthorHead?, limit: Int) async throws -> [AuthorHead] {
        try await log.heads(after: last, limit: limit)
    }
    func changes(after cursor: ChangeCursor, limit: Int) async throws -> Changes {
        try await log.changes(after: cursor, limit: limit)
    }
    func locators(of author: PublicKey) async throws -> [DeltaID] { try await log.locators(of: author) }
    func pull(_ request: PullRequest) async throws -> PullPage { try await log.pull(request) }
    func ancestry(of ids: [DeltaID], author: PublicKey) async throws -> Ancestry {
        try await log.ancestry(of: ids, author: author)
    }
    func authors() async throws -> [AuthorSummary] { try await log.authors() }
    func forks(of author: PublicKey, limit: Int) async throws -> [Fork] {
        try await log.forks(of: author, limit: limit)
    }
    func stalls() async throws -> [Stall] { try await log.stalls() }
    func stalled(_ ids: [DeltaID]) async throws -> Set<DeltaID> { try await log.stalled(ids) }
}
