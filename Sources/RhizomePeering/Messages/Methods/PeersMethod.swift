internal import Bytes
internal import DeterministicCBOR
internal import SignedStatements

/// Asks which peers the other node is connected with.
struct PeersMethod: PeerMethod {
    /// A peer that another node tells of.
    struct Peer: Hashable, Sendable {
        let identity: PublicKey
        /// Where its ROUTER is reached, `host:port`; none where it can't be.
        let request: Text?
        /// How it calls itself.
        let name: Text
    }

    static let name: Text = "peers"
    static let parameterCount = 0
    /// Peers of one node that are read: more than it can be connected with.
    private static let most = 10_000

    init() {}

    init(from reader: inout CBORReader) throws(CBORError) {}

    func write(to writer: inout CBORWriter) {}

    static func readReply(_ reader: inout CBORReader) throws(CBORError) -> [Peer] {
        var peers: [Peer] = []
        for _ in 0..<(try reader.array(atMost: most)) {
            guard try reader.array() == 3 else { throw .unexpected(at: reader.offset) }
            let identity = PublicKey(try reader.bytes32())
            let request = try reader.readNull() ? nil : try reader.text()
            peers.append(Peer(identity: identity, request: request, name: try reader.text()))
        }
        return peers
    }

    static func write(_ peers: [Peer], to writer: inout CBORWriter) {
        writer.array(peers.count)
        for peer in peers {
            writer.array(3)
            writer.byteString(peer.identity.bytes)
            if let request = peer.request { writer.text(request) } else { writer.null() }
            writer.text(peer.name)
        }
    }
}
