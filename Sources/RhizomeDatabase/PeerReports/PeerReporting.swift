public import RhizomeCore
public import SignedStatements

/// What a node tells of itself among its peers, and of them: all that is shown besides the database.
public protocol PeerReporting: Sendable {
    /// The label of this node for people.
    var peerID: String { get }

    /// This node first, then every trusted entry by the bytes of its petname.
    func peers() async throws -> [PeerStatus]
    /// Keys that asked for a connection and were refused, the one seen last first.
    func refusedKeys() -> [RefusedKey]
    /// The peers known to hold a delta.
    func holders(of stored: StoredDelta) async throws -> [PublicKey]
    /// Measures what only changes when somebody looks: to be called before the metrics are shown.
    func measure() async
}
