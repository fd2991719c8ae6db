internal import RhizomeCore
internal import SignedLog

/// What a session with a peer is told between two looks into its mailbox; never larger than its limits.
struct SessionNews: Sendable {
    private static let most = 10_000

    /// The link came up or went down since the last look; the last word counts.
    var isUp: Bool?
    /// Whether the link was lost in between, even if it is up again.
    var wasLost = false
    /// Heads that the peer published, and what deltas of this peer wait for.
    private(set) var heads: Set<AuthorHead> = []
    /// Authors whose logs grew here.
    private(set) var grown: Set<PublicKey> = []
    /// Something was too much to be kept here, or was dropped: ask the peer for all its news.
    var asksForNews = false
    /// The list changed: authors may be trusted now whose heads were passed over.
    var comparesAll = false

    mutating func add(heads new: [AuthorHead]) {
        guard heads.count + new.count <= Self.most else {
            heads = []
            asksForNews = true
            return
        }
        heads.formUnion(new)
    }

    mutating func add(missing ids: [DeltaID], of author: PublicKey) {
        add(heads: ids.map { AuthorHead(author: author, id: $0) })
    }

    mutating func add(grown authors: Set<PublicKey>) { grown.formUnion(authors) }
}
