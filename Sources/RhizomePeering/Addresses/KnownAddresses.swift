internal import RhizomeDatabase
internal import RhizomeIdentity
internal import SignedStatements
internal import ZeroMQ

/// Where each peer may be found: by the list, the settings, what the peer itself has signed, and where it was heard of on
/// a local network, in this order (spec: meeting.md, "Addresses", "Local network").
struct KnownAddresses: Sendable {
    let policy: ConnectionPolicy
    let configuration: NodeConfiguration
    let book: AddressBook
    let local: LocalPeers

    /// The addresses of a peer, each once, with where they come from first.
    func addresses(of peer: PublicKey) -> [PeerStatus.Address] {
        let entry = policy.trust.entries[peer]
        let isOfPerson = entry?.introducedBy == nil
        let told: [(PeerStatus.Address.Source, [PeerAddress])] = [
            (.journal, isOfPerson ? entry?.addresses ?? [] : []),
            (.setting, configuration.seeds[peer] ?? []),
            (.introduction, isOfPerson ? [] : entry?.addresses.filter { isUsable($0.host) } ?? []),
            (.record, book.addresses(of: peer).filter { isUsable($0.host) }),
            (.localNetwork, [local.address(of: peer)].compactMap { $0 }),
        ]
        var known: [PeerStatus.Address] = []
        for (source, addresses) in told {
            for address in addresses where !known.contains(where: { $0.address == address }) {
                known.append(PeerStatus.Address(address: address, source: source))
            }
        }
        return known
    }

    /// Those of a host's numeric addresses to which a link may go: of what only others tell not all.
    func usable(_ hosts: [String], for address: PeerAddress, of peer: PublicKey) -> [String] {
        let isSaidByOthers = addresses(of: peer).contains {
            $0.address == address && ($0.source == .record || $0.source == .introduction)
        }
        return isSaidByOthers ? hosts.filter { isUsable($0) } : hosts
    }

    /// Whether a record or an introduction may send us there: not to ourselves, unless all of us are on this machine, and not to many.
    ///
    /// Of a name that is seen once its addresses are found.
    private func isUsable(_ host: String) -> Bool {
        guard let numeric = NumericAddress(host) else { return true }
        return numeric.isOfOne && (!numeric.isLoopback || configuration.isOnLoopbackAlone)
    }
}
