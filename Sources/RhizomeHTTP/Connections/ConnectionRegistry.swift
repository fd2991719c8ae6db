internal import Locks
internal import NIOCore

/// All open connections: caps their number, but for streams, and cuts them all at the end.
///
/// When there are too many, the one whose peer has kept us waiting longest makes room; where we wait for none, the one
/// whose answer has taken us longest. So neither silent connections nor stalled readers nor long lists lock anybody out.
final class ConnectionRegistry: Sendable {
    private struct Connection {
        let cut: @Sendable () -> Void
        var claim: ConnectionClaim
    }

    private struct State {
        var connections: [Int: Connection] = [:]
        var last = 0
        var isClosed = false
    }

    private let limit: Int
    private let metrics: HTTPMetrics
    private let state = Lock(State())

    /// No connections yet.
    init(limit: Int, metrics: HTTPMetrics) {
        self.limit = limit
        self.metrics = metrics
    }

    /// Takes up a connection.
    ///
    /// - Parameter cut: closes it at once, whatever is on its way; called from any thread.
    /// - Returns: its number; `nil` where it has to be closed, since all are.
    func open(now: NIODeadline, cut: @escaping @Sendable () -> Void) -> Int? {
        let (number, victim) = state.withLock { state -> (Int?, (@Sendable () -> Void)?) in
            guard !state.isClosed else { return (nil, nil) }
            var victim: (@Sendable () -> Void)?
            let others = state.connections.lazy.filter { $0.value.claim != .streaming }
            if others.count >= limit, let least = others.min(by: { $0.value.claim < $1.value.claim }) {
                victim = state.connections.removeValue(forKey: least.key)?.cut
                metrics.evictedOne()
            }
            state.last += 1
            state.connections[state.last] = Connection(cut: cut, claim: .waiting(since: now))
            return (state.last, victim)
        }
        victim?()
        return number
    }

    /// Notes what a connection has to say for itself.
    func update(_ number: Int, _ claim: ConnectionClaim) {
        state.withLock { $0.connections[number]?.claim = claim }
    }

    /// Counts a deadline that passed.
    func count(_ expiry: ConnectionDeadlines.Expiry) { metrics.expired(expiry) }

    /// A connection is gone.
    func close(_ number: Int) {
        state.withLock { _ = $0.connections.removeValue(forKey: number) }
    }

    /// Cuts all connections, and those that may still come.
    func closeAll() {
        let connections = state.withLock { state in
            state.isClosed = true
            defer { state.connections = [:] }
            return state.connections.values.map(\.cut)
        }
        for cut in connections { cut() }
    }

    /// How many connections are open.
    var count: Int { state.withLock { $0.connections.count } }
}
