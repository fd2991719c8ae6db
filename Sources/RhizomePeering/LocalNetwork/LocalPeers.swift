internal import Bytes
internal import Locks
internal import RhizomeDatabase
internal import RhizomeIdentity
internal import SignedStatements

/// Where peers were heard of on the networks that the node is on, each for as long as its packet could be heard.
///
/// Of each kind of address the last place: a peer speaks by IPv4 and IPv6.
final class LocalPeers: Sendable {
    private struct Place {
        let address: PeerAddress
        let heard: Uptime
    }

    private struct Places {
        var four: Place?
        var six: Place?
    }

    private static let lifetime = Duration.seconds(60) * Int(LocalPacket.mostMinutesApart)

    private let clock: NodeClock
    private let places = Lock<[PublicKey: Places]>([:])

    init(clock: NodeClock) { self.clock = clock }

    /// Takes note of where a peer was heard of; what was known of it before by that kind of address is forgotten.
    ///
    /// - Returns: whether it was elsewhere, or nowhere.
    func note(_ peer: PublicKey, at address: PeerAddress) -> Bool {
        let place = Place(address: address, heard: clock.uptime)
        let kind = address.host.utf8.contains(UInt8(ascii: ":")) ? \Places.six : \Places.four
        return places.withLock { places in
            let old = places[peer, default: Places()][keyPath: kind]
            places[peer, default: Places()][keyPath: kind] = place
            return old.map { $0.address != address || place.heard - $0.heard >= Self.lifetime } ?? true
        }
    }

    /// Where a peer was heard of lately, by IPv4 first.
    func addresses(of peer: PublicKey) -> [PeerAddress] {
        let now = clock.uptime
        return places.withLock { places in
            [places[peer]?.four, places[peer]?.six].compactMap { place in
                place.flatMap { now - $0.heard < Self.lifetime ? $0.address : nil }
            }
        }
    }

    /// Forgets peers that aren't among these any more.
    func keep(_ peers: Set<PublicKey>) {
        places.withLock { places in places = places.filter { peers.contains($0.key) } }
    }
}
