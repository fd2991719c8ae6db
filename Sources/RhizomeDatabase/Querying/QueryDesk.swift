internal import Locks
internal import RhizomeCore

/// Where queries wait for their turn: few run at a time, and few wait (spec: query.md, "Bounds").
final class QueryDesk: Sendable {
    /// Queries that run at a time.
    static let running = 4
    /// Queries that wait.
    static let waiting = 16

    private let turns: Budget

    /// A desk at which nobody is.
    ///
    /// - Parameter patience: how long a query waits for its turn.
    init(patience: Duration = .seconds(10)) { turns = Budget(limit: Self.running, patience: patience) }

    /// How many wait.
    var waitingCount: Int { turns.waitingCount }

    /// Does a query's work when its turn comes.
    ///
    /// - Throws: ``DeltaLogError`` `busy` where too many wait, or its turn doesn't come; what the work throws.
    func run<Value>(_ work: () async throws -> Value) async throws -> Value {
        guard waitingCount < Self.waiting else { throw Self.busy }
        return try await turns.run(taking: 1, orThrow: Self.busy, work)
    }

    private static var busy: DeltaLogError {
        DeltaLogError(.busy, "\(running) queries run and others wait; try again in some seconds")
    }
}
