internal import Bytes
public import CoreMetrics
internal import Glibc
internal import Locks
public import Logging
public import RhizomeCore
public import RhizomeIdentity
public import RhizomeViews
public import SignedLog
internal import Sodium
internal import ZeroMQ

/// A running node: its sockets, its peers, the one way in, and catching up.
///
/// `init` loads the trusted-peer list and binds; `run()` does the rest until its task is cancelled. What HTTP and the
/// commands ask is asked here.
public final class Node: Sendable {
    /// Whose node it is.
    public let identity: PublicKey
    /// A label for people.
    public let peerID: String
    /// What is held.
    public let log: any DeltaLog
    /// The one clock.
    public let clock: NodeClock
    /// What is counted of each peer.
    public let ledger: PeerLedger
    /// The `host:port` at which peers find the ROUTER, or where it is bound if they aren't told.
    public let requestAddress: String
    /// The same for the PUB.
    public let publishAddress: String

    let metrics: NodeMetrics
    /// The views of entities that were read lately, kept up to date.
    public let views: ViewCache

    private let configuration: NodeConfiguration
    private let intake: Intake
    private let health: StoreHealth
    private let admittance: Admittance
    private let peering: Peering
    private let directory: PeerDirectory
    private let thread: SocketThread
    private let journal: TrustJournal
    private let loadedTrust: TrustJournal.Loaded
    private let announcements: Mailbox<Announcer.News>
    private let appended: AppendSignal
    private let linkChanges: Mailbox<LinkChanges>
    private let jobs: AsyncStream<Peering.Job>
    private let gate: OwnLogGate
    private let holdings: PeerHoldings
    private let onProgress: @Sendable (CatchUpProgress) -> Void
    private let hello: @Sendable () async -> Hello
    private let logger: Logger
    private let startedAt: Int64
    private let ownTime: OwnLogTime
    private let exclusions: Exclusions

    /// What is to be done about links; posted from anywhere, done by one task.
    private struct LinkChanges: Sendable {
        var admitted: Set<PublicKey> = []
        var penalised: Set<PublicKey> = []
        var restated: Set<PublicKey> = []
    }

    /// Sees to it that the process may have as many descriptors as a node needs, and 32 more for its connections.
    ///
    /// To be called before the store is opened, which takes some of them; `init` does so as well.
    ///
    /// - Throws: ``NodeError`` `descriptors`.
    public static func requireDescriptors() throws(NodeError) {
        // Measured: about 50, and 3 more for each processor; as many as 32 are kept free (``DescriptorLimit``).
        let needed = 100 + 4 * sysconf(Int32(_SC_NPROCESSORS_ONLN))
        let limit = DescriptorLimit.raise()
        guard limit < needed else { return }
        throw NodeError(
            .descriptors,
            "a process may have \(limit) open files here (RLIMIT_NOFILE), and a node needs \(needed), and about 10 more for "
                + "each peer: raise the hard limit (ulimit -Hn \(max(1_024, 2 * needed)); LimitNOFILE= of a systemd service)"
        )
    }

    /// How many descriptors the process may have.
    package static var descriptorLimit: Int { DescriptorLimit.current }

