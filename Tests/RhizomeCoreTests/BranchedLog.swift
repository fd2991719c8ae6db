import Bytes
import Locks
import RhizomeCore
import RhizomeTesting
import SignedStatements

/// A log in memory that answers all about authors' logs by their branches: what logs on other stores compute by, held
/// against the rules that the plain log keeps without branches.
final class BranchedLog: ForwardingLog {
    let log: any DeltaLog = InMemoryDeltaLog()
    private let branches = Lock(MemoryBranches())

    /// The author's rows as of now; `nil` where nothing of it is held.
    private func rows(of author: PublicKey) async throws -> MemoryBranchRows? {
        // What a transaction appended that failed never gets here.
        let count = branches.withLock { $0.deltas.count }
        let more = try await log.deltas(after: Int64(count), limit: .max)
        return try branches.withLock { branches in
            for stored in more.dropFirst(branches.deltas.count - count) { try branches.add(stored.delta) }
            return branches.authors[author].map { MemoryBranchRows(branches, author, number: $0.number) }
        }
    }

    func heads(of author: PublicKey) async throws -> [Head] {
        try await rows(of: author)?.heads(limit: .max).sorted { ($0.sequence, $0.id) < ($1.sequence, $1.id) } ?? []
    }

    func heads(
        of author: PublicKey,
        upTo time: Timestamp?,
        within tips: [DeltaID]?,
        limit: Int
    ) async throws -> [Head] {
        try await rows(of: author)?.heads(upTo: time, within: tips, limit: limit) ?? []
    }

    func locators(of author: PublicKey) async throws -> [DeltaID] { try await rows(of: author)?.locators() ?? [] }

    func pull(_ request: PullRequest) async throws -> PullPage {
        try await rows(of: request.author)?.pull(request) ?? PullPage(deltas: [], last: nil, hasMore: false)
    }

    func ancestry(of ids: [DeltaID], author: PublicKey) async throws -> Ancestry {
        try await rows(of: author)?.ancestry(of: ids) ?? Ancestry()
    }

    func forks(of author: PublicKey, limit: Int) async throws -> [Fork] {
        try await rows(of: author)?.forks(limit: limit) ?? []
    }
}
