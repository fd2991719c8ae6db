internal import Bytes
internal import Locks
internal import RhizomeDatabase
internal import RhizomeIdentity
internal import SignedStatements
internal import ZeroMQ

/// Decides who may connect, from the list as it is now: what the ZAP handler and every request ask (spec: peering.md).
///
/// Answers at once, from any thread. Unknown and penalised keys are told to try later, distrusted ones no. Who shows the
/// key of an invitation is let in to the requests alone, as its guest (spec: meeting.md, "Invitations").
final class ConnectionPolicy: Sendable {
    /// Which of the node's sockets somebody asks to be let in to.
    enum Door: Sendable {
        case requests, publications
    }

    /// What the user ids of guests begin with; the did of the invitation's key follows.
    private static let guestPrefix = "invite:"
    /// Keys remembered at most: the one seen longest ago goes.
    private static let refusedKeys = 1_000

    private let inForce: TrustInForce
    private let refused = Lock<[Bytes32: RefusedKey]>([:])
    private let clock: NodeClock
    private let takesGuests: Bool
    private let isPenalised: @Sendable (PublicKey) -> Bool
    private let onAdmitted: @Sendable (PublicKey) -> Void
    private let onRefused: @Sendable () -> Void

    /// - Parameters:
    ///   - takesGuests: whether invitations count here.
    ///   - onRefused: told whenever a key was refused that ``refusedKeys`` didn't have.
    init(
        trust: TrustInForce,
        clock: NodeClock,
        takesGuests: Bool = true,
        isPenalised: @escaping @Sendable (PublicKey) -> Bool,
        onAdmitted: @escaping @Sendable (PublicKey) -> Void,
        onRefused: @escaping @Sendable () -> Void = {}
    ) {
        inForce = trust
        self.clock = clock
        self.takesGuests = takesGuests
        self.isPenalised = isPenalised
        self.onAdmitted = onAdmitted
        self.onRefused = onRefused
    }

    /// The list as it is now.
    var trust: TrustList { inForce.list }

    /// Whether a peer may be served now.
    func mayConnect(_ peer: PublicKey) -> Bool {
        trust.mayConnect(peer, at: clock.now) && !isPenalised(peer)
    }

    /// Whether the guest of an invitation may be served now.
    func mayJoin(by invitation: PublicKey) -> Bool {
        takesGuests && trust.invitations[invitation]?.isAnswered(at: clock.now) ?? false
    }

    /// Whether there may be a guest among those who connect now.
    var expectsGuests: Bool {
        let now = clock.now
        return takesGuests && trust.invitations.values.contains { $0.isAnswered(at: now) }
    }

    /// The key of the invitation by whose guest a message was sent; `nil` where its user id is no guest's.
    static func invitation(ofUser userID: String) -> PublicKey? {
        guard userID.utf8.starts(with: guestPrefix.utf8) else { return nil }
        return PublicKey(did: String(userID.dropFirst(guestPrefix.count)))
    }

    /// The answer to a client that shows a transport key.
    func decide(transportKey: Bytes32, address: String, at door: Door) -> ZAPDecision {
        let trust = trust
        if takesGuests, let invitation = trust.invitation(ofTransportKey: transportKey) {
            // A guest that is told no at once needn't wait to learn that its invitation is over.
            guard invitation.isAnswered(at: clock.now) else { return .refuse }
            return door == .requests ? .admit(userID: Self.guestPrefix + invitation.key.did) : .tryLater
        }
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
        let isNew = refused.withLock { refused in
            let isNew = refused[key] == nil
            if isNew, refused.count >= Self.refusedKeys,
                let oldest = refused.min(by: { $0.value.lastSeen < $1.value.lastSeen })
            {
                refused[oldest.key] = nil
            }
            var entry = refused[key] ?? RefusedKey(transportKey: key, address: address, count: 0, lastSeen: now)
            entry.address = address
            entry.count += 1
            entry.lastSeen = now
            refused[key] = entry
            return isNew
        }
        if isNew { onRefused() }
    }

    /// Whether a key was refused since it was last admitted.
    func wasRefused(_ key: Bytes32) -> Bool { refused.withLock { $0[key] != nil } }

    /// The keys that were refused, the one seen last first.
    var refusedKeys: [RefusedKey] {
        refused.withLock { Array($0.values) }.sorted { $0.lastSeen > $1.lastSeen }
    }
}
