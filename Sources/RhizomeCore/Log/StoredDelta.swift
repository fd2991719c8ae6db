/// A delta that was accepted, with its place in the local order: the last station.
public struct StoredDelta: Sendable {
    /// The delta.
    public let delta: SignedDelta
    /// Its position in the order of acceptance, from 1.
    public let position: Int64
    /// When and through whom it came.
    public let arrival: Arrival

    /// What a log gives back of what it holds.
    public init(delta: SignedDelta, position: Int64, arrival: Arrival) {
        self.delta = delta
        self.position = position
        self.arrival = arrival
    }

    /// The delta's id.
    public var id: DeltaID { delta.id }
}
