internal import Bytes
internal import Locks
internal import RhizomeCore
internal import RhizomeDatabase
internal import RhizomeIdentity
internal import SignedStatements

/// What is known of each peer while the node runs: what it said of itself, its clock, its session, what it holds and whom
/// it is connected with.
///
/// Holds trusted peers only, so it is as small as the list; what one peer can make us remember of it is bounded.
final class PeerDirectory: Sendable {
    /// One peer.
    struct Entry: Sendable {
        var hello: Hello?
        var clock = ClockSamples()
        var lastSeen: Timestamp?
        /// The heads that it told us of, that it brought, or that we gave it.
        var heads = ToldHeads()
        /// Whether it has told all of them once.
        var isCompared = false
        /// What it has pulled to the end; it holds that if it goes on without asking again.
        var pulled: [PublicKey: Set<DeltaID>] = [:]
        /// Where to post news for the session with it.
        var session: Mailbox<SessionNews>?
        /// Whether it has told whom it is connected with, and ``Hello/neighbours`` at that time.
        var hasToldNeighbours = false
        var neighboursTold: Int64?
        /// Whether we have a subscription to it.
        var isSubscribed = false
        /// Whether its publications have numbers, as far as some have come.
        var numbersPublications: Bool?
        fileprivate var numbers = PublicationNumbers()

        /// Whether we would notice that a publication went past us: then news is asked for less often.
        ///
        /// One that has published nothing yet numbers its publications if it tells of its neighbours: the two belong
        /// together.
        var tellsOfLoss: Bool { isSubscribed && (numbersPublications ?? (hello?.neighbours != nil)) }

        fileprivate func holds(_ head: AuthorHead) -> Bool { heads[head.author]?.contains(head.id) ?? false }
    }

    private struct State {
        var entries: [PublicKey: Entry] = [:]
        var audience: Audience
        var ends = LogEnds()
        /// How often it has changed whom we are connected with.
        var changes: Int64 = 0
        /// Those whose sessions push.
        var pushedTo: Set<PublicKey> = []
    }

    private let clock: NodeClock
    private let state: Lock<State>

    /// - Parameter own: whose node it is.
    init(own: PublicKey, clock: NodeClock) {
        self.clock = clock
        state = Lock(State(audience: Audience(own: own)))
    }

    /// What is known of a peer.
    subscript(peer: PublicKey) -> Entry { state.withLock { $0.entries[peer] ?? Entry() } }

    /// Changes what is known of a peer.
    func update(_ peer: PublicKey, _ change: (inout Entry) -> Void) {
        state.withLock { change(&$0.entries[peer, default: Entry()]) }
    }

    /// Takes note of a sign of life.
    func saw(_ peer: PublicKey) {
        let now = clock.now
        update(peer) { $0.lastSeen = now }
    }

    /// Takes note of what a peer says of itself; whom it is connected with is asked for where that has changed.
    func saw(_ peer: PublicKey, hello: Hello) {
        let now = clock.now
        let session: Mailbox<SessionNews>? = state.withLock { state in
            var entry = state.entries[peer] ?? Entry()
            entry.lastSeen = now
            entry.hello = hello
            state.entries[peer] = entry
            return entry.hasToldNeighbours && entry.neighboursTold != hello.neighbours ? entry.session : nil
        }
        session?.post { $0.asksForPeers = true }
    }

    // MARK: - What it holds

    /// The heads of an author's log that peers told of.
    func heads(of author: PublicKey) -> [PublicKey: Set<DeltaID>] {
        state.withLock { $0.entries.compactMapValues { $0.heads[author] } }
    }

    /// All heads of those peers that have told them all.
    var compared: [PublicKey: [PublicKey: Set<DeltaID>]] {
        state.withLock { $0.entries.compactMapValues { $0.isCompared ? $0.heads.all : nil } }
    }

    /// Takes note of what a peer says in a pull: `have` is held there, and after a whole answer `want` will be.
    func noteHave(_ have: [DeltaID], of author: PublicKey, at peer: PublicKey) {
        update(peer) { entry in
            entry.pulled[author] = nil
            if !have.isEmpty { entry.heads[author] = Set(have) }
        }
    }

