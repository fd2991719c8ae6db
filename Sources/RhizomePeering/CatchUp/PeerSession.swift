internal import Bytes
internal import Logging
internal import RhizomeCore
internal import RhizomeDatabase
internal import RhizomeIdentity
internal import SignedStatements

/// Our half of keeping one peer and this node alike: greets it, compares heads, pulls what we lack and pushes what it
/// lacks (spec: peering.md, "Catching up").
///
/// One for each link, on the pool; it sleeps until its mailbox or its timetable wakes it. Nothing here is relied on but
/// asking again: publications are hints.
struct PeerSession: Sendable {
    let peer: PublicKey
    let mailbox: Mailbox<SessionNews>
    let log: any AuthorLogs & DeltaLookup & StallRecords
    let intake: Intake
    let clock: NodeClock
    let ledger: PeerLedger
    let policy: ConnectionPolicy
    let peering: Peering
    let directory: PeerDirectory
    let configuration: NodeConfiguration
    let rhythm: Rhythm
    let hello: @Sendable () async -> Hello
    /// Told what the peer answers to it.
    let onHello: @Sendable (PublicKey, Hello) -> Void
    let meter: FetchMeter
    /// Told once the peer has been asked for our own log, or can't be.
    let onCompared: @Sendable (PublicKey) -> Void
    let logger: Logger
    let pageSize = PageSize()

    private static let helloInterval = Duration.seconds(60)
    /// How often it is asked whom the peer is connected with where its `hello` doesn't say that this has changed, and where
    /// it does.
    private static let peersInterval = Duration.seconds(60)
    private static let longPeersInterval = Duration.seconds(3600)
    /// How often news is asked for where a publication that went past us wouldn't be noticed, and where it would.
    private static let newsInterval = Duration.seconds(10)
    private static let longNewsInterval = Duration.seconds(60)
    /// How long it takes at least until the others are told that a peer isn't connected with us any more, and at most:
    /// several are told of at once.
    private static let (shortestLossWait, longestLossWait) = (Duration.milliseconds(100), Duration.milliseconds(500))
    /// How often they are told of that at most.
    private static let lossInterval = Duration.seconds(10)
    private static let compareInterval = Duration.seconds(3600)
    /// How soon all heads are compared again where there were too many to be remembered.
    private static let recompareInterval = Duration.seconds(60)
    private static let foreignWait = Duration.seconds(60)
    /// When something that failed is tried again.
    private static let retryInterval = Duration.seconds(10)
    /// How long what a peer wrote itself is left to its publications before it is pulled: they bring it whole.
    private static let settlingTime = Duration.milliseconds(200)
    /// How long a session waits at least between two looks, so that what fails at once isn't tried at once.
    private static let shortestWait = Duration.milliseconds(200)
    static let requestDeadline = Duration.seconds(10)
    static let pageDeadline = Duration.seconds(60)

    /// What a session remembers from one connection to the next.
    struct Memory: Sendable {
        var cursor: [UInt8]?
        var wanted = WantedHeads()
        /// Heads of the peer's own log that its publications are about to bring, and when they are wanted after all.
        var settling: Set<AuthorHead> = []
        var settlingEnds = Uptime.max
        var owed = OwedPushes()
    }

    /// What a session knows of the present connection, and when what is due on it.
    struct Connection: Sendable {
        var timetable: Timetable
        var isGreeted = false
        var hasAskedForOwnLog = false
        /// Greetings that the peer forgot right away.
        var lostGreetings = 0
    }

    /// Runs until the mailbox is closed or the task cancelled.
    @concurrent
    func run() async {
        var memory = Memory()
        var connection: Connection?
        while let news = await mailbox.take(within: wait(connection, memory), by: clock) {
            if news.wasLost { connection = nil }
            if let isUp = news.isUp {
                if !isUp {
                    connection = nil
                    onCompared(peer)
                } else if connection == nil {
                    connection = Connection(timetable: Timetable(rhythm: rhythm))
                    memory.owed.connected(now: clock.uptime)
                }
            }
            memory.owed.grew(news.grown)
            if news.stoppedAsking { memory.owed.askingStopped(now: clock.uptime) }
            // Kept even if what follows fails: it is asked for again then.
            await note(news.heads, &memory, isHint: true)
            want(news.missing, &memory, isHint: true)
            if news.asksForNews { connection?.timetable.hasten(.news, to: clock.uptime) }
            if news.isLookedAt {
                connection?.timetable.hasten(.news, to: clock.uptime, waiting: Self.newsInterval)
            }
            if news.asksForPeers { connection?.timetable.hasten(.peers, to: clock.uptime) }
            if news.hasLostNeighbour {
                // The peer may leave it to that one to tell us of its log, until it knows; and what it left out is news.
                let spread = Self.longestLossWait - Self.shortestLossWait
                let soon = clock.uptime + Self.shortestLossWait + .random(upTo: spread)
                connection?.timetable.hasten(.hello, to: soon, waiting: Self.lossInterval)
                connection?.timetable.hasten(.news, to: soon, waiting: Self.lossInterval)
            }
            if news.comparesAll {
                // Trust may have changed: what had been in vain may not be any more.
                memory.wanted.forgive()
                connection?.timetable.hasten(.compare, to: clock.uptime, waiting: .zero)
            }
            guard var current = connection else { continue }
            do throws(PeerError) {
                try await work(&current, &memory)
                current.lostGreetings = 0
            } catch {
                memory.owed.failed(now: clock.uptime)
                await failed(error, &current)
            }
            connection = current
        }
        onCompared(peer)
    }

