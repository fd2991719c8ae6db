/// A page of an author's log in order of (sequence, id).
public struct PullPage: Sendable {
    /// Whole signed deltas.
    public let deltas: [[UInt8]]
    /// The (sequence, id) of the last of them: where the next page goes on.
    public let last: (sequence: Int64, id: DeltaID)?
    /// Whether there are more.
    public let hasMore: Bool

    /// A page.
    public init(deltas: [[UInt8]], last: (sequence: Int64, id: DeltaID)?, hasMore: Bool) {
        self.deltas = deltas
        self.last = last
        self.hasMore = hasMore
    }
}
