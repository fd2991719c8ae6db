public import Bytes
internal import Locks
internal import RhizomeIdentity
public import SignedLog
internal import ZeroMQ

/// A key that asked for a connection and was refused.
public struct RefusedKey: Hashable, Sendable {
    /// The X25519 key that the client showed.
    public let transportKey: Bytes32
    /// The IP address from which it asked last.
    public var address: String
    /// How often it asked.
    public var count: Int
    /// When it asked last, µs since 1970.
    public var lastSeen: Int64

    /// The identities that share this key: two, since X25519 forgets a sign; none where no identity has it.
    public var candidates: [PublicKey] { PublicKey.candidates(forTransportKey: transportKey) }
}

/// Decides who may connect, from the list as it is now: what the ZAP handler and every request ask (spec: peering.md).
///
/// Answers at once, from any thread. Unknown and penalised keys are told to try later, distrusted ones no.
final class Admittance: Sendable {
    private struct State {
        var trust: TrustList
        var refused: [Bytes32: RefusedKey] = [:]
    }

    /// Keys remembered at most: the one seen longest ago goes.
    private static let refusedKeys = 1_000

    private let state: Lock<State>
    private let clock: NodeClock
    private let isPenalised: @Sendable (PublicKey) -> Bool
    private let onAdmitted: @Sendable (PublicKey) -> Void

    init(
        trust: TrustList,
        clock: NodeClock,
        isPenalised: @escaping @Sendable (PublicKey) -> Bool,
        onAdmitted: @escaping @Sendable (PublicKey) -> Void
    ) {
        state = Lock(State(trust: trust))
        self.clock = clock
        self.isPenalised = isPenalised
        self.onAdmitted = onAdmitted
    }

    /// The list as it is now.
    var trust: TrustList { state.withLock { $0.trust } }

    /// Puts a new list into force.
    func update(_ trust: TrustList) { state.withLock { $0.trust = trust } }

    /// Whether a peer may be served now.
    func mayConnect(_ peer: PublicKey) -> Bool {
        state.withLock { $0.trust.mayConnect(peer, at: clock.now) } && !isPenalised(peer)
    }

    /// The answer to a client that shows a transport key.
    func decide(transportKey: Bytes32, address: String) -> ZAPDecision {
        let (peer, standing) = state.withLock { state -> (PublicKey?, TrustList.Standing) in
            guard let peer = state.trust.identity(ofTransportKey: transportKey) else { return (nil, .unknown) }
            return (peer, state.trust.standing(of: peer, at: clock.now))
        }
        if let peer, mayConnect(peer) {
            state.withLock { _ = $0.refused.removeValue(forKey: transportKey) }
            onAdmitted(peer)
            return .admit(userID: peer.did)
        }
        note(transportKey, address: address)
        if case .distrusted = standing { return .refuse }
        return .tryLater
    }

    private func note(_ key: Bytes32, address: String) {
        let now = clock.now
        state.withLock { state in
            if state.refused[key] == nil, state.refused.count >= Self.refusedKeys,
                let oldest = state.refused.min(by: { $0.value.lastSeen < $1.value.lastSeen })
            {
                state.refused[oldest.key] = nil
            }
            var entry = state.refused[key] ?? RefusedKey(transportKey: key, address: address, count: 0, lastSeen: now)
            entry.address = address
            entry.count += 1
            entry.lastSeen = now
            state.refused[key] = entry
        }
    }

    /// Whether a key was refused since it was last admitted.
    func wasRefused(_ key: Bytes32) -> Bool { state.withLock { $0.refused[key] != nil } }

    /// The keys that were refused, the one seen last first.
    var refusedKeys: [RefusedKey] {
        state.withLock { Array($0.refused.values) }.sorted { $0.lastSeen > $1.lastSeen }
    }
}
