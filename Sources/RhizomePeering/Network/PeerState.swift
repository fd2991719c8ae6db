internal import RhizomeIdentity

/// How a peer's connections stand.
struct PeerState: Sendable {
    /// How long after its last request a peer that we can't reach counts as connected (spec: peering.md).
    static let silence: Int64 = 30_000_000
    /// How long a peer whose connection to us was lost has to come back, before it counts as one that can't.
    static let returnTime: Int64 = 1_000_000

    var phase: LinkStateMachine.Phase?
    var address: PeerAddress?
    /// When its last request came, µs of the clock that never goes back.
    var lastRequest: Int64?

    /// Whether a peer is connected, by its link or, where we find nobody at its addresses, by its own requests.
    ///
    /// One that refuses us isn't, though it may ask: what it writes doesn't come here.
    ///
    /// - Parameter now: µs of the clock that never goes back.
    func isConnected(now: Int64) -> Bool {
        switch phase {
        case .connected: true
        case .unreachable, nil: lastRequest.map { now - $0 < Self.silence } ?? false
        case .connecting, .authenticated, .refused: false
        }
    }
}
