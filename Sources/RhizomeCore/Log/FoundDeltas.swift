/// Deltas of a selection.
public struct FoundDeltas: Hashable, Sendable {
    /// Their positions, in the selection's order.
    public var positions: [Int64]
    /// After which delta to go on; `nil` where there is no more.
    public var end: Word?

    /// Some deltas.
    public init(positions: [Int64], end: Word?) {
        self.positions = positions
        self.end = end
    }
}
