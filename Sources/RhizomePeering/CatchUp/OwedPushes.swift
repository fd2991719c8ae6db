internal import Bytes
internal import SignedStatements

/// Which logs one peer is still to be pushed, and when: a pure value.
///
/// What is put off stays owed and is looked at again as soon as the reason has passed: while the peer asks us itself,
/// after a failure, while it takes nothing of an author. Besides, all logs are held against what it has once a minute.
struct OwedPushes: Sendable {
    /// Which logs are to be held against what the peer has.
    enum Logs: Equatable, Sendable {
        /// Those of every author of whom something is held.
        case all
        /// Those of these authors.
        case only(Set<PublicKey>)
    }

    /// What became of pushing one log.
    enum Outcome: Sendable {
        /// The peer holds it.
        case done
        /// The peer holds it as far as can be told, and did before: it is looked at again later, once it has grown.
        case doneInVain
        /// The peer put off some of it.
        ///
        /// - `tookSome`: whether it took any.
        case putOff(tookSome: Bool)
        /// The peer takes none of this author, as it said last: not before its next `hello`.
        case unwanted
    }

    /// How long a peer that we reach has to reach us too, before we push to it.
    private static let patience = Duration.seconds(1)
    private static let interval = Duration.seconds(60)
    private static let retryInterval = Duration.seconds(10)
    /// Logs that are owed apart from the others; where there are more, all are looked at.
    private static let most = 1_000

    /// When all logs are looked at; until they have been once on a connection, it needn't be known which ones grew.
    private var allDue = Uptime.min
    private var logs: Set<PublicKey> = []
    private var unwanted: Set<PublicKey> = []
    /// How long the peer counts as one that asks us itself, which ends earlier where it stops.
    private var askingEnds = Uptime.min
    private var retryDue = Uptime.min
    private var backoffs: [PublicKey: Backoff] = [:]

    /// A connection came up: what the peer lacks is to be found out.
    mutating func connected(now: Uptime) {
        allDue = .min
        logs = []
        unwanted = []
        askingEnds = now + Self.patience
        retryDue = .min
    }

    /// Logs grew here.
    mutating func grew(_ authors: Set<PublicKey>) {
        guard allDue != .min else { return }
        logs.formUnion(authors.subtracting(unwanted))
        if logs.count > Self.most { lookAtAll() }
    }

    /// Which logs grew isn't known any more: all are looked at.
    mutating func lookAtAll() {
        allDue = .min
        logs = []
    }

    /// The peer said `hello`: authors of whom it took nothing are offered again.
    mutating func greeted() {
        let offered = unwanted
        unwanted = []
        grew(offered)
    }

    /// The peer asks us itself, and counts as doing so until then.
    mutating func isAsked(until end: Uptime) { askingEnds = end }

    /// The connection on which the peer asked last is gone: unless it comes back soon, it asks no more.
    mutating func askingStopped(now: Uptime) { askingEnds = min(askingEnds, now + Self.patience) }

    /// Something failed on this connection.
    mutating func failed(now: Uptime) { retryDue = now + Self.retryInterval }

    /// Nothing is pushed to this peer for now; what changes that opens a new connection, or is seen in a minute.
    mutating func isBarred(now: Uptime) { retryDue = now + Self.interval }

    /// When there is something to be pushed.
    ///
    /// - Complexity: O(*n*) in the logs that are owed, 1,000 at most.
    var due: Uptime {
        let first = logs.lazy.map { backoffs[$0]?.notBefore ?? .min }.min() ?? .max
        return max(askingEnds, retryDue, min(allDue, first))
    }

    /// What is to be pushed now; `nil` where nothing is.
    func dueLogs(now: Uptime) -> Logs? {
        guard due <= now else { return nil }
        return allDue <= now ? .all : .only(logs.filter { !isBackedOff($0, now: now) })
    }

    /// Whether a log is to be pushed now, of all that are looked at; one that has to wait for it stays owed.
    mutating func takes(_ author: PublicKey, now: Uptime) -> Bool {
        guard !unwanted.contains(author) else { return false }
        guard isBackedOff(author, now: now) else { return true }
        owe(author)
        return false
    }

    private func isBackedOff(_ author: PublicKey, now: Uptime) -> Bool { backoffs[author]?.notBefore ?? .min > now }

    /// Beyond the bound it is found again when all are looked at.
    private mutating func owe(_ author: PublicKey) {
        if logs.count < Self.most { logs.insert(author) }
    }

    /// Takes note of what became of one log.
    mutating func pushed(_ author: PublicKey, _ outcome: Outcome, now: Uptime) {
        logs.remove(author)
        switch outcome {
        case .done: backoffs[author] = nil
        case .doneInVain: backoffs[author, default: Backoff()].fail(now: now)
        case .putOff(let tookSome):
            if tookSome { backoffs[author] = nil }
            backoffs[author, default: Backoff()].fail(now: now)
            owe(author)
        case .unwanted: unwanted.insert(author)
        }
    }

    /// All of them have been looked at.
    mutating func finished(_ looked: Logs, now: Uptime) {
        if looked == .all { allDue = now + Self.interval }
    }
}
