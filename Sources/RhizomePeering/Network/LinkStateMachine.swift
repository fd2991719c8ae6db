internal import Bytes
internal import RhizomeIdentity

/// When a link to a peer connects, to which of its addresses, and how it stands (spec: peering.md, "Facts").
///
/// A pure state machine: what happens comes in with its time, what is to be done goes out, and ``PeerLink`` does it. A
/// connection is an *attempt* at one address, with a deadline. When it fails or is lost, the next attempt is made at the
/// next address, after a wait that grows.
struct LinkStateMachine: Sendable {
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

    /// What can happen to a link.
    enum Event: Sendable {
        /// It is to start, or to start anew at once, as where the peer answers no more.
        case open
        /// The journal changed about the peer, which is trusted and has these addresses now.
        case restated([PeerAddress])
        /// The peer may be at these addresses by now, of which it or others have told.
        case told([PeerAddress])
        /// The peer was just let in itself.
        case tryAgain
        /// `hello` was answered, with the port of the peer's publications where it has one.
        case greeted(publishPort: UInt16?)
        /// It is to end for good, as where the peer isn't trusted any more.
        case close
        /// Something happened to the attempt of this number.
        case attempt(Int, AttemptEvent)
    }

    /// What can happen to an attempt.
    enum AttemptEvent: Sendable {
        /// The host's addresses, numeric; none where it isn't found.
        case found([String])
        /// The socket couldn't be opened.
        case notOpened
        /// There is a TCP connection.
        case connected
        /// There is none, and libzmq would try again.
        case connectFailed
        /// Both sides know each other by their keys.
        case handshakeSucceeded
        /// Our key was answered 400, after which libzmq wouldn't try again.
        case refused
        /// Something else than a peer answers there.
        case protocolFailed
        /// The TCP connection is gone, in the handshake or after it.
        case disconnected
        /// The time set by `schedule` is over.
        case timerFired
    }

    /// What is to be done, in this order.
    enum Action: Hashable, Sendable {
        /// Find the addresses of a host: `found`.
        case lookUp(PeerAddress, attempt: Int)
        /// Open a DEALER to a numeric address, whose handshake may take so long.
        case connect(host: String, port: UInt16, handshake: Duration, attempt: Int)
        /// Open a SUB to a numeric address, unless there is one on this connection.
        case subscribe(host: String, port: UInt16, handshake: Duration)
        /// Set the only timer, in place of one that runs: `timerFired`.
        case schedule(after: Duration, attempt: Int)
        /// Close the sockets, stop the timer, and give up what waits for an answer.
        case disconnect
        /// The peer is authenticated: say `hello`.
        case reportAuthenticated
        /// The connection on which the peer was authenticated is gone.
        case reportLost
    }

    /// What an attempt goes by once its socket is open.
    private struct Target {
        let host: String
        let port: UInt16
        /// How long a handshake may take: over a slow link it was found to need that.
        let handshake: Duration
    }

    private enum State {
        case idle
        case lookingUp(PeerAddress)
        case connecting(Target, hasTCP: Bool)
        case up(Target, since: Uptime, isGreeted: Bool)
        case waiting
        case closed
    }

    private static let shortestWait = Duration.milliseconds(100)
    /// So that with taking up the list and the handshake a link is there within 5 s after it may be (spec: peering.md).
    static let longestWait = Duration.seconds(4)
    /// How long a node's attempts are apart at least, on average, once many peers can't be reached: each takes about a
    /// quarter of a millisecond.
    private static let attemptInterval = Duration.milliseconds(100)
    private static let longestCrowdedWait = Duration.seconds(60)
    /// After how long a connection counts as one that works.
    private static let stable = Duration.seconds(10)
    private static let longestRefusalWait = Duration.seconds(30)
    private static let shortestHandshake = Duration.seconds(3)
    private static let longestHandshake = Duration.seconds(15)
    /// How long a TCP connection may take.
    static let connectTimeout = Duration.seconds(3)

    private(set) var addresses: [PeerAddress]
    private var nextAddress = 0
    private var handshake = Self.shortestHandshake
    private var wait = Self.shortestWait
    /// How long it waits at most before it tries again where the peer can't be reached.
    var longestWait = Self.longestWait
    private var state = State.idle
    /// How it stands where the peer isn't authenticated.
    private var outcome = Phase.connecting
    /// Counts attempts and their ends, so that what belongs to an earlier one is known.
    private var attempt = 0

    /// The address of the present attempt or connection.
    private(set) var address: PeerAddress?

    /// A link that starts with `open`.
    init(addresses: [PeerAddress]) { self.addresses = addresses }

    /// How long a link waits at most that is one of so many that aren't up: a peer that comes back and knows where we are
    /// is gone to at once anyway.
    static func longestWait(among links: Int) -> Duration {
        min(max(longestWait, attemptInterval * links), longestCrowdedWait)
    }

    /// Where it stands.
    var phase: Phase {
        guard case .up(_, _, let isGreeted) = state else { return outcome }
        return isGreeted ? .connected : .authenticated
    }

    /// Whether the peer is authenticated on the present connection.
    var isUp: Bool { if case .up = state { true } else { false } }

