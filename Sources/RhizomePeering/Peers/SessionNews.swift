internal import RhizomeCore
internal import SignedStatements

/// What a session with a peer is told between two looks into its mailbox; never larger than its limits.
struct SessionNews: Sendable {
    private static let most = 10_000

    /// The link came up or went down since the last look; the last word counts.
    var isUp: Bool?
    /// Whether the link was lost in between, even if it is up again.
    var wasLost = false
    /// Heads that the peer published.
    private(set) var heads: Set<AuthorHead> = []
    /// What deltas of this peer wait for.
    private(set) var missing: Set<AuthorHead> = []
    /// Authors whose logs grew here, where the session pushes.
    private(set) var grown: Set<PublicKey> = []
    /// The connection on which the peer asked us last is gone.
    var stoppedAsking = false
    /// Something was too much to be kept here, or was dropped: ask the peer for all its news.
    var asksForNews = false
    /// It has changed whom the peer is connected with.
    var asksForPeers = false
    /// Another peer isn't connected with us any more.
    var hasLostNeighbour = false
    /// Somebody looks at what peers hold.
    var isLookedAt = false
    /// The list changed: authors may be trusted now whose heads were passed over.
    var comparesAll = false

    /// Takes note of what happened to the peer's link.
    mutating func note(_ event: LinkEvent) {
        switch event {
        case .authenticated: isUp = true
        case .lost:
            isUp = false
            wasLost = true
        case .publicationDropped, .publicationMissing, .subscribed: asksForNews = true
        case .stoppedAsking: stoppedAsking = true
        }
    }

    mutating func add(heads new: [AuthorHead]) {
        if hasRoom(for: new.count) { heads.formUnion(new) }
    }

    mutating func add(missing ids: [DeltaID], of author: PublicKey) {
        if hasRoom(for: ids.count) { missing.formUnion(ids.map { AuthorHead(author: author, id: $0) }) }
    }

    /// Forgets what has been told where it would be too much.
    private mutating func hasRoom(for count: Int) -> Bool {
        guard heads.count + missing.count + count > Self.most else { return true }
        heads = []
        missing = []
        asksForNews = true
        return false
    }

    mutating func add(grown authors: Set<PublicKey>) { grown.formUnion(authors) }
}
