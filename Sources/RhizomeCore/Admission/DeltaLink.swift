public import SignedStatements

/// What admission knows of a delta that is held.
public struct DeltaLink: Hashable, Sendable {
    /// Who signed it.
    public let author: PublicKey
    /// Its place in the author's log, and its time.
    public let head: Head

    /// The link to a delta.
    public init(author: PublicKey, head: Head) {
        self.author = author
        self.head = head
    }

    /// The link to a decoded delta.
    public init(_ delta: SignedDelta) { self.init(SignedHeader(delta)) }

    /// The link to the delta of a header.
    public init(_ signed: SignedHeader) {
        author = signed.author
        head = Head(id: signed.id, sequence: signed.header.sequence, timeCreated: signed.header.timeCreated)
    }
}
