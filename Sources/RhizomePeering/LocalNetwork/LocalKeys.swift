internal import Bytes
internal import RhizomeIdentity
internal import SignedStatements
internal import Sodium

/// The keys by which a node and its peers recognise each other's packets (spec: meeting.md, "Local network").
///
///     k(sender, peer) = SHA-256("rhizome.lan.key.v1" ‖ X25519(own secret, peer's public) ‖ sender's Ed25519 public key)
///
/// All lie in one piece of locked memory, since each such piece takes some pages.
struct LocalKeys: Sendable {
    private static let keyBytes = 32
    private static let purpose = Array("rhizome.lan.key.v1".utf8)

    /// Whose they are, sorted.
    let peers: [PublicKey]
    /// Of each peer that of our packets, then that of its own; none where there are no peers.
    private let secrets: SecretBytes?

    /// Those of a node and its peers.
    ///
    /// - Parameter old: what is known already is taken over from it.
    /// - Throws: ``SodiumError`` `memory`.
    /// - Complexity: a key agreement for each peer that `old` doesn't have.
    init(of own: Identity, with peers: Set<PublicKey>, from old: LocalKeys? = nil) throws {
        let usable = peers.filter { $0.transportKey != nil }.sorted()
        self.peers = usable
        guard !usable.isEmpty else {
            secrets = nil
            return
        }
        let secret = try own.transportSecret()
        let known = Dictionary(uniqueKeysWithValues: (old?.peers ?? []).enumerated().map { ($1, $0) })
        var parts: [SecretBytes.Part] = []
        for peer in usable {
            if let place = known[peer], let kept = old?.secrets {
                parts.append(.secret(kept, 2 * place * Self.keyBytes..<2 * (place + 1) * Self.keyBytes))
                continue
            }
            guard let transportKey = peer.transportKey else { continue }
            let shared = try SecretBytes(sharedBy: secret, and: transportKey)
            for sender in [own.publicKey, peer] {
                let joined = try SecretBytes(joining: [
                    .open(Self.purpose), .secret(shared), .open(sender.bytes.array),
                ])
                parts.append(.secret(try SecretBytes(hashOf: joined)))
            }
        }
        secrets = try SecretBytes(joining: parts)
    }

    /// The tag by which a peer recognises a packet of ours.
    func tag(of message: [UInt8], forPeerAt place: Int) -> [UInt8] { tag(of: message, keyNumber: 2 * place) }

    /// The tag that a peer would have made for us.
    func tag(of message: [UInt8], byPeerAt place: Int) -> [UInt8] { tag(of: message, keyNumber: 2 * place + 1) }

    private func tag(of message: [UInt8], keyNumber: Int) -> [UInt8] {
        guard let secrets else { preconditionFailure("there is a peer at each place") }
        let code = secrets.authenticationCode(of: message, keyAt: keyNumber * Self.keyBytes)
        return Array(code.array.prefix(LocalPacket.tagBytes))
    }
}
