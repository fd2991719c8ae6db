internal import Bytes
internal import RhizomeIdentity

/// How a peer's connections stand.
struct PeerState: Sendable {
    /// How long after its last request a peer that we can't reach counts as connected (spec: peering.md).
    static let silence = Duration.seconds(30)
    /// How long a peer whose connection to us was lost has to come back, before it counts as one that can't.
    static let returnTime = Duration.seconds(1)

    var phase: LinkStateMachine.Phase?
    var address: PeerAddress?
    /// When its last request came.
    var lastRequest: Uptime?

    /// Whether a peer is connected, by its link or, where we find nobody at its addresses, by its own requests.
    ///
    /// One that refuses us isn't, though it may ask: what it writes doesn't come here.
    func isConnected(now: Uptime) -> Bool {
        switch phase {
        case .connected: true
        case .unreachable, nil: lastRequest.map { now - $0 < Self.silence } ?? false
        case .connecting, .authenticated, .refused: false
        }
    }
}
