internal import Bytes
internal import Logging
internal import RhizomeCore
internal import RhizomeDatabase
internal import RhizomeIdentity
internal import SignedStatements

/// Logs the forks of authors whose logs may have forked: a fork is evidence (spec: admission.md, "Forks").
///
/// An author's are looked for at most once a second and logged at most once a minute; the peers list tells more of
/// them, and the audit all.
struct ForkWatch: Sendable {
    private struct Told {
        var count = 0
        var notBefore = Uptime.min
    }

    private static let lookInterval = Duration.seconds(1)
    private static let logInterval = Duration.seconds(60)
    /// Beyond so many forks further ones are no news.
    private static let most = 100

    /// Authors to whose logs something was appended that doesn't go straight on from what was appended before.
    let branched: Mailbox<Set<PublicKey>>
    let log: any AuthorLogs
    let clock: NodeClock
    let logger: Logger

    /// Runs until the mailbox is closed or the task cancelled.
    @concurrent
    func run() async {
        var told: [PublicKey: Told] = [:]
        var waiting: Set<PublicKey> = []
        while let authors = await branched.take(within: waiting.isEmpty ? nil : Self.lookInterval, by: clock) {
            waiting.formUnion(authors)
            for author in waiting where told[author]?.notBefore ?? .min <= clock.uptime {
                guard let forks = try? await log.forks(of: author, limit: Self.most) else {
                    // What can't be read now is looked at again.
                    told[author, default: Told()].notBefore = clock.uptime + Self.lookInterval
                    continue
                }
                waiting.remove(author)
                let isNews = forks.count > told[author]?.count ?? 0
                if isNews { tell(forks, of: author) }
                let interval = isNews ? Self.logInterval : Self.lookInterval
                told[author] = Told(count: forks.count, notBefore: clock.uptime + interval)
            }
        }
    }

    private func tell(_ forks: [Fork], of author: PublicKey) {
        guard let newest = forks.last else { return }
        logger.warning(
            "an author's key wrote two histories; both are kept",
            metadata: [
                "author": "\(author.did)", "forks": "\(forks.count)", "sequence": "\(newest.sequence)",
                "ids": "\(newest.ids.prefix(4).map(\.description).joined(separator: " "))",
            ]
        )
    }
}
