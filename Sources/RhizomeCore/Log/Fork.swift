public import SignedStatements

/// Two histories by one key: deltas, neither before the other, that share a previous or are all firsts (spec:
/// admission.md, "Forks").
public struct Fork: Hashable, Sendable {
    /// How many ids a fork tells at most: evidence enough against a key that wrote more histories than that.
    public static let mostIDs = 64

    /// Whose log.
    public let author: PublicKey
    /// The least sequence among the deltas that part here.
    public let sequence: Int64
    /// Those deltas, sorted by bytes: the least ``mostIDs`` of those that were found.
    public let ids: [DeltaID]

    /// A fork.
    ///
    /// - Parameter ids: the deltas that part, in any order.
    public init(author: PublicKey, sequence: Int64, ids: [DeltaID]) {
        self.author = author
        self.sequence = sequence
        self.ids = Array(ids.sorted().prefix(Self.mostIDs))
    }
}
