internal import Bytes
internal import Logging
internal import RhizomeCore
internal import RhizomeDatabase
internal import RhizomeIdentity
internal import SignedLog

/// Tells subscribers what was accepted: own deltas whole and at once, others' logs by their heads, the first after a
/// pause soon and later ones gathered for 50 ms (spec: peering.md, "Publications").
struct Announcer: Sendable {
    /// What is to be told; bounded, since what is too much is told by its heads, and heads beyond a page are found by
    /// asking for news.
    struct News: Sendable {
        private static let mostBytes = 16 * 1024 * 1024

        private(set) var wires: [[UInt8]] = []
        private(set) var heads = NewHeads()
        /// Authors whose logs grew, for the sessions.
        private(set) var grown: Set<PublicKey> = []
        private var bytes = 0

        /// Adds heads that are held, and are told now.
        mutating func add(_ heads: [AuthorHead]) {
            for head in heads {
                grown.insert(head.author)
                self.heads.add(head)
            }
        }

        mutating func add(_ batch: [StoredDelta], own: PublicKey) {
            for stored in batch {
                let delta = stored.delta
                grown.insert(delta.author)
                if delta.author == own, stored.arrival.receivedFrom == nil, bytes + delta.bytes.count <= Self.mostBytes
                {
                    wires.append(delta.bytes)
                    bytes += delta.bytes.count
                } else {
                    heads.add(delta)
                }
            }
        }
    }

    let mailbox: Mailbox<News>
    /// Where it is told whose logs grew besides our own.
    let grownLogs: Mailbox<Set<PublicKey>>
    let peering: Peering
    let directory: PeerDirectory
    let clock: NodeClock

    /// Bytes of one publication: a slow subscriber may hold several in our memory.
    private static let publicationBytes = 1024 * 1024
    /// How long the first heads after a pause wait where their author publishes to peers of ours as well.
    ///
    /// Meanwhile these take what they were sent whole, instead of asking us for it; and we don't all tell them at the
    /// same moment.
    private static let authorsLeadMicroseconds = 5_000...15_000

    /// Runs until the mailbox is closed or the task cancelled.
    @concurrent
    func run() async {
        var heads = GatheredHeads()
        while true {
            let wait = heads.due.map { max($0 - clock.uptime, .zero) }
            guard let news = await mailbox.take(within: wait, by: clock) else { return }
            for part in news.wires.chunks(weighing: Self.publicationBytes, by: \.count) {
                await peering.publish(.deltas(part))
            }
            if !news.grown.isEmpty {
                for (_, session) in directory.sessions { session.post { $0.add(grown: news.grown) } }
            }
            if !news.heads.isEmpty {
                let authors = news.heads.authors
                grownLogs.post { $0.formUnion(authors) }
                let now = clock.uptime
                let wait = heads.isPaused(now: now) ? await firstWait(for: authors) : GatheredHeads.interval
                heads.add(news.heads, wait: wait, now: now)
            }
            if let told = heads.take(now: clock.uptime) { await peering.publish(.heads(told)) }
        }
    }

    private func firstWait(for authors: Set<PublicKey>) async -> Duration {
        await peering.isConnected(withAnyOf: authors)
            ? .microseconds(Int.random(in: Self.authorsLeadMicroseconds)) : .zero
    }
}
