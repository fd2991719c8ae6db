internal import Bytes
internal import RhizomeCore
internal import SignedStatements

/// What one peer has told of that we lack, and when to ask it for that: a pure value.
///
/// A head stays wanted until it is held. A pull that brings nothing is repeated after 10 s, doubling to 10 min, per
/// author; a head from the future is asked for again when it is due; one that reaches what fits nowhere not again (spec:
/// admission.md, "What counts against whom"). Heads are due by the wall clock,
/// since one that is set right changes when that is.
struct WantedHeads: Sendable {
    /// What a pull of some heads of one author brought.
    struct Outcome: Sendable {
        /// Deltas that were accepted.
        var accepted = 0
        /// Heads that wait for their time.
        var future: [DeltaID: Timestamp] = [:]
        /// Heads that reach a delta that fits nowhere.
        var stalled: Set<DeltaID> = []
    }

    /// Heads remembered at most, more than a page of `heads` has.
    ///
    /// What is beyond comes by comparing again, once there is room (``isShort``).
    static let most = 20_000

    private var heads: [PublicKey: Set<DeltaID>] = [:]
    private var backoffs: [PublicKey: Backoff] = [:]
    /// When heads are due that aren't asked for until then; never, where one fits nowhere.
    private var parked: [DeltaID: Timestamp] = [:]
    /// How many heads are wanted.
    private(set) var count = 0

    /// Whether heads were left out for want of room since all were compared last.
    private var hasLeftOut = false

    /// Whether heads were left out for which there is room by now, so that all are to be compared again.
    ///
    /// Not as long as more than half of the room is taken: a liar, whose heads are never fetched, isn't asked for more.
    var isShort: Bool { hasLeftOut && count <= Self.most / 2 }

    /// All heads are compared from now on: none has been left out.
    mutating func startComparing() { hasLeftOut = false }

    /// Takes note of a head that the peer has and we lack.
    mutating func add(_ head: AuthorHead) {
        guard parked[head.id] != .max else { return }
        guard count < Self.most else {
            hasLeftOut = true
            return
        }
        if heads[head.author, default: []].insert(head.id).inserted { count += 1 }
    }

    /// All that is wanted, due or not.
    var all: [AuthorHead] { heads.flatMap { author, ids in ids.map { AuthorHead(author: author, id: $0) } } }

    /// Forgets a head: it is held, it fits nowhere, or its author isn't trusted.
    mutating func remove(_ head: AuthorHead) {
        guard heads[head.author]?.remove(head.id) != nil else { return }
        count -= 1
        if heads[head.author]?.isEmpty == true { heads[head.author] = nil }
    }

    /// What is to be asked for now, by author.
    func due(now: Uptime, wall: Timestamp) -> [PublicKey: [DeltaID]] {
        var due: [PublicKey: [DeltaID]] = [:]
        for (author, ids) in heads where backoffs[author]?.notBefore ?? .min <= now {
            let ids = ids.filter { isDue($0, wall) }
            if !ids.isEmpty { due[author] = ids.sorted() }
        }
        return due
    }

    /// Takes note of what a pull brought, after the heads that are held now were removed.
    mutating func pulled(_ author: PublicKey, _ outcome: Outcome, now: Uptime, wall: Timestamp) {
        if parked.count > Self.most { parked = [:] }
        parked.merge(outcome.future) { _, due in due }
        for id in outcome.stalled {
            parked[id] = .max
            remove(AuthorHead(author: author, id: id))
        }
        if outcome.accepted > 0 {
            backoffs[author] = nil
        } else if heads[author]?.contains(where: { isDue($0, wall) }) == true {
            backoffs[author, default: Backoff()].fail(now: now)
        }
    }

    private func isDue(_ id: DeltaID, _ wall: Timestamp) -> Bool { parked[id] ?? .min <= wall }

    /// When the next of the heads is due that are wanted and wait for their time, after this moment.
    func nextDue(after wall: Timestamp) -> Timestamp? {
        guard !parked.isEmpty else { return nil }
        return heads.values.lazy.joined().compactMap { parked[$0] }.filter { $0 > wall && $0 < .max }.min()
    }

    /// Gives every author another chance at once, as when trust has changed.
    mutating func forgive() { backoffs = [:] }
}