    private func failed(_ error: PeerError, _ connection: inout Connection) async {
        switch error.code {
        case .hello:
            // A peer that lost our greeting is greeted again.
            connection.isGreeted = false
            connection.lostGreetings += 1
            let wait = connection.lostGreetings > 1 ? Self.retryInterval : .zero
            connection.timetable.putOff(.hello, until: clock.uptime + wait)
        case .badReply: ledger.charge(peer)
        // Whether the peer is gone or only slow, a new connection tells.
        case .timeout: await peering.reopen(peer)
        default: break
        }
        logger.debug("a request to a peer failed", metadata: ["peer": "\(peer.did)", "error": "\(error)"])
    }

    private func wait(_ connection: Connection?, _ memory: Memory) -> Duration? {
        guard let connection else { return nil }
        var due = connection.timetable.next(isGreeted: connection.isGreeted)
        if connection.isGreeted {
            due = min(due, memory.settlingEnds, memory.owed.due)
            let wall = clock.now
            if let next = memory.wanted.nextDue(after: wall) { due = min(due, clock.uptime + (next - wall)) }
        }
        return max(due - clock.uptime, Self.shortestWait)
    }

    private func work(_ connection: inout Connection, _ memory: inout Memory) async throws(PeerError) {
        if connection.timetable.isDue(.hello, now: clock.uptime) {
            connection.timetable.start(.hello, now: clock.uptime, isHasty: .random())
            connection.isGreeted = try await greet()
            finish(.hello, connection.isGreeted ? Self.helloInterval : Self.foreignWait, &connection)
            memory.owed.greeted()
        }
        guard connection.isGreeted else { return onCompared(peer) }
        if !connection.hasAskedForOwnLog {
            try await askForOwnLog(&memory)
            connection.hasAskedForOwnLog = true
            onCompared(peer)
        }
        if memory.wanted.isShort {
            connection.timetable.hasten(.compare, to: clock.uptime, waiting: Self.recompareInterval)
        }
        if connection.timetable.isDue(.compare, now: clock.uptime) {
            connection.timetable.start(.compare, now: clock.uptime, isHasty: .random())
            memory.wanted.startComparing()
            try await compare(&memory)
            finish(.compare, Self.compareInterval, &connection)
        }
        if connection.timetable.isDue(.peers, now: clock.uptime) {
            connection.timetable.start(.peers, now: clock.uptime, isHasty: .random())
            try await askForPeers()
            let numbers = directory[peer].hello?.neighbours != nil
            finish(.peers, numbers ? Self.longPeersInterval : Self.peersInterval, &connection)
        }
        if connection.timetable.isDue(.news, now: clock.uptime) {
            connection.timetable.start(.news, now: clock.uptime, isHasty: .random())
            try await askForNews(&memory)
            let interval = directory[peer].tellsOfLoss ? Self.longNewsInterval : Self.newsInterval
            finish(.news, interval, &connection)
        }
        settle(&memory)
        try await fetch(&memory)
        try await push(&memory)
    }

    /// With jitter, so that many nodes that started together don't go on asking together.
    private func finish(_ request: Timetable.Request, _ interval: Duration, _ connection: inout Connection) {
        let interval = interval * Int.random(in: 80...100) / 100
        connection.timetable.finish(request, interval: interval, now: clock.uptime)
    }

    /// Leaves a head to the peer's publications for a moment.
    ///
    /// Else a body would cross the link twice where one publication overtakes another on its way through admission, or
    /// news is asked for while it is on its way.
    func putOff(_ head: AuthorHead, _ memory: inout Memory) {
        guard memory.settling.count < WantedHeads.most else { return memory.wanted.add(head) }
        if memory.settling.isEmpty { memory.settlingEnds = clock.uptime + Self.settlingTime }
        memory.settling.insert(head)
    }

    /// Wants what publications should have brought by now; what they did bring is held and isn't asked for.
    private func settle(_ memory: inout Memory) {
        guard clock.uptime >= memory.settlingEnds else { return }
        want(memory.settling, &memory)
        memory.settling = []
        memory.settlingEnds = .max
    }

    /// Asks for something whose size we choose, and notes how long that took.
    func callPage<Method: PeerMethod>(_ method: Method, bytes: Int) async throws(PeerError) -> Method.Reply {
        let start = clock.uptime
        do throws(PeerError) {
            let reply = try await peering.call(method, to: peer, within: Self.pageDeadline)
            pageSize.took(clock.uptime - start, bytes: bytes)
            return reply
        } catch {
            if error.code == .timeout { pageSize.failed(bytes: bytes) }
            throw error
        }
    }

    /// Says hello.
    ///
    /// - Returns: whether the peer speaks our protocol and takes part in our network.
    private func greet() async throws(PeerError) -> Bool {
        let asked = clock.now
        let theirs = try await peering.call(await hello(), to: peer, within: Self.requestDeadline)
        let arrived = clock.now
        directory.saw(peer, hello: theirs)
        directory.update(peer) { entry in
            guard let received = theirs.received else { return }
            entry.clock.add(asked: asked, received: received, answered: theirs.time, arrived: arrived)
        }
        guard theirs.protocol == Hello.protocolVersion, theirs.topic == configuration.topic else {
            logger.notice(
                "a peer speaks another protocol or takes part in another network",
                metadata: ["peer": "\(peer.did)", "protocol": "\(theirs.protocol)"]
            )
            return false
        }
        onHello(peer, theirs)
        await peering.greeted(peer, publishPort: theirs.publish.flatMap { PeerAddress($0.string) }?.port)
        return true
    }
}
