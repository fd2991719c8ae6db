internal import Bytes
package import CoreMetrics
package import Logging
public import RhizomeCore
public import RhizomeDatabase
package import RhizomeIdentity
public import SignedStatements
internal import ZeroMQ

/// What goes on between a database and its node's peers: sockets, sessions, catching up.
///
/// `init` binds; `run()` does the rest until its task is cancelled.
public final class PeerNetwork: PeerReporting {
    /// The `host:port` at which peers find the ROUTER, or where it is bound if they aren't told.
    public let requestAddress: String
    /// The same for the PUB.
    public let publishAddress: String

    private let configuration: NodeConfiguration
    private let database: Database
    private let mail: PeeringMail
    private let metrics: PeeringMetrics
    private let policy: ConnectionPolicy
    let peering: Peering
    private let thread: SocketThread
    private let jobs: AsyncStream<PeerJob>
    private let guestRequests: AsyncStream<GuestRequest>
    private let guestBook: GuestBook
    let known: KnownAddresses
    private let own: OwnAddresses
    /// None where peers aren't looked for on local networks.
    private let localNetwork: LocalNetwork?
    private let holdings: PeerHoldings
    private let rhythm = Rhythm()
    private let hello: @Sendable () async -> Hello
    private let onProgress: @Sendable (CatchUpProgress) -> Void
    private let logger: Logger

    /// Binds both sockets.
    ///
    /// - Parameters:
    ///   - database: what is shared with peers; `mail` is its observer.
    ///   - home: where peers' addresses are kept, and which guests were refused.
    ///   - writer: states which guests have joined.
    ///   - metricsFactory: makes what is counted by; it knows ``metricTable``.
    ///   - onProgress: told how far fetching from a peer has come, ten times a second at most where it takes longer than
    ///     one; must not wait.
    /// - Throws: ``NodeError`` `address`.
    package init(
        configuration: NodeConfiguration,
        identity: Identity,
        home: Home,
        writer: TrustWriter,
        database: Database,
        mail: PeeringMail,
        metricsFactory: any MetricsFactory,
        onProgress: @escaping @Sendable (CatchUpProgress) -> Void,
        logger: Logger
    ) async throws {
        let metrics = PeeringMetrics(metricsFactory)
        metrics.keep(database.trust)
        let policy = ConnectionPolicy(
            trust: database.trustInForce,
            clock: database.clock,
            takesGuests: configuration.follows,
            isPenalised: { database.ledger.isPenalised($0) },
            onAdmitted: { mail.admitted($0) },
            onRefused: { mail.connectionNews.post { _ in } }
        )
        let book = AddressBook(home: home, policy: policy, clock: database.clock)
        book.load()
        let local = LocalPeers(clock: database.clock)
        let known = KnownAddresses(policy: policy, configuration: configuration, book: book, local: local)
        let thread = try SocketThread(name: "rhizome-sockets")
        let (jobs, jobSource) = AsyncStream<PeerJob>.makeStream()
        let (guestRequests, guestRequestSource) = AsyncStream<GuestRequest>.makeStream(
            bufferingPolicy: .bufferingOldest(PeeringLimits.guestsInFlight)
        )
        let peering = try Peering(
            thread: thread,
            configuration: configuration,
            identity: identity,
            clock: database.clock,
            ledger: database.ledger,
            metrics: metrics,
            policy: policy,
            known: known,
            logger: logger,
            jobs: jobSource,
            guestRequests: guestRequestSource,
            onLinkEvent: { peer, event in mail.directory.note(event, of: peer) },
            onConnection: { peer, isConnected in
                mail.directory.set(peer, isConnected: isConnected)
                mail.connectionNews.post { _ in }
                mail.addressNews.post { _ in }
            }
        )
        do {
            let handler = try await ZAPHandler.shared()
            func domain(_ name: String, _ door: ConnectionPolicy.Door) throws -> ZAPDomain {
                try handler.open(domain: "\(database.identity.did)/\(name)") { key, address in
                    guard let key = Bytes32(key) else { return .refuse }
                    return policy.decide(transportKey: key, address: address, at: door)
                }
            }
            try await peering.bind(
                requests: try domain("request", .requests),
                publications: try domain("publish", .publications)
            )
        } catch {
            await peering.close()
            await thread.stop(within: .seconds(1))
            throw error
        }
        guard let request = await peering.requestListener, let publish = await peering.publishListener else {
            preconditionFailure("bound sockets listen")
        }
        localNetwork =
            configuration.usesLocalNetwork && !request.host.isLoopback
            ? try LocalNetwork(
                identity: identity,
                policy: policy,
                clock: database.clock,
                host: request.host,
                port: request.port,
                peers: local,
                logger: logger,
                onFound: { mail.linkChanges.post { _ in } }
            ) : nil
        let own = OwnAddresses(
            signer: identity,
            clock: database.clock,
            configuration: configuration,
            port: request.port
        )
        // Only the port of it counts, which those need as well who find us where we weren't told to be.
        let publishTold = configuration.publish.told(port: publish.port) ?? Text("0.0.0.0:\(publish.port)")
        hello = {
            Hello(
                agent: Text(configuration.agent),
                name: Text(configuration.peerID),
                request: own.request.map { Text("\($0)") },
                publish: publishTold,
                topic: configuration.topic,
                time: database.clock.now,
                neighbours: mail.directory.neighbours,
                record: own.record.signed.encoded
            )
        }
        requestAddress = own.request.map { "\($0)" } ?? String(request.endpoint.dropFirst("tcp://".count))
        publishAddress =
            configuration.publish.told(port: publish.port)?.string ?? String(publish.endpoint.dropFirst("tcp://".count))
        self.configuration = configuration
        self.database = database
        self.mail = mail
        self.metrics = metrics
        self.policy = policy
        self.peering = peering
        self.thread = thread
        self.jobs = jobs
        self.guestRequests = guestRequests
        guestBook = GuestBook(
            host: identity,
            writer: writer,
            refused: RefusedGuests(home: home),
            trust: database.trustInForce,
            clock: database.clock,
            name: PeerName.isValid(configuration.peerID) ? configuration.peerID : nil,
            addresses: { [own.request].compactMap { $0 } },
            logger: logger
        )
        self.known = known
        self.own = own
        self.onProgress = onProgress
        self.logger = logger
        holdings = PeerHoldings(
            log: database.log,
            directory: mail.directory,
            policy: policy,
            clock: database.clock
        )
        let awaited = Self.links(database.trust, known, at: database.clock.now)
        database.gate.close(until: Set(awaited.keys), by: database.clock)
    }

