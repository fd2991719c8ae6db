internal import Bytes
internal import Locks
internal import RhizomeCore
internal import RhizomeDatabase
internal import RhizomeIdentity
internal import SignedLog

/// What is known of each peer while the node runs: what it said of itself, its clock, its session.
///
/// Holds trusted peers only, so it is as small as the list.
final class PeerDirectory: Sendable {
    /// One peer.
    struct Entry: Sendable {
        var hello: Hello?
        var clock = ClockSamples()
        /// µs since 1970.
        var lastSeen: Timestamp?
        /// The heads that it told us of, or that we gave it, by author.
        var heads: [PublicKey: Set<DeltaID>] = [:]
        /// Whether it has told all of them once.
        var isCompared = false
        /// What it has pulled to the end; it holds that if it goes on without asking again.
        var pulled: [PublicKey: Set<DeltaID>] = [:]
        /// Whether the connection that it made to us last is served.
        var session: Mailbox<SessionNews>?
    }

    private let clock: NodeClock
    private let entries = Lock<[PublicKey: Entry]>([:])

    init(clock: NodeClock) { self.clock = clock }

    /// What is known of a peer.
    subscript(peer: PublicKey) -> Entry { entries.withLock { $0[peer] ?? Entry() } }

    /// Changes what is known of a peer.
    func update(_ peer: PublicKey, _ change: (inout Entry) -> Void) {
        entries.withLock { change(&$0[peer, default: Entry()]) }
    }

    /// Takes note of a sign of life.
    func saw(_ peer: PublicKey, hello: Hello? = nil) {
        let now = clock.now
        update(peer) { entry in
            entry.lastSeen = now
            if let hello { entry.hello = hello }
        }
    }

    /// Heads of one author that are remembered of a peer at most; only a liar tells of more.
    static let mostHeads = 256

    /// The heads of an author's log that peers told of.
    func heads(of author: PublicKey) -> [PublicKey: Set<DeltaID>] {
        entries.withLock { $0.compactMapValues { $0.heads[author] } }
    }

    /// All heads of those peers that have told them all.
    var compared: [PublicKey: [PublicKey: Set<DeltaID>]] {
        entries.withLock { $0.compactMapValues { $0.isCompared ? $0.heads : nil } }
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
            for (author, ids) in entry.pulled {
                let known = entry.heads[author] ?? []
                entry.heads[author] = known.count + ids.count > Self.mostHeads ? ids : known.union(ids)
            }
            entry.pulled = [:]
        }
    }

    /// Where to post news for the session with a peer.
    func session(of peer: PublicKey) -> Mailbox<SessionNews>? { entries.withLock { $0[peer]?.session } }

    /// Takes note of a session with a peer, unless there is one.
    func openSession(with peer: PublicKey, _ mailbox: Mailbox<SessionNews>) -> Bool {
        entries.withLock { entries in
            guard entries[peer]?.session == nil else { return false }
            entries[peer, default: Entry()].session = mailbox
            return true
        }
    }

    /// All sessions.
    var sessions: [(peer: PublicKey, mailbox: Mailbox<SessionNews>)] {
        entries.withLock { entries in entries.compactMap { peer, entry in entry.session.map { (peer, $0) } } }
    }

    /// The peers with which we are connected, as the method `peers` tells them.
    func connected(of states: [PublicKey: PeerState]) -> [PeersMethod.Peer] {
        states.filter { $0.value.isConnected(now: clock.uptime) }.keys.sorted().map { peer in
            let hello = self[peer].hello
            return PeersMethod.Peer(identity: peer, request: hello?.request, name: hello?.name ?? "")
        }
    }

    /// How far the median of the peers' clocks is ahead of ours; `nil` where none is known.
    ///
    /// Of an even number all between the two in the middle is a median, and the one nearest to our clock counts: of two
    /// peers the one that is off doesn't decide.
    var medianOffset: Duration? {
        let offsets = entries.withLock { $0.values.compactMap { $0.clock.best?.offset } }.sorted()
        guard !offsets.isEmpty else { return nil }
        return max(offsets[(offsets.count - 1) / 2], min(offsets[offsets.count / 2], .zero))
    }
}
