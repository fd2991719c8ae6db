internal import CoreMetrics
public import PrometheusMetrics
internal import RhizomeDatabase
internal import RhizomeIdentity
internal import SignedStatements

/// What a node counts and measures of its peers and their connections, made once, by the names under which `/metrics`
/// shows it.
///
/// What is told by peer has the petnames of the list as labels, never anything that a peer says. Any thread may use
/// them; nothing waits.
final class PeeringMetrics: Sendable {
    /// The numbers of one peer.
    private struct PeerSeries: Sendable {
        let behind: Meter
        let ahead: Meter

        init(_ name: String, _ factory: any MetricsFactory) {
            behind = factory.meter("rhizome_peer_behind_deltas", [("peer", name)])
            ahead = factory.meter("rhizome_peer_ahead_deltas", [("peer", name)])
        }

        func destroy() {
            behind.destroy()
            ahead.destroy()
        }
    }

    private let peers: PetnameSeries<PeerSeries>

    let dropped: Counter
    let busy: Counter
    let accepted: Counter
    let authenticated: Counter
    let refused: Counter
    let notAccepted: Counter
    let requestsInFlight: Meter
    let publicationsInFlight: Meter
    let connectedPeers: Meter
    let refusedKeys: Meter

    init(_ factory: any MetricsFactory) {
        peers = PetnameSeries {
            PeerSeries($0, factory)
        } destroy: {
            $0.destroy()
        }
        dropped = factory.counter("rhizome_dropped_messages_total")
        busy = factory.counter("rhizome_busy_requests_total")
        accepted = factory.counter("rhizome_connections_accepted_total")
        authenticated = factory.counter("rhizome_connections_authenticated_total")
        refused = factory.counter("rhizome_connections_refused_total")
        notAccepted = factory.counter("rhizome_connections_lost_total")
        requestsInFlight = factory.meter("rhizome_requests_in_flight")
        publicationsInFlight = factory.meter("rhizome_publications_in_flight")
        connectedPeers = factory.meter("rhizome_peers_connected")
        refusedKeys = factory.meter("rhizome_refused_keys")
    }

    /// Takes over the petnames of the list; what was measured of who isn't in it any more is forgotten.
    func keep(_ trust: TrustList) { peers.keep(trust) }

    /// Notes how many deltas are known to be missing here and there.
    func lag(_ lag: PeerLag, of peer: PublicKey) {
        let series = peers[peer]
        series?.behind.set(lag.behind)
        series?.ahead.set(lag.ahead)
    }
}

extension PeerNetwork {
    /// The table of what is counted and measured of peers and their connections: unit and meaning of each.
    public static let metricTable: [MetricDefinition] = [
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
    ]
}
