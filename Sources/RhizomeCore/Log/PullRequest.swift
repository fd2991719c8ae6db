public import SignedStatements

/// What a peer asks of one author's log (spec: peering.md, `pull`).
public struct PullRequest: Sendable {
    /// Whose log.
    public let author: PublicKey
    /// The heads that are to be reached.
    public let want: [DeltaID]
    /// Ids of that log which the asking side holds; unknown ones count for nothing.
    public let have: [DeltaID]
    /// The (sequence, id) after which to go on.
    public let after: (sequence: Int64, id: DeltaID)?
    /// How many bytes of signed deltas the page may have; one delta is given whatever its size.
    public let maximumBytes: Int

    /// A request for a page.
    public init(
        author: PublicKey,
        want: [DeltaID],
        have: [DeltaID],
        after: (sequence: Int64, id: DeltaID)?,
        maximumBytes: Int
    ) {
        self.author = author
        self.want = want
        self.have = have
        self.after = after
        self.maximumBytes = maximumBytes
    }
}