    /// Takes note that a peer has been given all that it wanted of a log.
    func notePulled(_ want: [DeltaID], of author: PublicKey, by peer: PublicKey) {
        update(peer) { $0.pulled[author] = Set(want) }
    }

    /// Takes note that a peer came on a new connection: what it was given on the one before may not have reached it.
    func noteReturn(of peer: PublicKey) { update(peer) { $0.pulled = [:] } }

    /// Takes note that a peer went on: what it has pulled it holds.
    func noteProgress(of peer: PublicKey) {
        update(peer) { entry in
            for (author, ids) in entry.pulled { entry.heads.add(ids, of: author) }
            entry.pulled = [:]
        }
    }

    /// What connected peers hold is asked for soon: somebody looks at it.
    ///
    /// Where nothing had to be announced, what they have got since they told of it isn't known.
    func refresh() {
        let sessions = state.withLock { state in state.audience.connected.compactMap { state.entries[$0]?.session } }
        for session in sessions { session.post { $0.isLookedAt = true } }
    }

    // MARK: - Sessions

    /// Where to post news for the session with a peer.
    func session(of peer: PublicKey) -> Mailbox<SessionNews>? { state.withLock { $0.entries[peer]?.session } }

    /// Takes note of a session with a peer, unless there is one.
    func openSession(with peer: PublicKey, _ mailbox: Mailbox<SessionNews>) -> Bool {
        state.withLock { state in
            guard state.entries[peer]?.session == nil else { return false }
            state.entries[peer, default: Entry()].session = mailbox
            return true
        }
    }

    /// Takes note that there is no session with a peer any more.
    func closeSession(with peer: PublicKey) {
        state.withLock { state in
            state.entries[peer]?.session = nil
            state.pushedTo.remove(peer)
        }
    }

    /// All sessions.
    var sessions: [(peer: PublicKey, mailbox: Mailbox<SessionNews>)] {
        state.withLock { state in
            state.entries.compactMap { peer, entry in entry.session.map { (peer, $0) } }
        }
    }

    /// Says whether the session with a peer pushes, and is to be told which logs grow here.
    ///
    /// - Returns: whether it wasn't told before.
    func set(_ peer: PublicKey, isPushedTo: Bool) -> Bool {
        state.withLock { state in
            guard isPushedTo else {
                state.pushedTo.remove(peer)
                return false
            }
            return state.pushedTo.insert(peer).inserted
        }
    }

    /// Takes note of what happened to a peer's link, and tells its session.
    func note(_ event: LinkEvent, of peer: PublicKey) {
        let session = state.withLock { state -> Mailbox<SessionNews>? in
            switch event {
            case .subscribed: state.entries[peer, default: Entry()].isSubscribed = true
            case .lost: state.entries[peer]?.isSubscribed = false
            case .authenticated, .publicationDropped, .publicationMissing, .stoppedAsking: break
            }
            return state.entries[peer]?.session
        }
        session?.post { $0.note(event) }
    }

    // MARK: - Who is connected with whom

    /// Takes note that a peer is connected with us, or isn't any more; from then on `hello` says that this has changed.
    ///
    /// The others are told soon of one that is lost: they may have left it to that one to tell us of its log.
    func set(_ peer: PublicKey, isConnected: Bool) {
        let others = state.withLock { state -> [Mailbox<SessionNews>] in
            guard state.audience.set(peer, isConnected: isConnected) else { return [] }
            state.changes += 1
            guard !isConnected else { return [] }
            return state.entries.compactMap { $0.key == peer ? nil : $0.value.session }
        }
        for session in others { session.post { $0.hasLostNeighbour = true } }
    }

    /// A number that grows whenever it changes whom we are connected with.
    var neighbours: Int64 { state.withLock { $0.changes } }

