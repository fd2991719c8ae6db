internal import Locks
package import RhizomeCore
package import RhizomeTesting
package import SignedLog

/// A log in memory whose appends a test can hold up, count and let fail.
package final class HookedLog: ForwardingLog {
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
    package var log: any DeltaLog { memory }
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

    package func links(of ids: [DeltaID]) async throws -> [DeltaID: DeltaLink] {
        guard state.withLock({ $0.damaged.isDisjoint(with: ids) }) else { throw DeltaLogError(.corrupt, "damaged") }
        return try await memory.links(of: ids)
    }

    package func ancestry(of ids: [DeltaID], author: PublicKey) async throws -> Ancestry {
        state.withLock { $0.ancestries += 1 }
        if let hook = state.withLock({ $0.beforeAncestry }) { try await hook() }
        return try await memory.ancestry(of: ids, author: author)
    }
}
