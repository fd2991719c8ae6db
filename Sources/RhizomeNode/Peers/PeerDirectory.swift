internal import Bytes
internal import Locks
internal import RhizomeCore
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
        var lastSeen: Int64?
        /// The heads that it told us of, or that we gave it, by author.
        var heads: [PublicKey: Set<DeltaID>] = [:]
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

    /// Forgets a peer.
    func remove(_ peer: PublicKey) { entries.withLock { _ = $0.removeValue(forKey: peer) } }

    /// How long after its last request a peer without a link of ours counts as connected (spec: peering.md).
    static let silence: Int64 = 30_000_000

    /// Whether a peer is connected, by its link or by its own requests.
    func isConnected(_ state: Peering.PeerState) -> Bool {
        if let phase = state.phase { return phase == .connected }
        return state.lastRequest.map { clock.uptime - $0 < Self.silence } ?? false
    }

    /// The peers with which we are connected, as the method `peers` tells them.
    func connected(of states: [PublicKey: Peering.PeerState]) -> [KnownPeer] {
        states.filter { isConnected($0.value) }.keys.sorted().map { peer in
            let hello = self[peer].hello
            return KnownPeer(identity: peer, request: hello?.request, name: hello?.name ?? "")
        }
    }

    /// How far our clock is off the median of the peers', µs; `nil` where none is known.
    var medianOffset: Int64? {
        let offsets = entries.withLock { $0.values.compactMap { $0.clock.best?.offsetMicroseconds } }.sorted()
        return offsets.isEmpty ? nil : offsets[offsets.count / 2]
    }
}