    /// The peers to which we go, with their addresses: those of the list first, then the seeds', then what they signed.
    private static func links(
        _ trust: TrustList,
        _ known: KnownAddresses,
        at now: Timestamp
    ) -> [PublicKey: [PeerAddress]] {
        var links: [PublicKey: [PeerAddress]] = [:]
        for entry in trust.entries.values where entry.isTrusted(at: now) && entry.identity != trust.owner {
            let addresses = known.addresses(of: entry.identity).map(\.address)
            if !addresses.isEmpty { links[entry.identity] = addresses }
        }
        return links
    }

    /// Warns of seed peers to which this node doesn't go, among these.
    private func tellUnused(_ peers: some Collection<PublicKey>) {
        for peer in Set(peers).intersection(configuration.seeds.keys).sorted() {
            let reason: String
            switch policy.trust.standing(of: peer, at: database.clock.now) {
            case .own, .trusted: continue
            case .distrusted where policy.trust.entries[peer]?.action == .trust: reason = "its trust has run out"
            case .distrusted: reason = "it is distrusted"
            case .unknown: reason = "it isn't in the list"
            }
            logger.warning(
                "a seed peer (RHIZOME_SEED_PEERS) isn't gone to, since it isn't trusted; to go there: rhizome-keys trust DID, else take it out of the setting",
                metadata: [
                    "peer": "\(peer.did)", "name": "\(policy.trust.lastName(of: peer) ?? "")",
                    "reason": "\(reason)",
                    "addresses": "\(configuration.seeds[peer, default: []].map(\.description).joined(separator: " "))",
                ]
            )
        }
    }

    // MARK: - Running

