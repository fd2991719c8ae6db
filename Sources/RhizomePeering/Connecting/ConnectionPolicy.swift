internal import Bytes
internal import Locks
internal import RhizomeDatabase
internal import RhizomeIdentity
internal import SignedStatements
internal import ZeroMQ

/// Decides who may connect, from the list as it is now: what the ZAP handler and every request ask (spec: peering.md).
///
/// Answers at once, from any thread. Unknown and penalised keys are told to try later, distrusted ones no.
final class ConnectionPolicy: Sendable {
    /// Keys remembered at most: the one seen longest ago goes.
    private static let refusedKeys = 1_000

    private let inForce: TrustInForce
    private let refused = Lock<[Bytes32: RefusedKey]>([:])
    private let clock: NodeClock
    private let isPenalised: @Sendable (PublicKey) -> Bool
    private let onAdmitted: @Sendable (PublicKey) -> Void

    init(
        trust: TrustInForce,
        clock: NodeClock,
        isPenalised: @escaping @Sendable (PublicKey) -> Bool,
        onAdmitted: @escaping @Sendable (PublicKey) -> Void
    ) {
        inForce = trust
        self.clock = clock
        self.isPenalised = isPenalised
        self.onAdmitted = onAdmitted
    }

    /// The list as it is now.
    var trust: TrustList { inForce.list }

    /// Whether a peer may be served now.
    func mayConnect(_ peer: PublicKey) -> Bool {
        trust.mayConnect(peer, at: clock.now) && !isPenalised(peer)
    }

    /// The answer to a client that shows a transport key.
    func decide(transportKey: Bytes32, address: String) -> ZAPDecision {
        let trust = trust
        let peer = trust.identity(ofTransportKey: transportKey)
        let standing = peer.map { trust.standing(of: $0, at: clock.now) } ?? .unknown
        if let peer, mayConnect(peer) {
            refused.withLock { _ = $0.removeValue(forKey: transportKey) }
            onAdmitted(peer)
            return .admit(userID: peer.did)
        }
        note(transportKey, address: address)
        if case .distrusted = standing { return .refuse }
        return .tryLater
    }

    private func note(_ key: Bytes32, address: String) {
        let now = clock.now
        refused.withLock { refused in
            if refused[key] == nil, refused.count >= Self.refusedKeys,
                let oldest = refused.min(by: { $0.value.lastSeen < $1.value.lastSeen })
            {
                refused[oldest.key] = nil
            }
            var entry = refused[key] ?? RefusedKey(transportKey: key, address: address, count: 0, lastSeen: now)
            entry.address = address
            entry.count += 1
            entry.lastSeen = now
            refused[key] = entry
        }
    }

    /// Whether a key was refused since it was last admitted.
    func wasRefused(_ key: Bytes32) -> Bool { refused.withLock { $0[key] != nil } }

    /// The keys that were refused, the one seen last first.
    var refusedKeys: [RefusedKey] {
        refused.withLock { Array($0.values) }.sorted { $0.lastSeen > $1.lastSeen }
    }
}
