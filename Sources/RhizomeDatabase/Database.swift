internal import Bytes
package import CoreMetrics
internal import Locks
package import Logging
public import RhizomeCore
public import RhizomeIdentity
public import RhizomeViews
public import SignedStatements

/// A node's database: what it holds, the trust in force, the one way in, and what is seen of it.
///
/// It knows no socket and no peer but by its key: who connects, and what is fetched from whom, is decided by those who
/// hand deltas in. What HTTP shows and what programs read and write goes through here.
public final class Database: Sendable {
    /// Who writes here.
    public let identity: PublicKey
    /// What is held.
    public let log: any DeltaLog
    /// The one clock.
    public let clock: NodeClock
    /// What is counted of each peer.
    public let ledger: PeerLedger
    /// The views of entities that were read lately, kept up to date.
    public let views: ViewCache

    /// The trusted-peer list as it is now, for those who decide by it.
    package let trustInForce: TrustInForce
    /// The one way in.
    package let intake: Intake
    /// Where it is told that the store fails.
    package let health: StoreHealth
    /// Where queries wait for their turn.
    let queries = QueryDesk()
    /// Holds back the first write after a start.
    package let gate = OwnLogGate()

    let exclusions: Exclusions
    private let introductions = IntroductionNews()
    let appended: AppendSignal

    private let metrics: DatabaseMetrics
    private let ownTime: OwnLogTime
    private let observer: (any DatabaseObserver)?
    private let startedAt: Uptime
    private let logger: Logger

    /// A database over a log.
    ///
    /// - Parameters:
    ///   - signer: signs what is written here.
    ///   - trust: the list as it is now; ``run(watching:from:onTrustChange:)`` takes up its changes.
    ///   - log: opened, and used by nobody else for writing.
    ///   - version: of this software, by which stalled deltas are noted.
    ///   - metricsFactory: makes what is counted by; it knows ``metricTable``.
    ///   - observer: told what happens here.
    /// - Throws: what the log throws.
    package init(
        signer: any StatementSigner,
        trust: TrustList,
        log: any DeltaLog,
        clock: NodeClock = .system,
        version: String = SoftwareVersion.current,
        metricsFactory: any MetricsFactory,
        observer: (any DatabaseObserver)? = nil,
        logger: Logger
    ) async throws {
        let own = signer.publicKey
        let metrics = DatabaseMetrics(metricsFactory)
        metrics.keep(trust)
        let ledger = PeerLedger(clock: clock, metrics: metrics) { observer?.penalised($0) }
        let trustInForce = TrustInForce(trust)
        let views = ViewCache()
        let exclusions = Exclusions(log: log)
        let appended = AppendSignal(last: try await log.count())
        let introductions = introductions
        let ownTime = OwnLogTime(of: own, heads: try await log.heads(of: own))
        let health = StoreHealth(clock: clock, logger: logger)
        intake = Intake(
            log: log,
            clock: clock,
            ledger: ledger,
            metrics: metrics,
            health: health,
            signer: signer,
            version: version,
            standing: { author in trustInForce.standing(ofAuthor: author, at: clock.now) },
            onAccepted: { batch in
                exclusions.note(batch)
                views.note(batch)
                introductions.note(batch)
                if let last = batch.last { appended.post(last.position) }
                observer?.appended(batch)
                ownTime.note(batch)
                let foreign = batch.filter { $0.delta.author == own && $0.arrival.receivedFrom != nil }
                guard let peer = foreign.first?.arrival.receivedFrom else { return }
                logger.warning(
                    "a peer holds deltas of this identity that this store lacked; they are taken over. Was the store restored from a backup? If not, somebody else has the key",
                    metadata: ["peer": "\(peer.did)", "deltas": "\(foreign.count)"]
                )
            },
            onGap: { missing, author, source in observer?.missing(missing, of: author, from: source) }
        )
        identity = own
        self.log = log
        self.clock = clock
        self.ledger = ledger
        self.views = views
        self.trustInForce = trustInForce
        self.health = health
        self.metrics = metrics
        self.exclusions = exclusions
        self.appended = appended
        self.ownTime = ownTime
        self.observer = observer
        startedAt = clock.uptime
        self.logger = logger
    }

    // MARK: - Running

