internal import Bytes
internal import DeterministicCBOR
internal import Logging
internal import RhizomeDatabase
internal import RhizomeIdentity
internal import SignedStatements
internal import Sodium
internal import ZeroMQ

/// Our side of the connections to one trusted peer: a DEALER to its request address, a SUB to its publish port.
///
/// Confined to the socket thread. It does what a ``LinkStateMachine`` says, and tells it what happens to its sockets. Each
/// attempt has a DEALER of its own, so no socket is ever left in a state from which libzmq would not try again (spec:
/// peering.md, "Facts").
final class PeerLink {
    /// What a link tells its owner, on the socket thread.
    enum Event {
        /// The peer is authenticated: say `hello`.
        case authenticated
        /// The connection is gone.
        case lost
        /// The peer answered our key 400: it was distrusted there, or is that of an invitation that is over.
        case refused
        /// Publications come in now; what was published before may have gone past us.
        case subscribed
        /// A publication came in.
        case published([UInt8])
        /// There is no descriptor left for another connection.
        case shortOfDescriptors
        /// An attempt starts: find the host's addresses and hand them to `on(_:)` as those that were found.
        case lookUp(PeerAddress, attempt: Int)
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

    let peer: PublicKey
    private let serverKey: [UInt8]
    private let keys: Keys
    private let thread: SocketThread
    private let clock: NodeClock
    private let topic: [UInt8]
    private let longestWait: () -> Duration
    private let onEvent: (Event) -> Void
    private let onBadInput: (Incoming) -> Void

    private var machine: LinkStateMachine
    private var dealer: Socket?
    private var subscriber: Socket?
    private var timer: SocketThread.Timer?
    private var requestID: UInt64
    private var pending: [[UInt8]: Pending] = [:]

    /// A link that connects once it is told to `open`.
    ///
    /// - Parameter longestWait: how long it waits at most, by now, before it tries again where nobody is.
    init(
        peer: PublicKey,
        serverKey: Bytes32,
        keys: Keys,
        addresses: [PeerAddress],
        topic: [UInt8],
        thread: SocketThread,
        clock: NodeClock,
        longestWait: @escaping () -> Duration = { LinkStateMachine.longestWait },
        onEvent: @escaping (Event) -> Void,
        onBadInput: @escaping (Incoming) -> Void
    ) {
        self.peer = peer
        self.serverKey = serverKey.array
        self.keys = keys
        self.topic = topic
        self.thread = thread
        self.clock = clock
        self.longestWait = longestWait
        self.onEvent = onEvent
        self.onBadInput = onBadInput
        machine = LinkStateMachine(addresses: addresses)
        requestID = UInt64.random(in: .min ... .max)
    }

    /// Where it stands.
    var phase: LinkStateMachine.Phase { machine.phase }

    /// Whether the peer is authenticated on the present connection.
    var isUp: Bool { machine.isUp }

    /// All addresses at which it is tried.
    var addresses: [PeerAddress] { machine.addresses }

    /// The address of the present attempt or connection.
    var address: PeerAddress? { machine.address }

    // MARK: - Connections

    /// Does what is to be done when this happens.
    func on(_ event: LinkStateMachine.Event) {
        machine.longestWait = longestWait()
        for action in machine.on(event, now: clock.uptime) { perform(action) }
    }

    private func perform(_ action: LinkStateMachine.Action) {
        switch action {
        case .lookUp(let address, let attempt): onEvent(.lookUp(address, attempt: attempt))
        case .connect(let host, let port, let handshake, let attempt):
            connect(to: HostLookup.endpoint(host: host, port: port), handshake: handshake, attempt: attempt)
        case .subscribe(let host, let port, let handshake):
            subscribe(at: HostLookup.endpoint(host: host, port: port), handshake: handshake)
        case .schedule(let delay, let attempt):
            if let timer { thread.cancel(timer) }
            timer = thread.schedule(after: delay) { [weak self] in self?.on(.attempt(attempt, .timerFired)) }
        case .disconnect: disconnect()
        case .reportAuthenticated: onEvent(.authenticated)
        case .reportLost: onEvent(.lost)
        }
    }

    private func connect(to endpoint: String, handshake: Duration, attempt: Int) {
        do {
            var options = SocketOptions()
            options.handshakeInterval = handshake
            options.connectTimeout = LinkStateMachine.connectTimeout
            options.sendHighWaterMark = 64
            let dealer = try Socket(.dealer, on: thread, options)
            self.dealer = dealer
            try showKeys(dealer)
            try dealer.monitor { [weak self] event in
                guard let event = Self.attemptEvent(event.kind) else { return }
                self?.on(.attempt(attempt, event))
                if case .refused = event { self?.onEvent(.refused) }
            }
            thread.register(dealer) { [weak self] in self?.read() }
            try dealer.connect(endpoint)
        } catch {
            if error.code == .resources { onEvent(.shortOfDescriptors) }
            on(.attempt(attempt, .notOpened))
        }
    }

    private static func attemptEvent(_ kind: Monitor.Kind) -> LinkStateMachine.AttemptEvent? {
        switch kind {
        case .connected: .connected
        case .handshakeSucceeded: .handshakeSucceeded
        case .handshakeFailedAuthentication: .refused
        case .handshakeFailedProtocol: .protocolFailed
        case .handshakeFailed, .disconnected: .disconnected
        case .connectRetried: .connectFailed
        case .connectDelayed, .listening, .accepted, .acceptFailed, .closed, .closeFailed, .other: nil
        }
    }

    private func subscribe(at endpoint: String, handshake: Duration) {
        guard subscriber == nil else { return }
        do {
            var options = SocketOptions()
            options.handshakeInterval = handshake
            let subscriber = try Socket(.sub, on: thread, options)
            self.subscriber = subscriber
            try showKeys(subscriber)
            try subscriber.monitor { [weak self] event in
                if event.kind == .handshakeSucceeded { self?.onEvent(.subscribed) }
            }
            thread.register(subscriber) { [weak self] in self?.readPublications() }
            try subscriber.subscribe(topic)
            try subscriber.connect(endpoint)
        } catch {
            // Without publications news comes by asking for it.
            if error.code == .resources { onEvent(.shortOfDescriptors) }
            subscriber?.close()
            subscriber = nil
        }
    }

    private func showKeys(_ socket: Socket) throws(ZeroMQError) {
        try keys.secret.withSpan { secret throws(ZeroMQError) in
            try socket.curveClient(serverKey: serverKey, publicKey: keys.publicKey, secret: secret)
        }
    }

    private func disconnect() {
        if let timer { thread.cancel(timer) }
        timer = nil
        dealer?.close()
        dealer = nil
        subscriber?.close()
        subscriber = nil
        let waiting = pending.values
        pending = [:]
        for request in waiting {
            thread.cancel(request.timer)
            request.resume(.failure(PeerError(.disconnected, "the connection to the peer is gone")))
        }
    }

    // MARK: - Requests

    /// Sends a request and calls back once: with the reply's frame, or why there is none.
    func request(_ body: [UInt8], within deadline: Duration, _ resume: @escaping (Result<[UInt8], PeerError>) -> Void) {
        guard let dealer, machine.isUp else {
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
