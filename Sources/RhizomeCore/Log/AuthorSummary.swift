public import SignedStatements

/// What is held of one author.
public struct AuthorSummary: Hashable, Sendable {
    /// Whose log.
    public let author: PublicKey
    /// How many deltas are held.
    public let count: Int64
    /// The position of the last one that was accepted.
    public let lastPosition: Int64

    /// A summary.
    public init(author: PublicKey, count: Int64, lastPosition: Int64) {
        self.author = author
        self.count = count
        self.lastPosition = lastPosition
    }
}