    /// Starts libsodium and loads the list, then binds both sockets.
    ///
    /// - Parameters:
    ///   - identity: who writes here.
    ///   - home: where the trusted-peer list is.
    ///   - log: opened, and used by nobody else for writing.
    ///   - onProgress: told how far fetching from a peer has come, ten times a second at most where it takes longer than
    ///     one; must not wait.
    ///   - metricsFactory: makes what the node counts by; it knows ``metricTable``.
    /// - Throws: ``NodeError`` `address` and `descriptors`; what
    ///   ``TrustJournal/loadWitnessed(isWitnessNeeded:patience:)`` throws.
    public init(
        configuration: NodeConfiguration,
        identity: Identity,
        home: Home,
        log: any DeltaLog,
        clock: NodeClock = .system,
        metricsFactory: any MetricsFactory,
        onProgress: @escaping @Sendable (CatchUpProgress) -> Void = { _ in },
        logger: Logger
    ) async throws {
        try SodiumLibrary.initialize()
        try Self.requireDescriptors()
        let journal = TrustJournal(home: home, owner: identity.publicKey)
        let loaded = try journal.loadWitnessed(isWitnessNeeded: try await log.count() > 0)
        if loaded.wasRepaired { logger.warning("trust.journal ended in a torn write, which was taken away") }
        try journal.recordSeen(loaded.list)

        let linkChanges = Mailbox(LinkChanges())
        let announcements = Mailbox(Announcer.News())
        let directory = PeerDirectory(clock: clock)
        let metrics = NodeMetrics(metricsFactory)
        metrics.keep(loaded.list)
        let ledger = PeerLedger(clock: clock, metrics: metrics) { peer in
            linkChanges.post { _ = $0.penalised.insert(peer) }
        }
        let admittance = Admittance(
            trust: loaded.list,
            clock: clock,
            isPenalised: { ledger.isPenalised($0) },
            onAdmitted: { peer in linkChanges.post { _ = $0.admitted.insert(peer) } }
        )
        let own = identity.publicKey
        let views = ViewCache()
        let exclusions = Exclusions(log: log)
        let appended = AppendSignal(last: try await log.count())
        let ownTime = OwnLogTime(of: own, heads: try await log.heads(of: own))
        let health = StoreHealth(clock: clock, logger: logger)
        let intake = Intake(
            log: log,
            clock: clock,
            ledger: ledger,
            metrics: metrics,
            health: health,
            signer: identity,
            version: configuration.version,
            standing: { author in
                switch admittance.trust.standing(of: author, at: clock.now) {
                case .own: .mayWrite(trustStatement: nil)
                case .trusted(let entry) where entry.may.contains(.author): .mayWrite(trustStatement: entry.statement)
                case .trusted, .unknown: .unknown
                case .distrusted: .distrusted
                }
            },
            onAccepted: { batch in
                exclusions.note(batch)
                views.note(batch)
                if let last = batch.last { appended.post(last.position) }
                announcements.post { $0.add(batch, own: own) }
                ownTime.note(batch)
                let foreign = batch.filter { $0.delta.author == own && $0.arrival.receivedFrom != nil }
                guard let peer = foreign.first?.arrival.receivedFrom else { return }
                logger.warning(
                    "a peer holds deltas of this identity that this store lacked; they are taken over. Was the store restored from a backup? If not, somebody else has the key",
                    metadata: ["peer": "\(peer.did)", "deltas": "\(foreign.count)"]
                )
            },
            onGap: { missing, author, source in
                directory.session(of: source)?.post { $0.add(missing: missing, of: author) }
            }
        )
        let thread = try SocketThread(name: "rhizome-sockets")
        let (jobs, jobSource) = AsyncStream<Peering.Job>.makeStream()
        let peering = try Peering(
            thread: thread,
            configuration: configuration,
            identity: identity,
            clock: clock,
            ledger: ledger,
            metrics: metrics,
            admittance: admittance,
            logger: logger,
            jobs: jobSource,
            onLinkEvent: { peer, event in
                directory.session(of: peer)?.post { news in
                    switch event {
                    case .authenticated: news.isUp = true
                    case .lost:
                        news.isUp = false
                        news.wasLost = true
                    case .publicationDropped, .subscribed: news.asksForNews = true
                    case .stoppedAsking: news.stoppedAsking = true
                    }
                }
            }
        )
        do {
            let domain = try await ZAPHandler.shared().open(domain: own.did) { key, address in
                guard let key = Bytes32(key) else { return .refuse }
                return admittance.decide(transportKey: key, address: address)
            }
            try await peering.bind(domain: domain)
        } catch {
            await peering.close()
            await thread.stop(within: .seconds(1))
            throw error
        }
        guard let request = await peering.requestListener, let publish = await peering.publishListener else {
            preconditionFailure("bound sockets listen")
        }
        let requestTold = configuration.request.told(port: request.port)
        // Only the port of it counts, which those need as well who find us where we weren't told to be.
        let publishTold = configuration.publish.told(port: publish.port) ?? Text("0.0.0.0:\(publish.port)")
        hello = {
            Hello(
                agent: Text(configuration.agent),
                name: Text(configuration.peerID),
                request: requestTold,
                publish: publishTold,
                topic: configuration.topic,
                time: clock.now
            )
        }
        requestAddress = requestTold?.string ?? String(request.endpoint.dropFirst("tcp://".count))
        publishAddress =
            configuration.publish.told(port: publish.port)?.string ?? String(publish.endpoint.dropFirst("tcp://".count))
        gate = OwnLogGate(peers: Set(Self.links(loaded.list, configuration, at: clock.now).keys))
        self.identity = own
        peerID = configuration.peerID
        self.configuration = configuration
        self.log = log
        self.clock = clock
        self.ledger = ledger
        self.intake = intake
        self.health = health
        self.admittance = admittance
        self.peering = peering
        self.directory = directory
        self.thread = thread
        self.journal = journal
        loadedTrust = loaded
        self.metrics = metrics
        self.views = views
        self.exclusions = exclusions
        self.onProgress = onProgress
        holdings = PeerHoldings(log: log, directory: directory, admittance: admittance, clock: clock)
        self.announcements = announcements
        self.appended = appended
        self.linkChanges = linkChanges
        self.jobs = jobs
        self.logger = logger
        startedAt = clock.uptime
        self.ownTime = ownTime
    }