    /// Serves, connects and catches up until the task is cancelled; then closes all sockets, within 2 s.
    package func run() async {
        tellUnused(configuration.seeds.keys)
        let (sessions, newSession) = AsyncStream<PeerSession>.makeStream()
        let server = PeerServer(
            configuration: configuration,
            log: database.log,
            intake: database.intake,
            clock: database.clock,
            ledger: database.ledger,
            policy: policy,
            peering: peering,
            directory: mail.directory,
            hello: hello,
            book: known.book,
            own: own,
            onAddresses: { [mail] in mail.linkChanges.post { _ in } },
            health: database.health
        )
        let search = AddressSearch(
            book: known.book,
            own: own,
            policy: policy,
            peering: peering,
            clock: database.clock,
            ledger: database.ledger,
            logger: logger,
            news: mail.addressNews,
            onLearned: { [mail] in mail.linkChanges.post { _ in } }
        )
        let announcer = Announcer(
            mailbox: mail.announcements,
            peering: peering,
            directory: mail.directory,
            clock: database.clock
        )
        let forks = ForkWatch(branched: mail.branched, log: database.log, clock: database.clock, logger: logger)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await server.serve(self.jobs) }
            group.addTask { await self.guestBook.serve(self.guestRequests, by: self.peering) }
            group.addTask { await announcer.run() }
            group.addTask { await search.run() }
            if let localNetwork = self.localNetwork { group.addTask { await localNetwork.run() } }
            group.addTask { await forks.run() }
            group.addTask { await self.runSessions(sessions) }
            group.addTask { await self.keepLinks(newSession) }
            group.addTask { await self.keepWatch() }
            group.addTask {
                // Until cancelled. Then whoever waits for a peer's answer must not wait for its deadline.
                while !Task.isCancelled { try? await self.database.clock.sleep(for: .seconds(3600)) }
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

    /// Makes links and sessions what the list says: after each change, and once a second while somebody is turned away.
    @concurrent
    private func keepLinks(_ newSession: AsyncStream<PeerSession>.Continuation) async {
        var changes = PeeringMail.LinkChanges()
        repeat {
            for peer in changes.penalised { await peering.penalise(peer) }
            let linked = Self.links(policy.trust, known, at: database.clock.now)
            let wanted = linked.filter { !database.ledger.isPenalised($0.key) }
            for (peer, mailbox) in mail.directory.sessions where wanted[peer] == nil {
                mailbox.close()
                mail.directory.closeSession(with: peer)
                database.gate.settled(peer)
            }
            for peer in wanted.keys {
                let mailbox = Mailbox(SessionNews())
                guard mail.directory.openSession(with: peer, mailbox) else { continue }
                newSession.yield(session(with: peer, mailbox))
            }
            await peering.keepLinks(to: wanted, reopening: changes.restated)
            for peer in changes.admitted { await peering.tryAgain(peer) }
            let wait = wanted.count < linked.count ? Duration.seconds(1) : .seconds(60)
            guard let next = await mail.linkChanges.take(within: wait, by: database.clock) else { return }
            changes = next
        } while !Task.isCancelled
    }

    private func session(with peer: PublicKey, _ mailbox: Mailbox<SessionNews>) -> PeerSession {
        PeerSession(
            peer: peer,
            mailbox: mailbox,
            log: database.log,
            intake: database.intake,
            clock: database.clock,
            ledger: database.ledger,
            policy: policy,
            peering: peering,
            directory: mail.directory,
            configuration: configuration,
            rhythm: rhythm,
            hello: hello,
            onHello: { [own, known, mail] peer, hello in
                own.note(seen: hello.seen, by: peer)
                guard let record = hello.record, known.book.note(record) else { return }
                mail.linkChanges.post { _ in }
                mail.addressNews.post { _ in }
            },
            meter: FetchMeter(
                peer: peer,
                name: { [policy] in policy.trust.entries[peer]?.name ?? peer.short },
                clock: database.clock,
                logger: logger,
                onProgress: onProgress
            ),
            onCompared: { [database] in database.gate.settled($0) },
            logger: logger
        )
    }

    /// Does what a change of the trusted-peer list means for connections, and for what peers are shown.
    package func trustChanged(_ change: TrustWatch.Change) async {
        metrics.keep(policy.trust)
        let wasRefused = change.admitted.contains { $0.transportKey.map { policy.wasRefused($0) } ?? false }
        // One accepted connection can't be closed alone; nor does a client that was refused before try again by itself.
        if !change.excluded.isEmpty || wasRefused {
            await peering.rebind(reason: change.excluded.isEmpty ? "trust given" : "trust taken back")
        }
        mail.linkChanges.post { $0.restated.formUnion(change.restated) }
        mail.addressNews.post { _ in }
        tellUnused(change.restated.union(change.excluded))
        await announce(change.revealed)
    }

    /// Tells peers of logs that were kept from them: they have passed over these, which don't change by being shown.
    private func announce(_ authors: Set<PublicKey>) async {
        for author in authors {
            do {
                let heads = try await database.log.heads(of: author).map { AuthorHead(author: author, id: $0.id) }
                mail.announcements.post { $0.add(heads) }
            } catch {
                database.health.failed(error)
            }
        }
    }

    /// Logs whose keys were refused, and warns where the clock is off the peers': a second after something has happened, and
    /// once a minute; once a second while somebody may fall silent.
    @concurrent
    private func keepWatch() async {
        var warnings = Hourly()
        var notices = RefusalNotices()
        var wait = Duration.zero
        while await mail.connectionNews.take(within: wait, by: database.clock) != nil {
            try? await database.clock.sleep(for: .seconds(1))
            let now = database.clock.uptime
            wait = await peering.noteSilence() ? .zero : .seconds(60)
            tell(notices.next(policy.refusedKeys, now: now))
            guard let offset = mail.directory.medianOffset, !(.seconds(-60) ... .seconds(60)).contains(offset),
                warnings.isDue(now: now)
            else { continue }
            logger.warning(
                "this clock is off the peers' by more than a minute; set it right (timedatectl)",
                metadata: ["seconds": "\((.zero - offset).components.seconds)"]
            )
        }
    }

    private func tell(_ notices: RefusalNotices.Lines) {
        for key in notices.keys {
            let known = key.candidates.first { policy.trust.entries[$0] != nil }
            let candidates = known.map { [$0] } ?? key.candidates
            logger.notice(
                "a key asked for a connection and was refused; to let it in: rhizome-keys trust DID --name NAME",
                metadata: [
                    "address": "\(key.address)",
                    "candidates": "\(candidates.map(\.did).joined(separator: " "))",
                    "name": "\(known.flatMap { policy.trust.lastName(of: $0) } ?? "")",
                ]
            )
        }
        guard notices.others > 0 else { return }
        logger.notice(
            "more keys asked for a connection and were refused; see GET /api/peers/refused",
            metadata: ["keys": "\(notices.others)"]
        )
    }

    // MARK: - What is told of peers

    /// A label for people.
    public var peerID: String { configuration.peerID }

    /// Keys that asked for a connection and were refused, the one seen last first.
    public func refusedKeys() -> [RefusedKey] { policy.refusedKeys }

    /// Forks of one peer that its status tells at most; the audit has them all.
    private static let forksTold = 100

    /// This node, then every trusted entry by the bytes of its petname.
    public func peers() async throws -> [PeerStatus] {
        mail.directory.refresh()
        let states = await peering.states()
        let stalls = Dictionary(grouping: try await database.log.stalls(), by: \.author)
        let lags = try await holdings.lags()
        var peers: [PeerStatus] = []
        peers.append(
            PeerStatus(
                identity: database.identity,
                name: peerID,
                requestAddress: own.request.map { "\($0)" } ?? requestAddress,
                addresses: [],
                publishAddress: publishAddress,
                isSelf: true,
                isSeedPeer: false,
                counts: database.ledger.counts(of: nil),
                state: .self,
                clockOffsetMicroseconds: nil,
                roundTripMicroseconds: nil,
                lastSeen: nil,
                behind: nil,
                ahead: nil,
                forks: try await database.log.forks(of: database.identity, limit: Self.forksTold),
                stalled: (stalls[database.identity] ?? []).map(\.id)
            )
        )
        for entry in policy.trust.entriesByName {
            let told = mail.directory[entry.identity]
            let state = states[entry.identity] ?? PeerState()
            peers.append(
                PeerStatus(
                    identity: entry.identity,
                    name: entry.name ?? entry.identity.short,
                    requestAddress: (state.address ?? entry.addresses.first).map { "\($0)" }
                        ?? told.hello?.request?.string,
                    addresses: known.addresses(of: entry.identity),
                    publishAddress: told.hello?.publish?.string,
                    isSelf: false,
                    isSeedPeer: configuration.seeds[entry.identity] != nil,
                    counts: database.ledger.counts(of: entry.identity),
                    state: Self.state(state, isConnected: state.isConnected(now: database.clock.uptime)),
                    clockOffsetMicroseconds: told.clock.best?.offset.microseconds,
                    roundTripMicroseconds: told.clock.best?.roundTrip.microseconds,
                    lastSeen: told.lastSeen,
                    behind: lags[entry.identity]?.behind,
                    ahead: lags[entry.identity]?.ahead,
                    forks: try await database.log.forks(of: entry.identity, limit: Self.forksTold),
                    stalled: (stalls[entry.identity] ?? []).map(\.id)
                )
            )
        }
        return peers
    }

    private static func state(_ state: PeerState, isConnected: Bool) -> PeerStatus.State {
        if isConnected { return .connected }
        return switch state.phase {
        case .authenticated, .connecting: .connecting
        case .refused: .waitingForTrust
        case .connected, .unreachable, nil: .unreachable
        }
    }

    /// The peers known to hold a delta: those that brought it, and those one of whose heads reaches it.
    public func holders(of stored: StoredDelta) async throws -> [PublicKey] {
        mail.directory.refresh()
        return try await holdings.holders(of: stored)
    }

    /// Measures what only changes when somebody looks: to be called before the metrics are shown.
    public func measure() async {
        await peering.measure()
        let now = database.clock.uptime
        metrics.connectedPeers.set(await peering.states().values.count { $0.isConnected(now: now) })
        metrics.refusedKeys.set(policy.refusedKeys.count)
        mail.directory.refresh()
        // What can't be read now stays as it was.
        for (peer, lag) in (try? await holdings.lags()) ?? [:] { metrics.lag(lag, of: peer) }
    }
}
