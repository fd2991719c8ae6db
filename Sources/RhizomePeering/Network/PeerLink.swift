internal import Bytes
internal import DeterministicCBOR
internal import Logging
internal import RhizomeIdentity
internal import SignedLog
internal import Sodium
internal import ZeroMQ

/// Our side of the connections to one trusted peer: a DEALER to its request address, a SUB to its publish port.
///
/// Confined to the socket thread. A connection is an *attempt*: a DEALER of its own, at one address, with a deadline.
/// When it fails or is lost, the next attempt is made at the next address, after a wait that grows; so no socket is ever
/// left in a state from which libzmq would not try again (spec: peering.md, "Facts").
final class PeerLink {
    /// What a link tells its owner, on the socket thread.
    enum Event {
        /// The peer is authenticated: say `hello`.
        case authenticated
        /// The connection is gone, or the attempt failed.
        case lost
        /// Publications come in now; what was published before may have gone past us.
        case subscribed
        /// A publication came in.
        case published([UInt8])
        /// There is no descriptor left for another connection.
        case shortOfDescriptors
        /// An attempt starts: find the host's addresses and hand them to `connect(to:port:attempt:)`.
        case lookUp(PeerAddress, attempt: Int)
    }

    /// Where a link stands.
    enum Phase: Hashable, Sendable {
        /// The first attempt since the start, a loss or a change is under way.
        case connecting
        /// The last attempt found nobody there.
        case unreachable
        /// In the last attempt the peer didn't let us in.
        case refused
        /// Authenticated; `hello` isn't answered yet.
        case authenticated
        /// `hello` was answered on this connection.
        case connected
    }

    /// The keys that every link shows and expects.
    struct Keys {
        let publicKey: [UInt8]
        let secret: SecretBytes
    }

    private struct Pending {
        let resume: (Result<[UInt8], PeerError>) -> Void
        let timer: SocketThread.Timer
    }

    private static let shortestWait = Duration.milliseconds(100)
    /// So that with taking up the list and the handshake a link is there within 5 s after it may be (spec: peering.md).
    private static let longestWait = Duration.seconds(4)
    /// After how long a connection counts as one that works.
    private static let stable = Duration.seconds(10)
    private static let longestRefusalWait = Duration.seconds(30)
    private static let shortestHandshake = Duration.seconds(3)
    private static let longestHandshake = Duration.seconds(15)

    let peer: PublicKey
    private let serverKey: [UInt8]
    private let keys: Keys
    private let thread: SocketThread
    private let topic: [UInt8]
    private let onEvent: (Event) -> Void
    private let onBadInput: (Incoming) -> Void

    private var addresses: [PeerAddress]
    private var nextAddress = 0
    private var dealer: Socket?
    private var subscriber: Socket?
    private var attemptTimer: SocketThread.Timer?
    private var handshake = PeerLink.shortestHandshake
    /// How long the present connection's may take: over a slow link it was found to need that.
    private var presentHandshake = PeerLink.shortestHandshake
    private var wait = PeerLink.shortestWait
    private var isTCPConnected = false
    private var upSince = ContinuousClock.now
    private var isClosed = false
    /// Counts attempts, so that what belongs to an earlier one is known.
    private var attempt = 0
    private var host = ""
    private var requestID: UInt64
    private var pending: [[UInt8]: Pending] = [:]

    private(set) var phase = Phase.connecting
    /// The address of the present attempt or connection.
    private(set) var address: PeerAddress?

    init(
        peer: PublicKey,
        serverKey: Bytes32,
        keys: Keys,
        addresses: [PeerAddress],
        topic: [UInt8],
        thread: SocketThread,
        onEvent: @escaping (Event) -> Void,
        onBadInput: @escaping (Incoming) -> Void
    ) {
        self.peer = peer
        self.serverKey = serverKey.array
        self.keys = keys
        self.addresses = addresses
        self.topic = topic
        self.thread = thread
        self.onEvent = onEvent
        self.onBadInput = onBadInput
        requestID = UInt64.random(in: .min ... .max)
    }

