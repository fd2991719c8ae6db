internal import CoreMetrics
internal import Locks
public import PrometheusMetrics
internal import RhizomeCore
internal import RhizomeIdentity
internal import SignedLog

/// What a node counts and measures, made once, by the names under which `/metrics` shows it.
///
/// Labels come from closed sets: decisions and reasons of the specification, and for what is told by peer the petnames
/// of the list, never anything that a peer says. Any thread may use them; nothing waits.
final class NodeMetrics: Sendable {
    /// The numbers of one peer.
    private struct PeerSeries: Sendable {
        let name: String
        let decided: [String: Counter]
        let badInput: Counter
        let behind: Meter
        let ahead: Meter

        init(_ name: String, _ factory: any MetricsFactory) {
            self.name = name
            let peer = [("peer", name)]
            var decided: [String: Counter] = [:]
            for decision in NodeMetrics.decisions {
                decided[decision] = Counter(
                    label: "rhizome_peer_deltas_total",
                    dimensions: peer + [("decision", decision)],
                    factory: factory
                )
            }
            self.decided = decided
            badInput = Counter(label: "rhizome_peer_bad_input_total", dimensions: peer, factory: factory)
            behind = Meter(label: "rhizome_peer_behind_deltas", dimensions: peer, factory: factory)
            ahead = Meter(label: "rhizome_peer_ahead_deltas", dimensions: peer, factory: factory)
        }

        func destroy() {
            for counter in decided.values { counter.destroy() }
            badInput.destroy()
            behind.destroy()
            ahead.destroy()
        }
    }

    private struct Peers {
        var names: [PublicKey: String] = [:]
        /// Made when something is to be counted first, so that a long list costs nothing.
        var series: [PublicKey: PeerSeries] = [:]
    }

    private static let decisions = [
        Decision.accept.name, Decision.duplicate.name, Decision.reject(.limit).name, Decision.defer(.gap).name,
    ]

    let factory: any MetricsFactory
    private let decided: [Decision: Counter]
    private let peers = Lock(Peers())

    let badInput: Counter
    let evicted: Counter
    let dropped: Counter
    let busy: Counter
    let accepted: Counter
    let authenticated: Counter
    let refused: Counter
    let notAccepted: Counter
    let verify: Timer
    let commit: Timer
    let deltas: Meter
    let deferredDeltas: Meter
    let deferredBytes: Meter
    let waitingToVerify: Meter
    let waitingForWriter: Meter
    let requestsInFlight: Meter
    let publicationsInFlight: Meter
    let connectedPeers: Meter
    let refusedKeys: Meter
    let uptime: Meter
    let cachedEntities: Meter
    let cacheBytes: Meter
    let cacheHits: Meter
    let cacheMisses: Meter
    let longReads: Meter

    init(_ factory: any MetricsFactory) {
        self.factory = factory
        func counter(_ name: String) -> Counter { Counter(label: name, factory: factory) }
        func meter(_ name: String) -> Meter { Meter(label: name, factory: factory) }
        let all: [Decision] =
            [.accept, .duplicate] + Rejection.allCases.map { .reject($0) } + Deferral.allCases.map { .defer($0) }
        var decided: [Decision: Counter] = [:]
        for decision in all {
            decided[decision] = Counter(
                label: "rhizome_deltas_decided_total",
                dimensions: [("decision", decision.name), ("reason", decision.reason ?? "")],
                factory: factory
            )
        }
        self.decided = decided
        badInput = counter("rhizome_bad_input_total")
        evicted = counter("rhizome_deferred_evicted_total")
        dropped = counter("rhizome_dropped_messages_total")
        busy = counter("rhizome_busy_requests_total")
        accepted = counter("rhizome_connections_accepted_total")
        authenticated = counter("rhizome_connections_authenticated_total")
        refused = counter("rhizome_connections_refused_total")
        notAccepted = counter("rhizome_connections_lost_total")
        verify = Timer(label: "rhizome_verify_seconds", factory: factory)
        commit = Timer(label: "rhizome_commit_seconds", factory: factory)
        deltas = meter("rhizome_deltas")
        deferredDeltas = meter("rhizome_deferred_deltas")
        deferredBytes = meter("rhizome_deferred_bytes")
        waitingToVerify = meter("rhizome_verify_waiting_pieces")
        waitingForWriter = meter("rhizome_writer_waiting_jobs")
        requestsInFlight = meter("rhizome_requests_in_flight")
        publicationsInFlight = meter("rhizome_publications_in_flight")
        connectedPeers = meter("rhizome_peers_connected")
        refusedKeys = meter("rhizome_refused_keys")
        uptime = meter("rhizome_uptime_seconds")
        cachedEntities = meter("rhizome_view_cache_entities")
        cacheBytes = meter("rhizome_view_cache_bytes")
        cacheHits = meter("rhizome_view_cache_hits")
        cacheMisses = meter("rhizome_view_cache_misses")
        longReads = meter("rhizome_long_reads_in_flight")
    }

    /// Takes over the petnames of the list; what was counted of who isn't in it any more is forgotten.
    func keep(_ trust: TrustList) {
        let names = trust.entries.mapValues { $0.name ?? $0.identity.short }
        let gone = peers.withLock { peers in
            peers.names = names
            let gone = peers.series.filter { names[$0.key] != $0.value.name }
            for peer in gone.keys { peers.series[peer] = nil }
            return gone
        }
        for series in gone.values { series.destroy() }
    }