    // MARK: - Events

    /// Takes note of what happened at a moment; what belongs to an earlier attempt, or comes after `close`, is passed
    /// over.
    ///
    /// - Returns: what is to be done now.
    mutating func on(_ event: Event, now: Uptime) -> [Action] {
        if case .closed = state { return [] }
        switch event {
        case .open: return restart()
        case .restated(let addresses):
            self.addresses = addresses
            nextAddress = 0
            return restart()
        case .told(let addresses):
            let firstNew = addresses.firstIndex { !self.addresses.contains($0) }
            self.addresses = addresses
            // One that is connected, or being tried where it was, isn't disturbed.
            guard phase == .unreachable || phase == .refused, let firstNew else { return [] }
            nextAddress = firstNew
            return restart()
        case .tryAgain: return phase == .unreachable || phase == .refused ? restart() : []
        case .greeted(let publishPort):
            guard case .up(let target, let since, _) = state else { return [] }
            state = .up(target, since: since, isGreeted: true)
            return publishPort.map { [.subscribe(host: target.host, port: $0, handshake: target.handshake)] } ?? []
        case .close:
            let actions = end()
            state = .closed
            return actions
        case .attempt(let number, let event): return number == attempt ? on(event, now: now) : []
        }
    }

    private mutating func on(_ event: AttemptEvent, now: Uptime) -> [Action] {
        switch (event, state) {
        case (.found(let hosts), .lookingUp(let address)): return connect(to: hosts, of: address, now: now)
        case (.connected, .connecting(let target, _)):
            state = .connecting(target, hasTCP: true)
            return []
        // libzmq may also have connected anew unseen.
        case (.handshakeSucceeded, .connecting(let target, _)), (.handshakeSucceeded, .up(let target, _, _)):
            state = .up(target, since: now, isGreeted: false)
            handshake = Self.shortestHandshake
            return [.reportAuthenticated]
        case (.refused, .connecting), (.refused, .up): return fail(.refused, isFinal: true, now: now)
        case (.notOpened, .connecting), (.protocolFailed, .connecting), (.protocolFailed, .up),
            (.connectFailed, .connecting(_, hasTCP: false)), (.disconnected, .up):
            return fail(.unreachable, now: now)
        // A peer that puts us off holds the connection until the handshake's time is over.
        case (.disconnected, .connecting(_, let hasTCP)), (.timerFired, .connecting(_, let hasTCP)):
            return fail(hasTCP ? .refused : .unreachable, now: now)
        case (.timerFired, .waiting): return begin()
        // What changes nothing there, such as the time that an attempt had and didn't need.
        default: return []
        }
    }

    // MARK: - Attempts

    private mutating func restart() -> [Action] {
        handshake = Self.shortestHandshake
        wait = Self.shortestWait
        let actions = end()
        outcome = .connecting
        return actions + begin()
    }

    private mutating func begin() -> [Action] {
        guard !addresses.isEmpty else { return [] }
        attempt += 1
        let address = addresses[nextAddress % addresses.count]
        self.address = address
        nextAddress += 1
        state = .lookingUp(address)
        return [.lookUp(address, attempt: attempt)]
    }

    private mutating func connect(
        to hosts: [String],
        of address: PeerAddress,
        now: Uptime
    ) -> [Action] {
        guard !hosts.isEmpty else { return fail(.unreachable, now: now) }
        // Each time another one of a name's addresses: the first may lead nowhere, as where there is no IPv6.
        let round = (nextAddress - 1) / addresses.count
        let target = Target(host: hosts[round % hosts.count], port: address.port, handshake: handshake)
        state = .connecting(target, hasTCP: false)
        return [
            .schedule(after: handshake + Self.connectTimeout, attempt: attempt),
            .connect(host: target.host, port: target.port, handshake: handshake, attempt: attempt),
        ]
    }

    /// Ends this attempt and plans the next one.
    ///
    /// - Parameters:
    ///   - outcome: how it ended, unless the peer was authenticated.
    ///   - isFinal: the peer answered 400, after which asking again soon is no use.
    private mutating func fail(_ outcome: Phase, isFinal: Bool = false, now: Uptime) -> [Action] {
        var actions: [Action]
        if case .up(_, let since, _) = state {
            // A peer that is lost again and again right after it was reached is not gone to any more often than one
            // that can't be reached at all.
            if now - since > Self.stable { wait = Self.shortestWait }
            actions = end()
            self.outcome = .connecting
        } else {
            actions = end()
            self.outcome = outcome
            // A peer that only puts us off holds the connection open for the whole handshake; doubling that is wait
            // enough.
            if outcome == .refused, !isFinal { handshake = min(handshake * 2, Self.longestHandshake) }
        }
        state = .waiting
        actions.append(.schedule(after: wait, attempt: attempt))
        wait = min(wait * 2, isFinal ? Self.longestRefusalWait : longestWait)
        return actions
    }

    private mutating func end() -> [Action] {
        let wasUp = isUp
        attempt += 1
        state = .idle
        return wasUp ? [.disconnect, .reportLost] : [.disconnect]
    }
}
