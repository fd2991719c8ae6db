internal import Bytes
internal import Dispatch
internal import HomeFiles
internal import Logging
internal import RhizomeIdentity
package import SignedStatements

/// Takes up changes of the trusted-peer list while the node runs, and trust that runs out (spec: identity.md).
///
/// It is woken by the system when something happens in the home's folder, and looks then whether the journal's file
/// changed. Where the system doesn't tell, as of what another machine writes to a file system that both use, it looks by
/// itself often enough for what is promised: 2 s. What waits for the disk or for the journal's lock does so on a queue of
/// its own, not on Swift's pool.
package struct TrustWatch: Sendable {
    /// What changed from one list to the next.
    package struct Change: Sendable {
        /// Who may connect now and might not before.
        package var admitted: Set<PublicKey> = []
        /// Who may not connect any more.
        package var excluded: Set<PublicKey> = []
        /// About whom there is a new statement.
        package var restated: Set<PublicKey> = []
        /// Whose deltas are shown to peers now and were not before: they were distrusted with keep none.
        package var revealed: Set<PublicKey> = []
        /// Who may introduce others now.
        var introducers: Set<PublicKey> = []
        /// Of whom that has changed, or about whom there is a new statement and it has not.
        var changedIntroducers: Set<PublicKey> = []
        /// Whether an author's deltas are taken that were not, or not any more.
        package var changesAuthors = false
    }

    let journal: TrustJournal
    let trust: TrustInForce
    let clock: NodeClock
    let logger: Logger
    let startWatch: @Sendable (TrustJournal, @escaping @Sendable () -> Void) -> FolderWatch?
    let onChange: @Sendable (Change) async -> Void

    /// How often the file is looked at where the system tells of changes, and where it can't be had for that, or what has
    /// changed can't be taken up yet.
    private static let (interval, shortInterval) = (Duration.milliseconds(1_500), Duration.milliseconds(250))
    /// How long a writer is waited for; the next look comes soon, and a node that is told to stop stops.
    private static let lockPatience = Duration.milliseconds(500)

    private let queue = DispatchQueue(label: "rhizome.trust")

    private struct Snapshot: Equatable {
        var mayConnect: Set<PublicKey> = []
        var mayAuthor: Set<PublicKey> = []
        var hidden: Set<PublicKey> = []
        /// By which statement each.
        var mayIntroduce: [PublicKey: Timestamp] = [:]
        var statements: [PublicKey: Timestamp] = [:]

        init(_ list: TrustList, now: Timestamp) {
            for (identity, entry) in list.entries {
                statements[identity] = entry.time
                if list.mayConnect(identity, at: now) { mayConnect.insert(identity) }
                if list.mayAuthor(identity, at: now) { mayAuthor.insert(identity) }
                if list.mayIntroduce(identity, at: now) { mayIntroduce[identity] = entry.time }
                if case .distrusted(.none) = list.standing(of: identity, at: now) { hidden.insert(identity) }
            }
        }
    }

    /// - Parameter startWatch: has the system tell of changes, `nil` where it can't.
    init(
        journal: TrustJournal,
        trust: TrustInForce,
        clock: NodeClock,
        logger: Logger,
        startWatch: @escaping @Sendable (TrustJournal, @escaping @Sendable () -> Void) -> FolderWatch? = {
            $0.watch($1)
        },
        onChange: @escaping @Sendable (Change) async -> Void
    ) {
        self.journal = journal
        self.trust = trust
        self.clock = clock
        self.logger = logger
        self.startWatch = startWatch
        self.onChange = onChange
    }

    /// Puts the journal as it is now into force, then on record.
    ///
    /// - Returns: which state of the file it is.
    private func takeUp() async throws -> TrustJournal.Version {
        try await queue.run { [journal, trust] in
            let loaded = try journal.loadWitnessed(patience: Self.lockPatience)
            trust.update(loaded.list)
            try journal.recordSeen(loaded.list)
            return loaded.version
        }
    }

    /// Until just after a moment, so that trust that runs out at it has run out.
    private static func wait(from now: Timestamp, to end: Timestamp) -> Duration {
        end == .max ? .seconds(3_600) : end - now + .milliseconds(1)
    }

    /// Runs until the task is cancelled.
    @concurrent
    func run(from loaded: TrustJournal.Loaded) async {
        var version = loaded.version
        var now = clock.now
        var snapshot = Snapshot(loaded.list, now: now)
        // When it was made, and until when it says the same of the same list.
        var holds = now...(loaded.list.nextExpiry(after: now) ?? .max)
        var head = loaded.list.head
        var lastError = ""
        let mailbox = Mailbox(())
        let watch = startWatch(journal) { mailbox.post { _ in } }
        // The watch ends with this call.
        defer { withExtendedLifetime(watch) {} }
        // What changed since it was loaded is seen by the first look.
        var wait = Duration.zero
        while await mailbox.take(within: wait, by: clock) != nil {
            wait = watch == nil ? Self.shortInterval : Self.interval
            if journal.version != version {
                do {
                    version = try await takeUp()
                    lastError = ""
                } catch {
                    // What was verified stays in force: a damaged journal must not open or close a door.
                    wait = Self.shortInterval
                    if lastError != "\(error)" {
                        lastError = "\(error)"
                        logger.error(
                            "the trusted-peer list can't be taken up; the last good one stays in force",
                            metadata: ["error": "\(error)"]
                        )
                    }
                }
            }
            now = clock.now
            let list = trust.list
            // A clock that is set back gives trust back that had run out.
            guard list.head != head || !holds.contains(now) else {
                wait = min(wait, Self.wait(from: now, to: holds.upperBound))
                continue
            }
            head = list.head
            holds = now...(list.nextExpiry(after: now) ?? .max)
            wait = min(wait, Self.wait(from: now, to: holds.upperBound))
            let next = Snapshot(list, now: now)
            guard next != snapshot else { continue }
            let change = Change(
                admitted: next.mayConnect.subtracting(snapshot.mayConnect),
                excluded: snapshot.mayConnect.subtracting(next.mayConnect),
                restated: Set(next.statements.filter { snapshot.statements[$0.key] != $0.value }.keys),
                revealed: snapshot.hidden.subtracting(next.hidden),
                introducers: Set(next.mayIntroduce.keys),
                changedIntroducers: Set(next.mayIntroduce.keys).union(snapshot.mayIntroduce.keys)
                    .filter { next.mayIntroduce[$0] != snapshot.mayIntroduce[$0] },
                changesAuthors: next.mayAuthor != snapshot.mayAuthor
            )
            snapshot = next
            logger.info(
                "the trusted-peer list changed",
                metadata: ["admitted": "\(change.admitted.count)", "excluded": "\(change.excluded.count)"]
            )
            await onChange(change)
        }
    }
}
