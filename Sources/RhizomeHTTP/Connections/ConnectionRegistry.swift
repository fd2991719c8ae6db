internal import NIOCore
internal import Synchronization

/// All open connections: caps their number, and cuts them all at the end.
///
/// When there are too many, the one whose peer has kept us waiting longest makes room. Stalled readers and silent
/// connections can so never lock anybody out; a connection on which we are at work is never taken.
final class ConnectionRegistry: Sendable {
    private struct Connection {
        let cut: @Sendable () -> Void
        var waitingSince: NIODeadline?
    }

    private struct State {
        var connections: [Int: Connection] = [:]
        var last = 0
        var isClosed = false
        var evicted = 0
        var refused = 0
        var expired: [ConnectionDeadlines.Expiry: Int] = [:]
    }

    private let limit: Int
    private let state = Mutex(State())

    /// No connections yet.
    init(limit: Int) { self.limit = limit }

    /// Takes up a connection.
    ///
    /// - Parameter cut: closes it at once, whatever is on its way; called from any thread.
    /// - Returns: its number; `nil` where it has to be closed, since all others are being worked for.
    func open(now: NIODeadline, cut: @escaping @Sendable () -> Void) -> Int? {
        let (number, victim) = state.withLock { state -> (Int?, (@Sendable () -> Void)?) in
            guard !state.isClosed else { return (nil, nil) }
            var victim: (@Sendable () -> Void)?
            if state.connections.count >= limit {
                let longest = state.connections
                    .compactMap { number, connection in connection.waitingSince.map { (number, $0) } }
                    .min { $0.1 < $1.1 }
                guard let longest else {
                    state.refused += 1
                    return (nil, nil)
                }
                victim = state.connections.removeValue(forKey: longest.0)?.cut
                state.evicted += 1
            }
            state.last += 1
            state.connections[state.last] = Connection(cut: cut, waitingSince: now)
            return (state.last, victim)
        }
        victim?()
        return number
    }

    /// Notes since when we have been waiting for a connection's peer.
    func update(_ number: Int, waitingSince: NIODeadline?) {
        state.withLock { $0.connections[number]?.waitingSince = waitingSince }
    }

    /// Counts a deadline that passed.
    func count(_ expiry: ConnectionDeadlines.Expiry) {
        state.withLock { $0.expired[expiry, default: 0] += 1 }
    }

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

    /// The numbers for `/metrics`.
    var samples: [MetricSample] {
        let (count, evicted, refused, expired) = state.withLock {
            ($0.connections.count, $0.evicted, $0.refused, $0.expired)
        }
        let open = MetricSample(
            name: "rhizome_http_connections",
            help: "Open HTTP connections.",
            kind: "gauge",
            value: Double(count)
        )
        let cut =
            ConnectionDeadlines.Expiry.allCases.map { ($0.rawValue, expired[$0] ?? 0) }
            + [("evicted", evicted), ("refused", refused)]
        return [open]
            + cut.map { reason, count in
                MetricSample(
                    name: "rhizome_http_connections_cut_total",
                    help: "HTTP connections that were cut, by the deadline that passed, or for want of room.",
                    kind: "counter",
                    labels: [("reason", reason)],
                    value: Double(count)
                )
            }
    }
}