    /// The peers to which we go, with their addresses: those of the list first, then the seeds'.
    private static func links(
        _ trust: TrustList,
        _ configuration: NodeConfiguration,
        at now: Int64
    ) -> [PublicKey: [PeerAddress]] {
        var links: [PublicKey: [PeerAddress]] = [:]
        for entry in trust.entries.values where entry.isTrusted(at: now) && entry.identity != configuration.identity {
            let seeds = configuration.seeds[entry.identity] ?? []
            let addresses = entry.addresses + seeds.filter { !entry.addresses.contains($0) }
            if !addresses.isEmpty { links[entry.identity] = addresses }
        }
        return links
    }

    /// Warns of seed peers to which this node doesn't go, among these.
    private func tellUnused(_ peers: some Collection<PublicKey>) {
        for peer in Set(peers).intersection(configuration.seeds.keys).sorted() {
            let reason: String
            switch admittance.trust.standing(of: peer, at: clock.now) {
            case .own, .trusted: continue
            case .distrusted where admittance.trust.entries[peer]?.action == .trust: reason = "its trust has run out"
            case .distrusted: reason = "it is distrusted"
            case .unknown: reason = "it isn't in the list"
            }
            logger.warning(
                "a seed peer (RHIZOME_SEED_PEERS) isn't gone to, since it isn't trusted; to go there: rhizome-keys trust DID, else take it out of the setting",
                metadata: [
                    "peer": "\(peer.did)", "name": "\(admittance.trust.lastName(of: peer) ?? "")",
                    "reason": "\(reason)",
                    "addresses": "\(configuration.seeds[peer, default: []].map(\.description).joined(separator: " "))",
                ]
            )
        }
    }

    // MARK: - Running