    /// Whether the peer is authenticated on the present connection.
    private var isUp: Bool { phase == .authenticated || phase == .connected }

    // MARK: - Attempts

    /// Starts anew at once, as when the journal changed about the peer or it was just admitted itself.
    func reopen(addresses: [PeerAddress]? = nil) {
        if let addresses {
            self.addresses = addresses
            nextAddress = 0
        }
        handshake = Self.shortestHandshake
        wait = Self.shortestWait
        end()
        phase = .connecting
        begin()
    }

    /// Ends all for good.
    func close() {
        isClosed = true
        end()
    }

    private func begin() {
        guard !isClosed, !addresses.isEmpty else { return }
        attempt += 1
        let address = addresses[nextAddress % addresses.count]
        self.address = address
        nextAddress += 1
        onEvent(.lookUp(address, attempt: attempt))
    }

    /// Goes on with an attempt once the host's addresses are found; those of an earlier attempt are passed over.
    func connect(to hosts: [String], port: UInt16, attempt: Int) {
        guard attempt == self.attempt, !isClosed, dealer == nil else { return }
        // Each time another one of a name's addresses: the first may lead nowhere, as where there is no IPv6.
        guard !hosts.isEmpty else { return fail(refused: false) }
        let round = (nextAddress - 1) / max(1, addresses.count)
        let host = hosts[round % hosts.count]
        self.host = host
        do {
            var options = SocketOptions()
            presentHandshake = handshake
            options.handshakeInterval = presentHandshake
            options.connectTimeout = .seconds(3)
            options.sendHighWaterMark = 64
            let dealer = try Socket(.dealer, on: thread, options)
            self.dealer = dealer
            try keys.secret.withSpan { secret throws(ZeroMQError) in
                try dealer.curveClient(serverKey: serverKey, publicKey: keys.publicKey, secret: secret)
            }
            try dealer.monitor { [weak self] event in self?.observe(event, attempt: attempt) }
            thread.register(dealer) { [weak self] in self?.read() }
            try dealer.connect(HostLookup.endpoint(host: host, port: port))
            attemptTimer = thread.schedule(after: handshake + .seconds(3)) { [weak self] in
                guard let self, attempt == self.attempt, !isUp else { return }
                fail(refused: isTCPConnected)
            }
        } catch {
            if error.code == .resources { onEvent(.shortOfDescriptors) }
            fail(refused: false)
        }
    }

    private func observe(_ event: Monitor.Event, attempt: Int) {
        guard attempt == self.attempt, dealer != nil else { return }
        switch event.kind {
        case .connected: isTCPConnected = true
        case .handshakeSucceeded:
            phase = .authenticated
            handshake = Self.shortestHandshake
            upSince = ContinuousClock.now
            onEvent(.authenticated)
        case .handshakeFailedAuthentication: fail(refused: true, isFinal: true)
        // Something else answers there.
        case .handshakeFailedProtocol: fail(refused: false)
        case .handshakeFailed, .disconnected: fail(refused: isTCPConnected)
        case .connectRetried: if !isTCPConnected { fail(refused: false) }
        case .connectDelayed, .listening, .accepted, .acceptFailed, .closed, .closeFailed, .other:
            break
        }
    }

    /// Ends this attempt and plans the next one.
    ///
    /// - Parameter isFinal: the peer answered 400, after which asking again soon is no use.
    private func fail(refused: Bool, isFinal: Bool = false) {
        let wasUp = isUp
        end()
        guard !isClosed else { return }
        phase = wasUp ? .connecting : refused ? .refused : .unreachable
        // A peer that only puts us off holds the connection open for the whole handshake; doubling that is wait enough.
        if refused, !wasUp, !isFinal { handshake = min(handshake * 2, Self.longestHandshake) }
        // A peer that is lost again and again right after it was reached is not gone to any more often than one that
        // can't be reached at all.
        if wasUp, ContinuousClock.now - upSince > Self.stable { wait = Self.shortestWait }
        let delay = wait
        wait = min(wait * 2, isFinal ? Self.longestRefusalWait : Self.longestWait)
        let attempt = attempt
        attemptTimer = thread.schedule(after: delay) { [weak self] in
            guard let self, attempt == self.attempt else { return }
            begin()
        }
    }

