package import RhizomeCore
package import SignedStatements

/// To which of the peers with which we are connected it is news that a log has grown: a pure value.
///
/// Who is connected with a log's author hears of it there, and who was told by another peer needn't be told again (spec:
/// peering.md, "Publications"). What counts is whom a peer itself says that it is connected with: so one that claims to be
/// everybody's neighbour is told less, and nobody else is. All that is left out here by mistake is found by asking for
/// news.
package struct Audience: Sendable {
    /// Whom others may tell of a log before us, and whom nobody but us may.
    private struct Reach {
        /// Those who may have to be told by us.
        let far: [PublicKey]
        /// How many peers that hear of it from the author can tell them as well; `nil` where that isn't known.
        let rivals: Int?
    }

    /// Heads of which it is remembered who announced them, at most.
    private static let mostAnnounced = 4_096
    /// Announcers of one head that are remembered: further ones tell few more.
    private static let announcersOfOne = 16

    private let own: PublicKey
    /// Those with whom we are connected.
    private(set) var connected: Set<PublicKey> = []
    /// With whom they say that they are connected.
    private var neighbours: [PublicKey: Set<PublicKey>] = [:]
    /// Of the authors looked at since either changed last.
    private var reaches: [PublicKey: Reach] = [:]
    /// Who announced heads lately; when the first half is full the second is forgotten.
    private var announcers: [DeltaID: [PublicKey]] = [:]
    private var olderAnnouncers: [DeltaID: [PublicKey]] = [:]

    /// - Parameters:
    ///   - own: whose node it is.
    ///   - connected: with whom it is connected.
    ///   - neighbours: with whom peers say that they are connected.
    package init(
        own: PublicKey,
        connected: Set<PublicKey> = [],
        neighbours: [PublicKey: Set<PublicKey>] = [:]
    ) {
        self.own = own
        self.connected = connected
        self.neighbours = neighbours
    }

    // MARK: - What is known of peers

    /// Takes note that a peer is connected with us, or isn't any more.
    ///
    /// - Returns: whether that is new.
    mutating func set(_ peer: PublicKey, isConnected: Bool) -> Bool {
        let isNew = isConnected ? connected.insert(peer).inserted : connected.remove(peer) != nil
        if isNew { reaches = [:] }
        return isNew
    }

    /// Takes note of whom a peer says that it is connected with.
    mutating func set(_ neighbours: Set<PublicKey>, of peer: PublicKey) {
        guard self.neighbours[peer] != neighbours else { return }
        self.neighbours[peer] = neighbours
        reaches = [:]
    }

    /// Forgets what a peer said: it isn't in the list any more.
    mutating func forget(_ peer: PublicKey) {
        connected.remove(peer)
        neighbours[peer] = nil
        reaches = [:]
    }

    /// Takes note of what a peer announced.
    package mutating func announced(_ heads: some Sequence<AuthorHead>, by peer: PublicKey) {
        // Where all hear of a log from its author nobody will ask who told of it.
        for head in heads where hasAny(for: head.author) {
            if announcers.count >= Self.mostAnnounced / 2 {
                olderAnnouncers = announcers
                announcers = [:]
            }
            var known = announcers[head.id] ?? olderAnnouncers[head.id] ?? []
            if known.count < Self.announcersOfOne, !known.contains(peer) { known.append(peer) }
            announcers[head.id] = known
        }
    }

    // MARK: - Whom to tell

    /// Whether there is anybody who may have to be told by us that a log has grown.
    ///
    /// Of our own there may always be: who has just subscribed may not count as connected yet.
    package mutating func hasAny(for author: PublicKey) -> Bool { author == own || !reach(of: author).far.isEmpty }

    /// Whether a head is news to anybody.
    ///
    /// - Parameter isHeld: whether a peer is known to hold it.
    package mutating func isNews(_ head: AuthorHead, isHeld: (PublicKey) -> Bool) -> Bool {
        guard head.author != own else { return true }
        let announcers = announcers[head.id] ?? olderAnnouncers[head.id] ?? []
        return reach(of: head.author).far.contains { peer in
            guard !announcers.contains(peer), !isHeld(peer) else { return false }
            guard let neighbours = neighbours[peer] else { return true }
            return !announcers.contains { neighbours.contains($0) }
        }
    }

    /// How long the first telling after a pause waits at most, so that others' may make it needless.
    ///
    /// Not at all where nobody else can tell those who need it.
    package mutating func longestFirstWait(for author: PublicKey) -> Duration {
        // Who isn't connected with the author is behind already; and what we wrote nobody else can tell.
        guard author != own, connected.contains(author) else { return .zero }
        guard let rivals = reach(of: author).rivals else { return Self.waitAmongUnknown }
        return rivals == 0 ? .zero : min(Self.longestWait, Self.waitPerRival * (rivals + 1))
    }

    /// How long anything waits to be told of.
    package static let longestWait = Duration.milliseconds(50)
    /// By so much one telling is likely to reach a rival before that would tell the same.
    private static let waitPerRival = Duration.milliseconds(10)
    /// Where it isn't known who hears from the author: so that these take what they were sent whole.
    private static let waitAmongUnknown = Duration.milliseconds(15)

    private mutating func reach(of author: PublicKey) -> Reach {
        if let known = reaches[author] { return known }
        let far = far(from: author)
        let found = Reach(far: far, rivals: rivals(telling: far, of: author))
        reaches[author] = found
        return found
    }

    private func far(from author: PublicKey) -> [PublicKey] {
        connected.filter { $0 != author && neighbours[$0]?.contains(author) != true }
    }

    private func rivals(telling far: [PublicKey], of author: PublicKey) -> Int? {
        guard !far.isEmpty else { return 0 }
        let near = connected.subtracting(far).subtracting([author])
        var rivals: Set<PublicKey> = []
        for peer in far {
            guard let neighbours = neighbours[peer] else { return nil }
            rivals.formUnion(near.intersection(neighbours))
        }
        return rivals.count
    }
}
