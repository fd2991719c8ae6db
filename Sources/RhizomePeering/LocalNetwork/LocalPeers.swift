internal import Bytes
internal import Locks
internal import RhizomeDatabase
internal import RhizomeIdentity
internal import SignedStatements

/// Where peers were heard of on the networks that the node is on, each for as long as its packet could be heard.
final class LocalPeers: Sendable {
    private struct Place {
        let address: PeerAddress
        let heard: Uptime
    }

    private static let lifetime = Duration.seconds(60) * Int(LocalPacket.mostMinutesApart)

    private let clock: NodeClock
    private let places = Lock<[PublicKey: Place]>([:])

    init(clock: NodeClock) { self.clock = clock }

    /// Takes note of where a peer was heard of; what was known of it before is forgotten.
    ///
    /// - Returns: whether it was elsewhere, or nowhere.
    func note(_ peer: PublicKey, at address: PeerAddress) -> Bool {
        let now = clock.uptime
        return places.withLock { places in
            let old = places.updateValue(Place(address: address, heard: now), forKey: peer)
            return old.map { $0.address != address || now - $0.heard >= Self.lifetime } ?? true
        }
    }

    /// Where a peer was heard of lately.
    func address(of peer: PublicKey) -> PeerAddress? {
        let now = clock.uptime
        return places.withLock { places in
            places[peer].flatMap { now - $0.heard < Self.lifetime ? $0.address : nil }
        }
    }

    /// Forgets peers that aren't among these any more.
    func keep(_ peers: Set<PublicKey>) {
        places.withLock { places in places = places.filter { peers.contains($0.key) } }
    }
}
