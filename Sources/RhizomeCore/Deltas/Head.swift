public import Bytes

/// The end of one branch of an author's log.
public struct Head: Hashable, Sendable {
    /// The delta that no other one of its author names as previous.
    public let id: DeltaID
    /// Its sequence.
    public let sequence: Int64
    /// Its time, µs since 1970.
    public let timeCreated: Timestamp

    /// A head.
    public init(id: DeltaID, sequence: Int64, timeCreated: Timestamp) {
        self.id = id
        self.sequence = sequence
        self.timeCreated = timeCreated
    }
}