    private func series(of peer: PublicKey?) -> PeerSeries? {
        guard let peer else { return nil }
        return peers.withLock { peers in
            if let known = peers.series[peer] { return known }
            guard let name = peers.names[peer] else { return nil }
            let made = PeerSeries(name, factory)
            peers.series[peer] = made
            return made
        }
    }

    /// Counts decisions on deltas that a peer sent, or that were handed in here.
    func decided(_ decision: Decision, times: Int, from peer: PublicKey?) {
        decided[decision]?.increment(by: times)
        series(of: peer)?.decided[decision.name]?.increment(by: times)
    }

    /// Counts what a peer alone can be blamed for.
    func badInput(_ pieces: Int, from peer: PublicKey) {
        badInput.increment(by: pieces)
        series(of: peer)?.badInput.increment(by: pieces)
    }

    /// Notes how many deltas are known to be missing here and there.
    func lag(_ lag: PeerLag, of peer: PublicKey) {
        let series = series(of: peer)
        series?.behind.set(lag.behind)
        series?.ahead.set(lag.ahead)
    }
}

extension Node {
    /// The table of what a node counts and measures: unit and meaning of each.
    public static let metricTable: [MetricDefinition] = [
        .init(
            "rhizome_deltas_decided_total",
            .counter,
            labels: ["decision", "reason"],
            unit: "deltas",
            "Decisions of admission since the start."
        ),
        .init(
            "rhizome_peer_deltas_total",
            .counter,
            labels: ["peer", "decision"],
            unit: "deltas",
            "Decisions on the deltas that a peer sent, by its petname."
        ),
        .init(
            "rhizome_peer_bad_input_total",
            .counter,
            labels: ["peer"],
            unit: "pieces",
            "Pieces of bad input that a peer sent, by its petname."
        ),
        .init(
            "rhizome_peer_behind_deltas",
            .gauge,
            labels: ["peer"],
            unit: "deltas",
            "Deltas that a peer is known to hold and that are missing here, at least."
        ),
        .init(
            "rhizome_peer_ahead_deltas",
            .gauge,
            labels: ["peer"],
            unit: "deltas",
            "Deltas that are held here and known to be missing at a peer."
        ),
        .init("rhizome_bad_input_total", .counter, unit: "pieces", "Pieces of bad input by trusted peers."),
        .init("rhizome_deltas", .gauge, unit: "deltas", "Deltas held."),
        .init("rhizome_view_cache_entities", .gauge, unit: "entities", "Entities whose views are kept in memory."),
        .init("rhizome_view_cache_bytes", .gauge, unit: "bytes", "Bytes that the views in memory take, about."),
        .init("rhizome_view_cache_hits", .gauge, unit: "reads", "Reads of views that needed nothing of the store."),
        .init("rhizome_view_cache_misses", .gauge, unit: "reads", "Reads of views that asked the store."),
        .init(
            "rhizome_long_reads_in_flight",
            .gauge,
            unit: "pieces",
            "Pieces of reads that are computed on threads of their own, or wait for it."
        ),
        .init(
            "rhizome_verify_seconds",
            .seconds,
            unit: "seconds",
            "How long verifying took what was handed in at once."
        ),
        .init(
            "rhizome_commit_seconds",
            .seconds,
            unit: "seconds",
            "How long a transaction took until it was durable."
        ),
        .init(
            "rhizome_verify_waiting_pieces",
            .gauge,
            unit: "pieces",
            "Pieces of what was handed in that wait for a processor to decode or verify them."
        ),
        .init(
            "rhizome_writer_waiting_jobs",
            .gauge,
            unit: "jobs",
            "Local writes, and slices of verified deltas, that wait for the next transaction."
        ),
        .init("rhizome_deferred_deltas", .gauge, unit: "deltas", "Deltas that wait in memory."),
        .init(
            "rhizome_deferred_bytes",
            .gauge,
            unit: "bytes",
            "Bytes of the deltas that wait in memory, which they are kept as."
        ),
        .init("rhizome_deferred_evicted_total", .counter, unit: "deltas", "Waiting deltas dropped to make room."),
        .init("rhizome_requests_in_flight", .gauge, unit: "requests", "Requests of peers that are worked on."),
        .init(
            "rhizome_publications_in_flight",
            .gauge,
            unit: "messages",
            "Publications of peers that are worked on."
        ),
        .init(
            "rhizome_dropped_messages_total",
            .counter,
            unit: "messages",
            "Messages dropped unread, or from peers that may not connect any more."
        ),
        .init(
            "rhizome_busy_requests_total",
            .counter,
            unit: "requests",
            "Requests of peers that were too many, or too costly, and answered busy."
        ),
        .init(
            "rhizome_connections_accepted_total",
            .counter,
            unit: "connections",
            "Connections accepted from peers; those without a handshake may be idle strangers."
        ),
        .init(
            "rhizome_connections_authenticated_total",
            .counter,
            unit: "connections",
            "Accepted connections whose handshake was admitted."
        ),
        .init(
            "rhizome_connections_refused_total",
            .counter,
            unit: "connections",
            "Accepted connections whose handshake was refused or broke the protocol."
        ),
        .init(
            "rhizome_connections_lost_total",
            .counter,
            unit: "connections",
            "Connections that could not be accepted or kept, for want of descriptors."
        ),
        .init("rhizome_peers_connected", .gauge, unit: "peers", "Peers that are connected."),
        .init("rhizome_refused_keys", .gauge, unit: "keys", "Keys that asked for a connection and were refused."),
        .init("rhizome_uptime_seconds", .gauge, unit: "seconds", "Time since the start."),
    ]
}
