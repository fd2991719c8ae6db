package import Bytes
internal import Locks
package import RhizomeCore
package import RhizomeTesting
package import SignedStatements

/// A log in memory whose transactions a test can hold up, count and let fail.
package final class HookedLog: ForwardingLog {
    /// What one transaction appended.
    package struct Batch: Sendable {
        package let deltas: Int
        package let pointers: Int
        package let bytes: Int
    }

    private struct State {
        var beforeWrite: (@Sendable () async throws -> Void)?
        var batches: [Batch] = []
        var beforeAncestry: (@Sendable () async throws -> Void)?
        var ancestries = 0
        var damaged: Set<DeltaID> = []
        var isBlind = false
        var lookUps = 0
    }

    package let memory = InMemoryDeltaLog()
    package var log: any DeltaLog { memory }
    private let state = Lock(State())

    package init() {}

    /// Runs before each transaction; what it throws is what the transaction throws.
    package func beforeWrite(_ hook: (@Sendable () async throws -> Void)?) {
        state.withLock { $0.beforeWrite = hook }
    }

    /// Runs before it is looked up what is before some deltas.
    package func beforeAncestry(_ hook: (@Sendable () async throws -> Void)?) {
        state.withLock { $0.beforeAncestry = hook }
    }

    /// What is stored of these can't be read any more.
    package func damage(_ ids: Set<DeltaID>) { state.withLock { $0.damaged = ids } }

    /// No glance within a transaction has time enough.
    package func blind() { state.withLock { $0.isBlind = true } }

    /// How often it was asked what is before some deltas.
    package var ancestries: Int { state.withLock { $0.ancestries } }

    /// How often it was asked whether deltas are held, what they are linked to, or where an author's log ends.
    package var lookUps: Int { state.withLock { $0.lookUps } }

    /// What each transaction appended that appended something.
    package var batches: [Batch] { state.withLock { $0.batches } }

    package func write<Value: Sendable>(
        _ body: @escaping @Sendable (any LogTransaction) throws -> Value
    ) async throws -> Value {
        if let hook = state.withLock({ $0.beforeWrite }) { try await hook() }
        // As a database's transactions do.
        try Task.checkCancellation()
        let (damaged, isBlind) = state.withLock { ($0.damaged, $0.isBlind) }
        let (value, deltas) = try await memory.write { transaction in
            let hooked = HookedTransaction(transaction, damaged: damaged, isBlind: isBlind)
            return (try body(hooked), hooked.appended)
        }
        guard !deltas.isEmpty else { return value }
        let written = Batch(
            deltas: deltas.count,
            pointers: deltas.reduce(0) { $0 + $1.body.pointers.count },
            bytes: deltas.reduce(0) { $0 + $1.bytes.count }
        )
        state.withLock { $0.batches.append(written) }
        return value
    }

    package func contains(_ ids: [DeltaID]) async throws -> Set<DeltaID> {
        state.withLock { $0.lookUps += 1 }
        return try await memory.contains(ids)
    }

    package func links(of ids: [DeltaID]) async throws -> [DeltaID: DeltaLink] {
        state.withLock { $0.lookUps += 1 }
        guard state.withLock({ $0.damaged.isDisjoint(with: ids) }) else { throw DeltaLogError(.corrupt, "damaged") }
        return try await memory.links(of: ids)
    }

    package func heads(
        of author: PublicKey,
        upTo time: Timestamp?,
        within tips: [DeltaID]?,
        limit: Int
    ) async throws -> [Head] {
        state.withLock { $0.lookUps += 1 }
        return try await memory.heads(of: author, upTo: time, within: tips, limit: limit)
    }

    package func ancestry(of ids: [DeltaID], author: PublicKey) async throws -> Ancestry {
        state.withLock { $0.ancestries += 1 }
        if let hook = state.withLock({ $0.beforeAncestry }) { try await hook() }
        return try await memory.ancestry(of: ids, author: author)
    }
}

/// A transaction in which some of what is stored can't be read.
private final class HookedTransaction: LogTransaction {
    private let transaction: any LogTransaction
    private let damaged: Set<DeltaID>
    private let isBlind: Bool
    private(set) var appended: [SignedDelta] = []

    init(_ transaction: any LogTransaction, damaged: Set<DeltaID>, isBlind: Bool) {
        self.transaction = transaction
        self.damaged = damaged
        self.isBlind = isBlind
    }

    func links(of ids: [DeltaID]) throws -> [DeltaID: DeltaLink] {
        guard damaged.isDisjoint(with: ids) else { throw DeltaLogError(.corrupt, "damaged") }
        return try transaction.links(of: ids)
    }

    func glance<Value>(_ body: (any LogSnapshot) throws -> Value) throws -> Value? {
        isBlind ? nil : try transaction.glance(body)
    }

    func append(_ batch: [AdmittedDelta], cursors: [String: Int64]) throws -> [StoredDelta] {
        appended += batch.map(\.delta)
        return try transaction.append(batch, cursors: cursors)
    }
}
