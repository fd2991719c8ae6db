public import Bytes
internal import RhizomeIdentity
public import SignedStatements

/// A key that asked for a connection and was refused.
public struct RefusedKey: Hashable, Sendable {
    /// The X25519 key that the client showed.
    public let transportKey: Bytes32
    /// The IP address from which it asked last.
    public var address: String
    /// How often it asked.
    public var count: Int
    /// When it asked last, µs since 1970.
    public var lastSeen: Timestamp

    /// A key and who showed it.
    package init(transportKey: Bytes32, address: String, count: Int, lastSeen: Timestamp) {
        self.transportKey = transportKey
        self.address = address
        self.count = count
        self.lastSeen = lastSeen
    }

    /// The identities that share this key: two, since X25519 forgets a sign; none where no identity has it.
    public var candidates: [PublicKey] { PublicKey.candidates(forTransportKey: transportKey) }
}
