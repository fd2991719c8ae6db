internal import Bytes
internal import Logging
internal import RhizomeCore
internal import RhizomeDatabase
internal import RhizomeIdentity
internal import SignedStatements

/// Tells subscribers what was accepted: own deltas whole and at once, others' logs by their heads, as far as these are
/// news to one of them; the first after a pause soon, later ones within 50 ms (spec: peering.md, "Publications").
struct Announcer: Sendable {
    /// What is to be told; bounded, since what is too much is told by its heads, and heads beyond a page are found by
    /// asking for news.
    struct News: Sendable {
        private static let mostBytes = 16 * 1024 * 1024

        private(set) var wires: [[UInt8]] = []
        private(set) var heads = NewHeads()
        private var bytes = 0

        /// Adds heads that are held, and are told now.
        mutating func add(_ heads: [AuthorHead]) {
            for head in heads { self.heads.add(head) }
        }

        mutating func add(_ batch: [StoredDelta], own: PublicKey) {
            for stored in batch {
                let delta = stored.delta
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
    let peering: Peering
    let directory: PeerDirectory
    let clock: NodeClock

    /// Bytes of one publication: a slow subscriber may hold several in our memory.
    private static let publicationBytes = 1024 * 1024
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
            if !news.heads.isEmpty {
                let now = clock.uptime
                let longest =
                    heads.isPaused(now: now)
                    ? directory.longestFirstWait(for: news.heads.authors) : GatheredHeads.interval
                heads.add(news.heads, wait: .random(upTo: longest), now: now)
            }
            if let told = heads.take(now: clock.uptime, where: directory.news) { await peering.publish(.heads(told)) }
        }
    }
}