    /// Serves, connects and catches up until the task is cancelled; then closes all sockets, within 2 s.
    public func run() async {
        tellUnused(configuration.seeds.keys)
        let (sessions, newSession) = AsyncStream<PeerSession>.makeStream()
        let server = RequestServer(
            configuration: configuration,
            log: log,
            intake: intake,
            clock: clock,
            ledger: ledger,
            admittance: admittance,
            peering: peering,
            directory: directory,
            hello: hello,
            health: health
        )
        let grownLogs = Mailbox<Set<PublicKey>>([])
        let announcer = Announcer(
            mailbox: announcements,
            grownLogs: grownLogs,
            peering: peering,
            directory: directory,
            clock: clock
        )
        let forks = ForkWatch(grown: grownLogs, log: log, clock: clock, logger: logger)
        let watch = TrustWatch(journal: journal, admittance: admittance, clock: clock, logger: logger) { change in
            await self.trustChanged(change)
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await server.serve(self.jobs) }
            group.addTask { await announcer.run() }
            group.addTask { await forks.run() }
            group.addTask { await self.runSessions(sessions) }
            group.addTask { await self.keepLinks(newSession) }
            group.addTask { await self.keepHouse() }
            group.addTask { await watch.run(from: self.loadedTrust) }
            group.addTask {
                // Until cancelled. Then whoever waits for a peer's answer must not wait for its deadline.
                while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
                self.appended.close()
                await self.peering.close()
            }
            for await _ in group {}
        }
        await thread.stop(within: .seconds(2))
    }

    @concurrent
    private func runSessions(_ sessions: AsyncStream<PeerSession>) async {
        await withDiscardingTaskGroup { group in
            for await session in sessions { group.addTask { await session.run() } }
        }
    }

    /// Makes links and sessions what the list says: after each change, and once a second, since penalties end.
    @concurrent
    private func keepLinks(_ newSession: AsyncStream<PeerSession>.Continuation) async {
        var changes = LinkChanges()
        repeat {
            for peer in changes.penalised { await peering.penalise(peer) }
            let wanted = Self.links(admittance.trust, configuration, at: clock.now)
                .filter { !ledger.isPenalised($0.key) }
            for (peer, mailbox) in directory.sessions where wanted[peer] == nil {
                mailbox.close()
                directory.update(peer) { $0.session = nil }
                gate.settled(peer)
            }
            for peer in wanted.keys {
                let mailbox = Mailbox(SessionNews())
                guard directory.openSession(with: peer, mailbox) else { continue }
                newSession.yield(session(with: peer, mailbox))
            }
            await peering.keepLinks(to: wanted, reopening: changes.restated)
            for peer in changes.admitted { await peering.tryAgain(peer) }
            guard let next = await linkChanges.take(within: .seconds(1)) else { return }
            changes = next
        } while !Task.isCancelled
    }

    private func session(with peer: PublicKey, _ mailbox: Mailbox<SessionNews>) -> PeerSession {
        PeerSession(
            peer: peer,
            mailbox: mailbox,
            log: log,
            intake: intake,
            clock: clock,
            ledger: ledger,
            admittance: admittance,
            peering: peering,
            directory: directory,
            configuration: configuration,
            hello: hello,
            meter: FetchMeter(
                peer: peer,
                name: { [admittance] in admittance.trust.entries[peer]?.name ?? peer.short },
                clock: clock,
                logger: logger,
                onProgress: onProgress
            ),
            onCompared: { [gate] in gate.settled($0) },
            logger: logger
        )
    }

    private func trustChanged(_ change: TrustWatch.Change) async {
        metrics.keep(admittance.trust)
        let wasRefused = change.admitted.contains { $0.transportKey.map { admittance.wasRefused($0) } ?? false }
        // One accepted connection can't be closed alone; nor does a client that was refused before try again by itself.
        if !change.excluded.isEmpty || wasRefused {
            await peering.rebind(reason: change.excluded.isEmpty ? "trust given" : "trust taken back")
        }
        linkChanges.post { $0.restated.formUnion(change.restated) }
        tellUnused(change.restated.union(change.excluded))
        await announce(change.revealed)
        guard change.changesAuthors else { return }
        do {
            try await intake.trustChanged()
        } catch {
            health.failed(error)
        }
        for (_, session) in directory.sessions { session.post { $0.comparesAll = true } }
    }

    /// Tells peers of logs that were kept from them: they have passed over these, which don't change by being shown.
    private func announce(_ authors: Set<PublicKey>) async {
        for author in authors {
            do {
                let heads = try await log.heads(of: author).map { AuthorHead(author: author, id: $0.id) }
                announcements.post { $0.add(heads) }
            } catch {
                health.failed(error)
            }
        }
    }

    /// Says whether something may be told: once an hour.
    private struct Hourly {
        private var toldAt: Int64?

        mutating func isDue(now: Int64) -> Bool {
            if let toldAt, now - toldAt <= 3_600_000_000 { return false }
            toldAt = now
            return true
        }
    }

    /// Once a second: takes up what is due, tells who knocked, and warns where the clock is off.
    @concurrent
    private func keepHouse() async {
        var offWarnings = Hourly()
        var writeWarnings = Hourly()
        var knocks = KnockLog()
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(1))
            tell(knocks.next(admittance.refusedKeys, now: clock.uptime))
            do {
                try await intake.takeUpDue()
            } catch {
                health.failed(error)
            }
            if let error = writeError, writeWarnings.isDue(now: clock.uptime) {
                logger.warning("nothing can be written here", metadata: ["error": "\(error)"])
            }
            guard let offset = directory.medianOffset, abs(offset) > 60_000_000,
                offWarnings.isDue(now: clock.uptime)
            else { continue }
            logger.warning(
                "this clock is off the peers' by more than a minute; set it right (timedatectl)",
                metadata: ["seconds": "\(-offset / 1_000_000)"]
            )
        }
    }

    private func tell(_ knocks: KnockLog.Lines) {
        for key in knocks.keys {
            let known = key.candidates.first { admittance.trust.entries[$0] != nil }
            let candidates = known.map { [$0] } ?? key.candidates
            logger.notice(
                "a key asked for a connection and was refused; to let it in: rhizome-keys trust DID --name NAME",
                metadata: [
                    "address": "\(key.address)",
                    "candidates": "\(candidates.map(\.did).joined(separator: " "))",
                    "name": "\(known.flatMap { admittance.trust.lastName(of: $0) } ?? "")",
                ]
            )
        }
        guard knocks.others > 0 else { return }
        logger.notice(
            "more keys asked for a connection and were refused; see GET /api/peers/refused",
            metadata: ["keys": "\(knocks.others)"]
        )
    }

    // MARK: - What HTTP and the commands ask

    /// The trusted-peer list as it is now.
    public var trust: TrustList { admittance.trust }

    /// How long the node has been running.
    public var uptimeSeconds: Int64 { (clock.uptime - startedAt) / 1_000_000 }

    /// Writes deltas by this node's identity, in order and in one transaction.
    ///
    /// The first write after a start waits until the peers were asked for our own log, for at most 3 s.
    ///
    /// - Returns: the deltas, once they are durable.
    public func write(_ drafts: [Draft]) async throws(WriteError) -> [StoredDelta] {
        await gate.pass()
        return try await intake.write(drafts)
    }

    /// Why nothing can be written now: our own last delta is too far ahead of this clock; `nil` where it isn't.
    ///
    /// What keeps a single write from working, as a value to be replaced that is ahead, or the disk, isn't told.
    public var writeError: WriteError? { ownTime.error(now: clock.now) }

    /// The position of the last delta that was appended; whatever was answered is at or before it.
    package var lastPosition: Int64 { appended.last }

    /// Waits until something is appended after a position.
    ///
    /// - Returns: false where that won't come: the node was shut down, or the task cancelled.
    package func waitForDeltas(after position: Int64) async -> Bool { await appended.wait(beyond: position) }

    /// Reads entities as this node sees them now.
    package func reader() async throws -> EntityReader {
        EntityReader(log: log, without: try await exclusion(), cache: views)
    }

    /// Takes a signed delta by any author through admission, as if it had been written here.
    ///
    /// - Throws: ``DeltaLogError`` where the store can't keep it.
    public func submit(_ wire: [UInt8]) async throws -> Judgement {
        guard let judgement = try await intake.submit([wire], from: nil).first else {
            preconditionFailure("each delta that is handed in is judged")
        }
        return judgement
    }

    /// Keys that asked for a connection and were refused, the one seen last first.
    public func refusedKeys() -> [RefusedKey] { admittance.refusedKeys }

    /// Forks of one peer that its status tells at most; the audit has them all.
    private static let forksTold = 100

    /// This node, then every trusted entry by the bytes of its petname.
    public func peers() async throws -> [PeerStatus] {
        let states = await peering.states()
        let stalls = Dictionary(grouping: try await log.stalls(), by: \.author)
        let lags = try await holdings.lags()
        var peers: [PeerStatus] = []
        peers.append(
            PeerStatus(
                identity: identity,
                name: peerID,
                requestAddress: requestAddress,
                publishAddress: publishAddress,
                isSelf: true,
                isSeedPeer: false,
                counts: ledger.counts(of: nil),
                state: .self,
                clockOffsetMicroseconds: nil,
                roundTripMicroseconds: nil,
                lastSeen: nil,
                behind: nil,
                ahead: nil,
                forks: try await log.forks(of: identity, limit: Self.forksTold),
                stalled: (stalls[identity] ?? []).map(\.id)
            )
        )
        for entry in admittance.trust.entriesByName {
            let known = directory[entry.identity]
            let state = states[entry.identity] ?? Peering.PeerState()
            peers.append(
                PeerStatus(
                    identity: entry.identity,
                    name: entry.name ?? entry.identity.short,
                    requestAddress: (state.address ?? entry.addresses.first).map { "\($0)" }
                        ?? known.hello?.request?.string,
                    publishAddress: known.hello?.publish?.string,
                    isSelf: false,
                    isSeedPeer: configuration.seeds[entry.identity] != nil,
                    counts: ledger.counts(of: entry.identity),
                    state: Self.state(state, isConnected: directory.isConnected(state)),
                    clockOffsetMicroseconds: known.clock.best?.offsetMicroseconds,
                    roundTripMicroseconds: known.clock.best?.roundTripMicroseconds,
                    lastSeen: known.lastSeen,
                    behind: lags[entry.identity]?.behind,
                    ahead: lags[entry.identity]?.ahead,
                    forks: try await log.forks(of: entry.identity, limit: Self.forksTold),
                    stalled: (stalls[entry.identity] ?? []).map(\.id)
                )
            )
        }
        return peers
    }

    private static func state(_ state: Peering.PeerState, isConnected: Bool) -> PeerStatus.State {
        if isConnected { return .connected }
        return switch state.phase {
        case .authenticated, .connecting: .connecting
        case .refused: .waitingForTrust
        case .connected, .unreachable, nil: .unreachable
        }
    }

    /// The peers known to hold a delta: those that brought it, and those one of whose heads reaches it.
    public func holders(of stored: StoredDelta) async throws -> [PublicKey] { try await holdings.holders(of: stored) }

    /// Measures what only changes when somebody looks: to be called before the metrics are shown.
    public func measure() async {
        await intake.measure()
        await peering.measure()
        let states = await peering.states()
        metrics.connectedPeers.set(states.values.count { directory.isConnected($0) })
        metrics.refusedKeys.set(admittance.refusedKeys.count)
        metrics.uptime.set(uptimeSeconds)
        let cached = views.statistics
        metrics.cachedEntities.set(cached.entities)
        metrics.cacheBytes.set(cached.bytes)
        metrics.cacheHits.set(cached.hits)
        metrics.cacheMisses.set(cached.misses)
        metrics.longReads.set(views.computing.inFlight)
        // What can't be read now stays as it was.
        if let count = try? await log.count() { metrics.deltas.set(count) }
        for (peer, lag) in (try? await holdings.lags()) ?? [:] { metrics.lag(lag, of: peer) }
    }

    /// Which deltas of distrusted authors views leave out now (spec: views.md, step 1).
    ///
    /// The same one until the trusted-peer list changes, or the log of an author of whom it keeps a part.
    public func exclusion() async throws -> ViewCache.Exclusion {
        try await exclusions.exclusion(by: admittance.trust)
    }
}