    private func end() {
        attempt += 1
        if let attemptTimer { thread.cancel(attemptTimer) }
        attemptTimer = nil
        dealer?.close()
        dealer = nil
        subscriber?.close()
        subscriber = nil
        isTCPConnected = false
        let wasUp = isUp
        if wasUp { phase = .connecting }
        let waiting = pending.values
        pending = [:]
        for request in waiting {
            thread.cancel(request.timer)
            request.resume(.failure(PeerError(.disconnected, "the connection to the peer is gone")))
        }
        if wasUp { onEvent(.lost) }
    }

    // MARK: - Requests

    /// Sends a request and calls back once: with the reply's frame, or why there is none.
    func request(_ body: [UInt8], within deadline: Duration, _ resume: @escaping (Result<[UInt8], PeerError>) -> Void) {
        guard let dealer, isUp else {
            return resume(.failure(PeerError(.disconnected, "not connected")))
        }
        requestID &+= 1
        let id = (0..<8).map { UInt8(truncatingIfNeeded: requestID >> (8 * UInt64($0))) }
        guard (try? dealer.send([id, body])) == .sent else {
            return resume(.failure(PeerError(.busy, "the queue to the peer is full")))
        }
        let timer = thread.schedule(after: deadline) { [weak self] in
            self?.pending.removeValue(forKey: id)?.resume(.failure(PeerError(.timeout, "no answer within \(deadline)")))
        }
        pending[id] = Pending(resume: resume, timer: timer)
    }

    private func read() {
        _ = try? dealer?.receive { [weak self] incoming in
            guard let self else { return }
            guard case .message(let message) = incoming, message.frames.count == 2,
                message.frames[0].count == PeeringLimits.requestIDBytes
            else { return onBadInput(incoming) }
            // A reply to nothing, or a second one. One that comes too late is charged as well: it is one, since after a
            // timeout the connection is made anew.
            guard let request = pending.removeValue(forKey: message.frames[0]) else { return onBadInput(incoming) }
            thread.cancel(request.timer)
            request.resume(.success(message.frames[1]))
        }
    }

    /// Takes note that `hello` was answered, and subscribes to the peer's publications.
    func greeted(publishPort: UInt16?) {
        guard isUp else { return }
        phase = .connected
        guard subscriber == nil, let publishPort else { return }
        do {
            var options = SocketOptions()
            options.handshakeInterval = presentHandshake
            let subscriber = try Socket(.sub, on: thread, options)
            self.subscriber = subscriber
            try keys.secret.withSpan { secret throws(ZeroMQError) in
                try subscriber.curveClient(serverKey: serverKey, publicKey: keys.publicKey, secret: secret)
            }
            try subscriber.monitor { [weak self] event in
                if event.kind == .handshakeSucceeded { self?.onEvent(.subscribed) }
            }
            thread.register(subscriber) { [weak self] in self?.readPublications() }
            try subscriber.subscribe(topic)
            try subscriber.connect(HostLookup.endpoint(host: host, port: publishPort))
        } catch {
            // Without publications news comes by asking for it.
            if error.code == .resources { onEvent(.shortOfDescriptors) }
            subscriber?.close()
            subscriber = nil
        }
    }

    private func readPublications() {
        _ = try? subscriber?.receive { [weak self] incoming in
            guard let self else { return }
            guard case .message(let message) = incoming, message.frames.count == 3,
                message.frames[1] == peer.bytes.array
            else { return onBadInput(incoming) }
            // SUB matches prefixes: `rhizome2` comes to those who asked for `rhizome`.
            guard message.frames[0] == topic else { return }
            onEvent(.published(message.frames[2]))
        }
    }
}
