public import SignedStatements

/// One head of one author.
public struct AuthorHead: Hashable, Sendable {
    /// Whose log.
    public let author: PublicKey
    /// The end of one of its branches.
    public let id: DeltaID

    /// A head.
    public init(author: PublicKey, id: DeltaID) {
        self.author = author
        self.id = id
    }
}
