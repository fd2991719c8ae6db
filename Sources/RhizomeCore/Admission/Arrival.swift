public import Bytes
public import SignedStatements

/// When and through whom a delta came, kept beside it.
public struct Arrival: Hashable, Sendable {
    /// µs since 1970 by this node's clock.
    public let timeReceived: Timestamp
    /// The peer whose connection brought it; none for this node's own writes.
    public let receivedFrom: PublicKey?
    /// The trust statement in force for the author; none where the author is the node's own identity.
    public let trustStatement: Bytes32?

    /// An arrival.
    public init(timeReceived: Timestamp, receivedFrom: PublicKey?, trustStatement: Bytes32?) {
        self.timeReceived = timeReceived
        self.receivedFrom = receivedFrom
        self.trustStatement = trustStatement
    }
}