    /// Takes note of whom a peer says that it is connected with, as far as they are in the list.
    ///
    /// - Parameter number: what it said by ``Hello/neighbours`` before.
    func note(_ neighbours: Set<PublicKey>, of peer: PublicKey, number: Int64?) {
        state.withLock { state in
            state.audience.set(neighbours, of: peer)
            state.entries[peer, default: Entry()].hasToldNeighbours = true
            state.entries[peer]?.neighboursTold = number
        }
    }

    /// The peers with which we are connected, as the method `peers` tells them.
    var connected: [PeersMethod.Peer] {
        state.withLock { state in
            state.audience.connected.sorted().map { peer in
                let hello = state.entries[peer]?.hello
                return PeersMethod.Peer(identity: peer, request: hello?.request, name: hello?.name ?? "")
            }
        }
    }

    // MARK: - What is to be told of

    /// What is to be done about deltas that were appended.
    struct Consequences: Sendable {
        /// The authors of whose logs somebody may have to be told.
        var told: Set<PublicKey> = []
        /// The authors whose logs may have forked.
        var branched: Set<PublicKey> = []
        /// The sessions that push.
        var pushing: [Mailbox<SessionNews>] = []
    }

    /// Takes note of who brought these deltas, and tells who is to hear of them.
    func appended(_ batch: [StoredDelta]) -> Consequences {
        state.withLock { state in
            var consequences = Consequences()
            for stored in batch {
                if !state.ends.note(stored.delta) { consequences.branched.insert(stored.delta.author) }
                guard let source = stored.arrival.receivedFrom else { continue }
                state.entries[source, default: Entry()].heads.add(stored.delta)
            }
            for author in Set(batch.map(\.delta.author)) where state.audience.hasAny(for: author) {
                consequences.told.insert(author)
            }
            consequences.pushing = state.pushedTo.compactMap { state.entries[$0]?.session }
            return consequences
        }
    }

    /// Takes note of the numbers of publications that a peer made, in their order; it is asked for news where one went past
    /// us.
    func published(_ numbers: [Int64?], by peer: PublicKey) {
        let now = clock.now
        let session = state.withLock { state -> Mailbox<SessionNews>? in
            var isWhole = true
            state.entries[peer, default: Entry()].lastSeen = now
            for number in numbers {
                state.entries[peer]?.numbersPublications = number != nil
                if state.entries[peer]?.numbers.note(number) == false { isWhole = false }
            }
            return isWhole ? nil : state.entries[peer]?.session
        }
        session?.post { $0.note(.publicationMissing) }
    }

    /// Takes note of what a peer announced, and holds.
    ///
    /// - Parameter heads: those of authors in the list.
    func announced(_ heads: some Sequence<AuthorHead>, by peer: PublicKey) {
        state.withLock { state in
            state.audience.announced(heads, by: peer)
            for head in heads { state.entries[peer, default: Entry()].heads.add([head.id], of: head.author) }
        }
    }

    /// Those heads that are news to a peer with which we are connected.
    func news(among heads: [AuthorHead]) -> [AuthorHead] {
        state.withLock { state in
            let entries = state.entries
            return heads.filter { head in
                state.audience.isNews(head) { entries[$0]?.holds(head) ?? false }
            }
        }
    }

    /// How long the first telling of these authors' logs after a pause waits at most.
    func longestFirstWait(for authors: Set<PublicKey>) -> Duration {
        state.withLock { state in authors.map { state.audience.longestFirstWait(for: $0) }.max() ?? .zero }
    }

    // MARK: - Clocks

    /// How far the median of the peers' clocks is ahead of ours; `nil` where none is known.
    ///
    /// Of an even number all between the two in the middle is a median, and the one nearest to our clock counts: of two
    /// peers the one that is off doesn't decide.
    var medianOffset: Duration? {
        let offsets = state.withLock { $0.entries.values.compactMap { $0.clock.best?.offset } }.sorted()
        guard !offsets.isEmpty else { return nil }
        return max(offsets[(offsets.count - 1) / 2], min(offsets[offsets.count / 2], .zero))
    }
}
