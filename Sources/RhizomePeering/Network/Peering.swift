internal import Bytes
internal import CoreMetrics
internal import Glibc
internal import Logging
internal import ProcessLimits
internal import RhizomeCore
internal import RhizomeDatabase
internal import RhizomeIdentity
internal import SignedStatements
internal import Sodium
internal import ZeroMQ

/// The node's sockets and all that is confined to their thread: a ROUTER and a PUB for those who come, a ``PeerLink``
/// for each peer to which we go (spec: peering.md).
///
/// It moves frames and keeps count of connections; what requests mean, what is fetched and what is admitted is decided
/// elsewhere, off this thread.
actor Peering: SocketActor {
    /// What a peer asked of us last.
    private struct LastRequest {
        let time: Uptime
        /// The connection on which it came.
        let descriptor: Int32?
        /// When that connection was found gone.
        var lost: Uptime?
    }

    /// Where a bound socket listens, and what peers are told of it.
    struct Listener: Sendable {
        /// As libzmq spells it, with the port that the system chose.
        let endpoint: String
        /// Without its zone, where it has one.
        let host: NumericAddress
        let port: UInt16
    }

    /// Connections of one peer that have said `hello`, remembered at most: the oldest goes.
    private static let greetedConnections = 64
    /// How often it is logged that a peer sends messages of too many frames, and that descriptors are short: all of them
    /// are counted.
    private static let repeatedLogInterval = Duration.seconds(60)
    /// Bytes of a frame that a subscriber may send: enough for the handshake's largest, and more than a topic has.
    private static let subscriptionBytes = 512
    /// What a subscriber has sent and nobody has read: when its connection is cut, that much may still be filed.
    private static let subscriberBuffer = 8 << 10

    nonisolated let thread: SocketThread
    private let configuration: NodeConfiguration
    private let keys: PeerLink.Keys
    private let clock: NodeClock
    private let ledger: PeerLedger
    private let metrics: PeeringMetrics
    /// What is being worked on; who has done something says so there.
    nonisolated let inFlight = JobsInFlight()
    private let policy: ConnectionPolicy
    private let known: KnownAddresses
    private let logger: Logger
    private let jobs: AsyncStream<PeerJob>.Continuation
    private let guestRequests: AsyncStream<GuestRequest>.Continuation
    private let onLinkEvent: @Sendable (PublicKey, LinkEvent) -> Void
    private let onConnection: @Sendable (_ peer: PublicKey, _ isConnected: Bool) -> Void

    private var router: Socket?
    private var publisher: Socket?
    private(set) var requestListener: Listener?
    private(set) var publishListener: Listener?
    private var links: [PublicKey: PeerLink] = [:]
    private var greeted: [PublicKey: [[UInt8]]] = [:]
    private var lastRequests: [PublicKey: LastRequest] = [:]
    /// Who asked last on which connection.
    private var askers: [Int32: PublicKey] = [:]
    /// From which address each peer asked last.
    private var origins: [PublicKey: String] = [:]
    private var allowances: [PublicKey: RequestAllowance] = [:]
    private var identities: [String: PublicKey] = [:]
    /// What a subscriber may send: its handshake, one subscription, and the heartbeats that some have.
    private let subscriberLimit: InboundLimit
    /// What anybody may send who isn't known to be a peer yet, while there may be guests.
    private let strangerLimit: InboundLimit
    /// By descriptor, guests that have asked for something.
    private var guests: [Int32: (invitation: PublicKey, requests: Int)] = [:]
    private let requesters = AcceptedConnections()
    private let subscribers = AcceptedConnections()
    private var oversizedLogged: [PublicKey: Uptime] = [:]
    private var shortageLogged: Uptime?
    /// How many publications were made since the socket for them was bound.
    private var published: Int64 = 0
    /// Those who count as connected by their own requests, whose silence nobody would tell of.
    private var asking: Set<PublicKey> = []
    private var isStopped = false

    init(
        thread: SocketThread,
        configuration: NodeConfiguration,
        identity: Identity,
        clock: NodeClock,
        ledger: PeerLedger,
        metrics: PeeringMetrics,
        policy: ConnectionPolicy,
        known: KnownAddresses,
        logger: Logger,
        jobs: AsyncStream<PeerJob>.Continuation,
        guestRequests: AsyncStream<GuestRequest>.Continuation,
        onLinkEvent: @escaping @Sendable (PublicKey, LinkEvent) -> Void,
        onConnection: @escaping @Sendable (_ peer: PublicKey, _ isConnected: Bool) -> Void
    ) throws {
        guard let publicKey = identity.publicKey.transportKey else {
            preconditionFailure("an identity's key is acceptable")
        }
        keys = PeerLink.Keys(publicKey: publicKey.array, secret: try identity.transportSecret())
        subscriberLimit = try InboundLimit(bytes: 64 << 10, bytesPerSecond: 1 << 10)
        strangerLimit = try InboundLimit(
            bytes: PeeringLimits.guestBytes,
            bytesPerSecond: 0,
            lifetime: PeeringLimits.guestTime
        )
        self.thread = thread
        self.configuration = configuration
        self.clock = clock
        self.ledger = ledger
        self.metrics = metrics
        self.policy = policy
        self.known = known
        self.logger = logger
        self.jobs = jobs
        self.guestRequests = guestRequests
        self.onLinkEvent = onLinkEvent
        self.onConnection = onConnection
    }

    // MARK: - Binding

    /// Binds both sockets.
    ///
    /// - Throws: ``NodeError`` `address`, with the option's name and what to do.
    func bind(requests: ZAPDomain, publications: ZAPDomain) async throws {
        var options = SocketOptions()
        // Replies are up to 4 MiB: a peer that asks and doesn't read may hold this many, no more.
        options.sendHighWaterMark = 16
        let router = try await listen(.router, options, configuration.request, domain: requests)
        self.router = router
        requestListener = try listener(router)
        options.sendHighWaterMark = 64
        options.maximumFrameSize = Self.subscriptionBytes
        options.receiveBuffer = Self.subscriberBuffer
        let publisher = try await listen(.xpub, options, configuration.publish, domain: publications)
        self.publisher = publisher
        publishListener = try listener(publisher)
        thread.register(router) { [weak self] in
            self?.assumeIsolated { $0.readRequests() }
        }
        thread.register(publisher) { [weak self] in
            self?.assumeIsolated { $0.readSubscriptions() }
        }
    }

    private func listen(
        _ kind: Socket.Kind,
        _ options: SocketOptions,
        _ binding: NodeConfiguration.Binding,
        domain: ZAPDomain
    ) async throws -> Socket {
        let hosts = binding.address == "*" ? ["*"] : await HostLookup.addresses(of: binding.address)
        guard let host = hosts.first else {
            throw NodeError(.address, "\(binding.name): no address found for \(binding.address)")
        }
        let socket = try Socket(kind, on: thread, options)
        do throws(ZeroMQError) {
            try keys.secret.withSpan { secret throws(ZeroMQError) in
                try socket.curveServer(secret: secret, domain: domain)
            }
            let limit = kind == .xpub ? subscriberLimit : strangerLimit
            let accepted = kind == .xpub ? subscribers : requesters
            try socket.monitor { [weak self, policy] event in
                if kind == .xpub || event.kind != .accepted || policy.expectsGuests { limit.note(event) }
                let stays = accepted.note(event)
                self?.assumeIsolated { peering in
                    peering.count(event.kind)
                    if !stays { peering.lostConnection() }
                    if kind == .router { peering.noteEnd(event) }
                }
            }
            try socket.bind(HostLookup.endpoint(host: host, port: binding.port == 0 ? nil : binding.port))
        } catch {
            socket.close()
            let hint =
                switch error.number {
                case EADDRINUSE: "another program listens there; stop it, or choose another port (0: any free one)"
                case EADDRNOTAVAIL, ENODEV: "this machine has no such address; give one that it has, or * for all"
                case EACCES: "that is not allowed to this user; choose a port of 1024 or above"
                default: "\(error)"
                }
            throw NodeError(.address, "\(binding.name): can't listen at \(host):\(binding.port): \(hint)")
        }
        return socket
    }

    private func count(_ event: Monitor.Kind) {
        switch event {
        case .accepted: metrics.accepted.increment()
        case .handshakeSucceeded: metrics.authenticated.increment()
        case .handshakeFailed, .handshakeFailedAuthentication, .handshakeFailedProtocol: metrics.refused.increment()
        case .acceptFailed: lostConnection()
        case .connected, .connectDelayed, .connectRetried, .listening, .closed, .closeFailed, .disconnected, .other:
            break
        }
    }

    /// Takes note that a peer, or a stranger, could not be let in for want of descriptors.
    private func lostConnection() {
        metrics.notAccepted.increment()
        logShortage()
    }

    private func logShortage() {
        guard shortageLogged.map({ clock.uptime - $0 > Self.repeatedLogInterval }) ?? true else { return }
        shortageLogged = clock.uptime
        logger.error(
            "there are too few descriptors for all connections; some are refused, or not made, and tried again. Raise the hard limit of open files (RLIMIT_NOFILE; LimitNOFILE= of a systemd service), or keep strangers from the ports",
            metadata: ["limit": "\(DescriptorLimit.current)"]
        )
    }

    private func listener(_ socket: Socket) throws -> Listener {
        let endpoint = try socket.lastEndpoint
        let text = endpoint.dropFirst("tcp://".count)
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[colon...].dropFirst()),
            let host = NumericAddress(String(text[..<colon].drop { $0 == "[" }.prefix { $0 != "]" && $0 != "%" }))
        else { throw NodeError(.address, "libzmq bound \(endpoint), which is no address with a port") }
        return Listener(endpoint: endpoint, host: host, port: port)
    }

    /// Binds both sockets anew, which ends every accepted connection; trusted peers are back in about 0.1 s.
    func rebind(reason: String) {
        guard !isStopped else { return }
        logger.info("binding anew, which ends all accepted connections", metadata: ["reason": "\(reason)"])
        greeted = [:]
        rebind(.router)
        rebind(.xpub)
    }

    private func rebind(_ kind: Socket.Kind) {
        let (socket, listener) = kind == .router ? (router, requestListener) : (publisher, publishListener)
        guard !isStopped, let socket, let endpoint = listener?.endpoint else { return }
        if kind == .xpub { published = 0 }
        socket.rebind(endpoint) { [weak self] error in
            guard let error, error.code != .closed, error.code != .stopped else { return }
            self?.assumeIsolated { peering in
                peering.logger.error(
                    "a socket can't be bound again, and no peer can reach it; it is tried again every second",
                    metadata: ["endpoint": "\(endpoint)", "error": "\(error)"]
                )
                peering.thread.schedule(after: .seconds(1)) { [weak self] in
                    self?.assumeIsolated { $0.rebind(kind) }
                }
            }
        }
    }

    /// Turns a peer away whose credit is used up: our sockets to it are closed, and each connection of its own ends with
    /// the next message that comes on it.
    func penalise(_ peer: PublicKey) {
        logger.notice("a peer sent too much bad input and is turned away", metadata: ["peer": "\(peer.did)"])
        links.removeValue(forKey: peer)?.on(.close)
        onLinkEvent(peer, .lost)
        noteConnection(of: peer)
    }

    /// Closes all; nothing comes in or goes out any more.
    func close() {
        isStopped = true
        for link in links.values { link.on(.close) }
        links = [:]
        router?.close()
        publisher?.close()
        jobs.finish()
        guestRequests.finish()
    }

    // MARK: - Links

    /// Keeps one link to each of these peers and none to others; a peer whose addresses changed is connected anew.
    func keepLinks(to wanted: [PublicKey: [PeerAddress]], reopening changed: Set<PublicKey>) {
        guard !isStopped else { return }
        for (peer, link) in links where wanted[peer] == nil {
            link.on(.close)
            links[peer] = nil
            noteConnection(of: peer)
        }
        for (peer, addresses) in wanted {
            if let link = links[peer] {
                if changed.contains(peer) {
                    link.on(.restated(addresses))
                } else if link.addresses != addresses {
                    link.on(.told(addresses))
                }
            } else if let transportKey = peer.transportKey {
                let link = PeerLink(
                    peer: peer,
                    serverKey: transportKey,
                    keys: keys,
                    addresses: addresses,
                    topic: Array(configuration.topic.utf8),
                    thread: thread,
                    clock: clock,
                    onEvent: { [weak self] event in self?.assumeIsolated { $0.handle(event, of: peer) } },
                    onBadInput: { [ledger] incoming in ledger.charge(peer, bytes: incoming.bytes) }
                )
                links[peer] = link
                link.on(.open)
            }
        }
    }

    /// Tries a peer at once that was just let in itself, where we aren't connected to it.
    func tryAgain(_ peer: PublicKey) { links[peer]?.on(.tryAgain) }

    /// Starts the connection to a peer anew that no longer answers.
    func reopen(_ peer: PublicKey) { links[peer]?.on(.open) }

    private func handle(_ event: PeerLink.Event, of peer: PublicKey) {
        switch event {
        case .authenticated: onLinkEvent(peer, .authenticated)
        case .lost:
            logger.info("the connection with a peer is gone", metadata: metadata(of: peer))
            onLinkEvent(peer, .lost)
            noteConnection(of: peer)
        case .refused: break
        case .shortOfDescriptors: logShortage()
        case .lookUp(let address, let attempt):
            // Owner: the attempt; the task ends with the lookup, and what a later attempt made void is passed over.
            Task {
                let hosts = known.usable(await HostLookup.addresses(of: address.host), for: address, of: peer)
                links[peer]?.on(.attempt(attempt, .found(hosts)))
            }
        case .subscribed: onLinkEvent(peer, .subscribed)
        case .published(let body):
            let job = PeerJob.publication(peer: peer, body: body)
            guard inFlight.hasRoom(for: job) else { return onLinkEvent(peer, .publicationDropped) }
            start(job)
        }
    }

    private func metadata(of peer: PublicKey) -> Logger.Metadata {
        ["peer": "\(peer.did)", "name": "\(policy.trust.entries[peer]?.name ?? "")"]
    }

    private func start(_ job: PeerJob) {
        inFlight.begin(job)
        jobs.yield(job)
    }

    /// Takes note that a peer answered our `hello` on its present connection.
    func greeted(_ peer: PublicKey, publishPort: UInt16?) {
        guard let link = links[peer] else { return }
        let isNew = link.phase == .authenticated
        link.on(.greeted(publishPort: publishPort))
        if isNew { logger.info("connected with a peer", metadata: metadata(of: peer)) }
        noteConnection(of: peer)
    }

    /// Asks a peer for a method and waits for the reply to it; both are encoded and read where the caller runs.
    ///
    /// - Throws: the error that the peer answered, `badReply`, or why no reply came.
    nonisolated func call<Method: PeerMethod>(
        _ method: Method,
        to peer: PublicKey,
        within deadline: Duration
    ) async throws(PeerError) -> Method.Reply {
        try Method.decode(reply: try await send(method.encoded, to: peer, within: deadline))
    }

    /// - Returns: the reply's frame.
    private func send(
        _ request: [UInt8],
        to peer: PublicKey,
        within deadline: Duration
    ) async throws(PeerError) -> [UInt8] {
        let result: Result<[UInt8], PeerError> = await withCheckedContinuation { continuation in
            guard let link = links[peer] else {
                return continuation.resume(returning: .failure(PeerError(.disconnected, "no link to this peer")))
            }
            link.request(request, within: deadline) { continuation.resume(returning: $0) }
        }
        return try result.get()
    }

    /// How the connections of all peers stand.
    func states() -> [PublicKey: PeerState] {
        let peers = Set(links.keys).union(lastRequests.keys)
        return Dictionary(uniqueKeysWithValues: peers.map { ($0, state(of: $0)) })
    }

    private func state(of peer: PublicKey) -> PeerState {
        let link = links[peer]
        return PeerState(phase: link?.phase, address: link?.address, lastRequest: lastRequests[peer]?.time)
    }

    private func noteConnection(of peer: PublicKey) {
        let state = state(of: peer)
        let isConnected = state.isConnected(now: clock.uptime)
        if isConnected, state.phase != .connected { asking.insert(peer) } else { asking.remove(peer) }
        onConnection(peer, isConnected)
    }

    /// Notes who has asked nothing for so long that it doesn't count as connected any more: to be called once a second
    /// while there is anybody who may.
    ///
    /// - Returns: whether there is.
    func noteSilence() -> Bool {
        for peer in asking { noteConnection(of: peer) }
        for (descriptor, guest) in guests where !policy.mayJoin(by: guest.invitation) { requesters.end(descriptor) }
        return !asking.isEmpty || !guests.isEmpty || policy.expectsGuests
    }

    /// Notes how much is under way.
    func measure() {
        metrics.requestsInFlight.set(inFlight.requests)
        metrics.publicationsInFlight.set(inFlight.publications)
    }

    /// Until when a peer counts as one that asks us itself; `nil` where it never asked (spec: peering.md, "Catching up").
    ///
    /// That is for 30 s after its last request, and for 1 s after the connection on which it came was lost.
    func asking(of peer: PublicKey) -> Uptime? {
        lastRequests[peer].map { last in
            min(last.time + PeerState.silence, last.lost.map { $0 + PeerState.returnTime } ?? .max)
        }
    }

    private func noteRequest(of peer: PublicKey, on descriptor: Int32?) {
        if let descriptor, lastRequests[peer]?.descriptor != descriptor {
            askers[descriptor] = peer
            origins[peer] = NumericAddress.text(ofPeerOn: descriptor)
            strangerLimit.release(descriptor)
        }
        lastRequests[peer] = LastRequest(time: clock.uptime, descriptor: descriptor)
        // One to which we have a link is connected by that.
        if links[peer]?.phase != .connected, !asking.contains(peer) { noteConnection(of: peer) }
    }

    /// The IP address from which a peer asked last.
    func origin(of peer: PublicKey) -> String? { origins[peer] }

    private func noteEnd(_ event: Monitor.Event) {
        guard event.kind == .disconnected || event.kind == .closed, let descriptor = event.descriptor else { return }
        guests[descriptor] = nil
        guard let peer = askers.removeValue(forKey: descriptor), lastRequests[peer]?.descriptor == descriptor
        else { return }
        lastRequests[peer]?.lost = clock.uptime
        onLinkEvent(peer, .stoppedAsking)
    }

    // MARK: - Serving

    private func readRequests() {
        _ = try? router?.receive { [weak self] incoming in
            self?.assumeIsolated { peering in
                if let sender = peering.take(incoming), !peering.policy.mayConnect(sender) {
                    peering.requesters.end(incoming.descriptor)
                }
            }
        }
    }

    /// - Returns: who sent it.
    private func take(_ incoming: Incoming) -> PublicKey? {
        switch incoming {
        case .oversized(let userID, let frames, let bytes, _):
            metrics.dropped.increment()
            if userID.flatMap({ ConnectionPolicy.invitation(ofUser: $0) }) != nil {
                requesters.end(incoming.descriptor)
                return nil
            }
            guard let peer = userID.flatMap({ identity(of: $0) }) else { return nil }
            logOversized(of: peer, frames: frames, bytes: bytes)
            ledger.charge(peer, bytes: bytes, frames: frames)
            return peer
        case .message(let message):
            if let invitation = message.userID.flatMap({ ConnectionPolicy.invitation(ofUser: $0) }) {
                take(message, ofGuestBy: invitation)
                return nil
            }
            // Checked again for each request: a connection outlives the trust under which it was made.
            let sender = message.userID.flatMap { identity(of: $0) }
            guard let peer = sender, policy.mayConnect(peer) else {
                metrics.dropped.increment()
                return sender
            }
            guard message.frames.count == 3, message.frames[1].count == PeeringLimits.requestIDBytes else {
                ledger.charge(peer, bytes: message.bytes)
                return peer
            }
            noteRequest(of: peer, on: message.descriptor)
            take(message.frames[2], id: message.frames[1], connection: message.frames[0], from: peer)
            return peer
        }
    }

    /// Hands on what a guest asks; whoever asks too much, or has no invitation any more, loses its connection.
    private func take(_ message: Message, ofGuestBy invitation: PublicKey) {
        guard let descriptor = message.descriptor else { return metrics.dropped.increment() }
        let requests = (guests[descriptor]?.requests ?? 0) + 1
        guests[descriptor] = (invitation, requests)
        guard requests <= PeeringLimits.guestRequests, policy.mayJoin(by: invitation), message.frames.count == 3,
            message.frames[1].count == PeeringLimits.requestIDBytes
        else {
            metrics.dropped.increment()
            requesters.end(descriptor)
            return
        }
        let request = GuestRequest(
            invitation: invitation,
            connection: message.frames[0],
            id: message.frames[1],
            body: message.frames[2]
        )
        guard case .enqueued = guestRequests.yield(request) else {
            metrics.busy.increment()
            return reply(PeerReply.error(PeerError(.busy, "too many guests ask at the same time")), to: request)
        }
    }

    /// Sends the reply to a guest.
    func reply(_ body: [UInt8], to request: GuestRequest) {
        guard policy.mayJoin(by: request.invitation) else { return }
        send(body, id: request.id, to: request.connection)
    }

    private func readSubscriptions() {
        _ = try? publisher?.receive { [weak self] incoming in
            self?.assumeIsolated { $0.take(subscription: incoming) }
        }
    }

    /// Charges a peer for a subscription to anything but our topic, and for one that it takes back.
    ///
    /// libzmq keeps each subscription byte by byte for as long as the connection lasts, and knows no bound; an honest
    /// peer has one. So whoever is turned away for that loses its connection at once.
    private func take(subscription: Incoming) {
        // What libzmq itself takes back, for a connection that is gone, has no sender.
        guard case .message(let message) = subscription, let peer = message.userID.flatMap({ identity(of: $0) }),
            message.frames != [[1] + Array(configuration.topic.utf8)]
        else { return }
        ledger.charge(peer, bytes: message.bytes)
        if ledger.isPenalised(peer) { subscribers.end(message.descriptor) }
    }

    private func logOversized(of peer: PublicKey, frames: Int, bytes: Int) {
        guard oversizedLogged[peer].map({ clock.uptime - $0 > Self.repeatedLogInterval }) ?? true else { return }
        oversizedLogged[peer] = clock.uptime
        logger.notice(
            "a message of too many frames was dropped; further ones are counted, and told once a minute",
            metadata: ["peer": "\(peer.did)", "frames": "\(frames)", "bytes": "\(bytes)"]
        )
    }

    private func take(_ body: [UInt8], id: [UInt8], connection: [UInt8], from peer: PublicKey) {
        let now = clock.uptime
        let job = PeerJob.request(
            .init(peer: peer, connection: connection, id: id, body: body, received: clock.now)
        )
        let hasRoom = inFlight.hasRoom(for: job)
        let answer = allowances[peer, default: RequestAllowance(now: now)]
            .ask(bytes: body.count, hasRoom: hasRoom, now: now)
        guard answer == .serve else {
            metrics.busy.increment()
            if answer == .charge { ledger.charge(peer) }
            // Nobody who is being turned away by that gets an answer.
            guard policy.mayConnect(peer) else { return }
            let message =
                hasRoom
                ? "too much was asked for lately; ask again in a second"
                : "at most \(PeeringLimits.requestsInFlight) requests of \(PeeringLimits.bytesInFlight >> 20) MiB in "
                    + "all at the same time"
            send(PeerReply.error(PeerError(.busy, message)), id: id, to: connection)
            return
        }
        start(job)
    }

    private func identity(of userID: String) -> PublicKey? {
        if let known = identities[userID] { return known }
        guard let identity = PublicKey(did: userID) else { return nil }
        identities[userID] = identity
        return identity
    }

    /// Whether a connection has said `hello` with our protocol and topic.
    func hasGreeted(_ peer: PublicKey, connection: [UInt8]) -> Bool {
        greeted[peer]?.contains(connection) ?? false
    }

    /// Takes note of a `hello` with our protocol and topic.
    ///
    /// - Returns: whether it is the first on that connection.
    func noteGreeting(of peer: PublicKey, connection: [UInt8]) -> Bool {
        guard !hasGreeted(peer, connection: connection) else { return false }
        greeted[peer, default: []].append(connection)
        if greeted[peer, default: []].count > Self.greetedConnections { greeted[peer]?.removeFirst() }
        return true
    }

    /// Sends the reply to a request that was worked on.
    func reply(_ body: [UInt8], to request: PeerJob.Request) {
        inFlight.end([.request(request)])
        allowances[request.peer]?.spend(bytes: body.count)
        // Nobody who lost trust, or is being turned away, meanwhile gets an answer.
        guard policy.mayConnect(request.peer) else { return }
        send(body, id: request.id, to: request.connection)
    }

    private func send(_ body: [UInt8], id: [UInt8], to connection: [UInt8]) {
        // A reply that can't be queued is lost as if the network had lost it: the asking side's deadline sees to that.
        _ = try? router?.send([connection, id, body])
    }

    /// Publishes to all subscribers, with the next number.
    func publish(_ content: Publication.Content) {
        _ = try? publisher?.send([
            Array(configuration.topic.utf8), configuration.identity.bytes.array,
            Publication(content, number: published).encoded,
        ])
        published += 1
    }
}