    /// Takes up changes of the trusted-peer list, and what is due of what waits, until the task is cancelled.
    ///
    /// Who waits for new deltas is let go then.
    ///
    /// - Parameters:
    ///   - loaded: the state of the journal whose list is in force.
    ///   - writer: states whom introductions have the owner trust; they have no effect where `nil`.
    ///   - onTrustChange: told of each change once it is in force, before deltas are taken in by it.
    @concurrent
    package func run(
        watching journal: TrustJournal,
        from loaded: TrustJournal.Loaded,
        following writer: TrustWriter? = nil,
        onTrustChange: @escaping @Sendable (TrustWatch.Change) async -> Void
    ) async {
        let watch = TrustWatch(journal: journal, trust: trustInForce, clock: clock, logger: logger) { change in
            self.metrics.keep(self.trust)
            self.introductions.note(introducers: change.introducers, changed: change.changedIntroducers)
            await onTrustChange(change)
            if change.changesAuthors { await self.takeUpTrusted() }
        }
        await withTaskCancellationHandler {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await watch.run(from: loaded) }
                group.addTask { await self.keepHouse() }
                if let writer {
                    group.addTask { await self.follower(stating: writer).run() }
                }
            }
        } onCancel: {
            appended.close()
        }
    }

    private func follower(stating writer: TrustWriter) -> IntroductionFollower {
        IntroductionFollower(
            news: introductions,
            log: log,
            exclusion: { [self] in try await exclusion() },
            trust: trustInForce,
            writer: writer,
            clock: clock,
            logger: logger
        )
    }

    /// Takes up what waited for trust in its author.
    private func takeUpTrusted() async {
        do {
            try await intake.trustChanged()
        } catch {
            health.failed(error)
        }
        observer?.authorsChanged()
    }

    /// Takes up what is due, once a second while something waits for that, and warns where the clock keeps this node from
    /// writing, within a minute.
    @concurrent
    private func keepHouse() async {
        var warnings = Hourly()
        var wait = Duration.seconds(1)
        while await intake.timeWaits.take(within: wait, by: clock) != nil {
            do {
                try await intake.takeUpDue()
            } catch {
                health.failed(error)
            }
            if let error = writeError, warnings.isDue(now: clock.uptime) {
                logger.warning("nothing can be written here", metadata: ["error": "\(error)"])
            }
            wait = await intake.waitsForTime ? .seconds(1) : .seconds(60)
        }
    }

    // MARK: - What is asked of it

    /// The trusted-peer list as it is now.
    public var trust: TrustList { trustInForce.list }

    /// How long the database has been open.
    public var uptimeSeconds: Int64 { (clock.uptime - startedAt).components.seconds }

    /// Writes deltas by this node's identity, in order and in one transaction.
    ///
    /// The first write after a start waits until the peers were asked for our own log, for at most 3 s.
    ///
    /// - Returns: the deltas, once they are durable.
    public func write(_ drafts: [Draft]) async throws(WriteError) -> [StoredDelta] {
        try await write(LocalWrite(drafts))
    }

    /// The same of drafts that are planned within the transaction.
    package func write(_ write: LocalWrite) async throws(WriteError) -> [StoredDelta] {
        await gate.pass()
        return try await intake.write(write)
    }

    /// Why nothing can be written now: our own last delta is too far ahead of this clock; `nil` where it isn't.
    ///
    /// What keeps a single write from working, as a value to be replaced that is ahead, or the disk, isn't told.
    public var writeError: WriteError? { ownTime.error(now: clock.now) }

    /// Takes a signed delta by any author through admission, as if it had been written here.
    ///
    /// - Throws: ``DeltaLogError`` where the store can't keep it.
    public func submit(_ wire: [UInt8]) async throws -> Judgement {
        guard let judgement = try await submit([wire]).first else {
            preconditionFailure("each delta that is handed in is judged")
        }
        return judgement
    }

    /// Takes signed deltas by any authors through admission, in their order; says of each what became of it.
    ///
    /// - Throws: ``DeltaLogError`` where the store can't keep them.
    public func submit(_ wires: [[UInt8]]) async throws -> [Judgement] { try await intake.submit(wires, from: nil) }

    /// Measures what only changes when somebody looks: to be called before the metrics are shown.
    public func measure() async {
        await intake.measure()
        metrics.uptime.set(uptimeSeconds)
        let cached = views.statistics
        metrics.cachedEntities.set(cached.entities)
        metrics.cacheBytes.set(cached.bytes)
        metrics.cacheHits.set(cached.hits)
        metrics.cacheMisses.set(cached.misses)
        metrics.longReads.set(views.computing.inFlight)
        metrics.answerBytes.set(AnswerMemory.shared.taken)
        metrics.waitingAnswers.set(AnswerMemory.shared.waitingCount)
        // What can't be read now stays as it was.
        if let count = try? await log.count() { metrics.deltas.set(count) }
    }
}
