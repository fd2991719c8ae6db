package import Bytes
package import RhizomeCore
package import SignedStatements

/// A log that answers as another one does, but for what it has methods of its own for.
package protocol ForwardingLog: DeltaLog {
    /// The log that answers.
    var log: any DeltaLog { get }
}

extension ForwardingLog {
    /// As the log answers.
    package var epoch: [UInt8] { log.epoch }
    /// As the log answers.
    package func write<Value: Sendable>(
        _ body: @escaping @Sendable (any LogTransaction) throws -> Value
    ) async throws -> Value { try await log.write(body) }
    /// As the log answers.
    package func record(_ stalls: [Stall]) async throws { try await log.record(stalls) }
    /// As the log answers.
    package func contains(_ ids: [DeltaID]) async throws -> Set<DeltaID> { try await log.contains(ids) }
    /// As the log answers.
    package func links(of ids: [DeltaID]) async throws -> [DeltaID: DeltaLink] { try await log.links(of: ids) }
    /// As the log answers.
    package func count() async throws -> Int64 { try await log.count() }
    /// As the log answers.
    package func deltas(after position: Int64, limit: Int) async throws -> [StoredDelta] {
        try await log.deltas(after: position, limit: limit)
    }
    /// As the log answers.
    package func entries(after position: Int64, maximumBytes: Int) async throws -> [LogEntry] {
        try await log.entries(after: position, maximumBytes: maximumBytes)
    }
    /// As the log answers.
    package func find(_ selection: DeltaSelection, after place: Word?, limit: Int) async throws -> FoundDeltas {
        try await log.find(selection, after: place, limit: limit)
    }
    /// As the log answers.
    package func deltas(at positions: [Int64]) async throws -> [StoredDelta] { try await log.deltas(at: positions) }
    /// As the log answers.
    package func cursor(_ name: String) async throws -> Int64 { try await log.cursor(name) }
    /// As the log answers.
    package func heads(of author: PublicKey) async throws -> [Head] { try await log.heads(of: author) }
    /// As the log answers.
    package func heads(
        of author: PublicKey,
        upTo time: Timestamp?,
        within tips: [DeltaID]?,
        limit: Int
    ) async throws -> [Head] {
        try await log.heads(of: author, upTo: time, within: tips, limit: limit)
    }
    /// As the log answers.
    package func heads(after last: AuthorHead?, limit: Int) async throws -> [AuthorHead] {
        try await log.heads(after: last, limit: limit)
    }
    /// As the log answers.
    package func changes(after cursor: ChangeCursor, limit: Int) async throws -> Changes {
        try await log.changes(after: cursor, limit: limit)
    }
    /// As the log answers.
    package func locators(of author: PublicKey) async throws -> [DeltaID] { try await log.locators(of: author) }
    /// As the log answers.
    package func pull(_ request: PullRequest) async throws -> PullPage { try await log.pull(request) }
    /// As the log answers.
    package func ancestry(of ids: [DeltaID], author: PublicKey) async throws -> Ancestry {
        try await log.ancestry(of: ids, author: author)
    }
    /// As the log answers.
    package func authors() async throws -> [AuthorSummary] { try await log.authors() }
    /// As the log answers.
    package func forks(of author: PublicKey, limit: Int) async throws -> [Fork] {
        try await log.forks(of: author, limit: limit)
    }
    /// As the log answers.
    package func stalls() async throws -> [Stall] { try await log.stalls() }
    /// As the log answers.
    package func stalled(_ ids: [DeltaID]) async throws -> Set<DeltaID> { try await log.stalled(ids) }
    /// As the log answers.
    package func deltas(_ ids: [DeltaID]) async throws -> [StoredDelta] { try await log.deltas(ids) }
    /// As the log answers.
    package func read<Value: Sendable>(
        _ body: @escaping @Sendable (any LogSnapshot) throws -> Value
    ) async throws -> Value { try await log.read(body) }
}
