internal import Logging
internal import RhizomeCore
internal import RhizomeIdentity
internal import SignedLog

/// Tells subscribers what was accepted: own deltas whole and at once, others' logs by their heads, gathered for 50 ms
/// (spec: peering.md, "Publications").
struct Announcer: Sendable {
    /// What is to be told; bounded, since what is too much is told by its heads.
    struct News: Sendable {
        private static let mostBytes = 16 * 1024 * 1024

        private(set) var wires: [[UInt8]] = []
        private(set) var authors: Set<PublicKey> = []
        /// Authors whose logs grew, for the sessions.
        private(set) var grown: Set<PublicKey> = []
        private var bytes = 0

        mutating func add(_ batch: [StoredDelta], own: PublicKey) {
            for stored in batch {
                let delta = stored.delta
                grown.insert(delta.author)
                if delta.author == own, stored.arrival.receivedFrom == nil, bytes + delta.bytes.count <= Self.mostBytes
                {
                    wires.append(delta.bytes)
                    bytes += delta.bytes.count
                } else {
                    authors.insert(delta.author)
                }
            }
        }
    }

    let mailbox: Mailbox<News>
    let log: any DeltaLog
    let peering: Peering
    let directory: PeerDirectory
    let clock: NodeClock
    let logger: Logger

    /// Bytes of one publication: a slow subscriber may hold several in our memory.
    private static let publicationBytes = 1024 * 1024
    private static let forkLogInterval: Int64 = 60_000_000
    private static let gathering = Duration.milliseconds(50)

    /// Runs until the mailbox is closed or the task cancelled.
    @concurrent
    func run() async {
        var authors: Set<PublicKey> = []
        var due = Int64.max
        var forksTold: [PublicKey: ToldForks] = [:]
        while let news = await mailbox.take(within: authors.isEmpty ? nil : Self.gathering) {
            for part in Self.parts(of: news.wires) { await peering.publish(.deltas(part)) }
            if !news.grown.isEmpty {
                for (_, session) in directory.sessions { session.post { $0.add(grown: news.grown) } }
            }
            for author in news.authors { await tellOfForks(of: author, &forksTold) }
            if authors.isEmpty, !news.authors.isEmpty { due = clock.uptime + 50_000 }
            authors.formUnion(news.authors)
            guard !authors.isEmpty, clock.uptime >= due else { continue }
            await publishHeads(of: authors)
            authors = []
            due = .max
        }
    }

    /// When an author's forks were logged last, and how many there were.
    private struct ToldForks {
        var count = 0
        var time = Int64.min
    }

    /// A fork is evidence and is logged (spec: admission.md, "Forks"), an author's at most once a minute: the audit and
    /// the peers list have them all.
    private func tellOfForks(of author: PublicKey, _ told: inout [PublicKey: ToldForks]) async {
        let last = told[author] ?? ToldForks()
        guard last.time == .min || clock.uptime - last.time > Self.forkLogInterval,
            let forks = try? await log.forks(of: author), forks.count > last.count, let newest = forks.last
        else { return }
        logger.warning(
            "an author's key wrote two histories; both are kept",
            metadata: [
                "author": "\(author.did)", "forks": "\(forks.count)", "sequence": "\(newest.sequence)",
                "ids": "\(newest.ids.prefix(4).map(\.description).joined(separator: " "))",
            ]
        )
        told[author] = ToldForks(count: forks.count, time: clock.uptime)
    }

    private func publishHeads(of authors: Set<PublicKey>) async {
        var heads: [AuthorHead] = []
        for author in authors {
            // What can't be read now is found by asking for news.
            for head in (try? await log.heads(of: author)) ?? [] {
                heads.append(AuthorHead(author: author, id: head.id))
            }
        }
        for start in stride(from: 0, to: heads.count, by: PeeringLimits.headsPage) {
            await peering.publish(.heads(Array(heads[start..<min(start + PeeringLimits.headsPage, heads.count)])))
        }
    }

    private static func parts(of wires: [[UInt8]]) -> [[[UInt8]]] {
        var parts: [[[UInt8]]] = []
        var bytes = Int.max
        for wire in wires {
            if bytes > publicationBytes - wire.count {
                parts.append([])
                bytes = 0
            }
            parts[parts.count - 1].append(wire)
            bytes += wire.count
        }
        return parts
    }
}
