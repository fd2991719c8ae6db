internal import Logging
internal import RhizomeCore
internal import RhizomeIdentity
internal import SignedLog

/// Logs the forks of authors whose logs grew: a fork is evidence (spec: admission.md, "Forks").
///
/// An author's are looked for at most once a second and logged at most once a minute; the peers list tells more of
/// them, and the audit all.
struct ForkWatch: Sendable {
    private struct Told {
        var count = 0
        var notBefore = Int64.min
    }

    private static let lookInterval: Int64 = 1_000_000
    private static let logInterval: Int64 = 60_000_000
    /// Beyond so many forks further ones are no news.
    private static let most = 100

    let log: any DeltaLog
    let clock: NodeClock
    let logger: Logger

    private var told: [PublicKey: Told] = [:]
    private var waiting: Set<PublicKey> = []

    init(log: any DeltaLog, clock: NodeClock, logger: Logger) {
        self.log = log
        self.clock = clock
        self.logger = logger
    }

    /// When to look again, even if no log grows.
    var wait: Duration? { waiting.isEmpty ? nil : .microseconds(Self.lookInterval) }

    /// Looks at the logs of authors that grew, those whose turn it is.
    mutating func look(at authors: Set<PublicKey>) async {
        waiting.formUnion(authors)
        for author in waiting where told[author]?.notBefore ?? .min <= clock.uptime {
            waiting.remove(author)
            // What can't be read now is looked at when the log grows again.
            guard let forks = try? await log.forks(of: author, limit: Self.most) else { continue }
            let isNews = forks.count > told[author]?.count ?? 0
            let interval = isNews ? Self.logInterval : Self.lookInterval
            told[author] = Told(count: forks.count, notBefore: clock.uptime + interval)
            guard isNews, let newest = forks.last else { continue }
            logger.warning(
                "an author's key wrote two histories; both are kept",
                metadata: [
                    "author": "\(author.did)", "forks": "\(forks.count)", "sequence": "\(newest.sequence)",
                    "ids": "\(newest.ids.prefix(4).map(\.description).joined(separator: " "))",
                ]
            )
        }
    }
}
