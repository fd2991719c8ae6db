internal import Bytes
internal import Logging
internal import RhizomeCore
internal import RhizomeIdentity
internal import SignedLog

/// Our half of keeping one peer and this node alike: greets it, compares heads, pulls what we lack and pushes what it
/// lacks (spec: peering.md, "Catching up").
///
/// One for each link, on the pool; it sleeps until its mailbox or its timetable wakes it. Nothing here is relied on but
/// asking again: publications are hints.
struct PeerSession: Sendable {
    let peer: PublicKey
    let mailbox: Mailbox<SessionNews>
    let log: any DeltaLog
    let intake: Intake
    let clock: NodeClock
    let admittance: Admittance
    let peering: Peering
    let directory: PeerDirectory
    let configuration: NodeConfiguration
    let hello: @Sendable () async -> Hello
    /// Told once the peer has been asked for our own log, or can't be.
    let onCompared: @Sendable (PublicKey) -> Void
    let logger: Logger

    private static let second: Int64 = 1_000_000
    private static let helloInterval = 60 * second
    private static let newsInterval = 10 * second
    private static let compareInterval = 3600 * second
    private static let foreignWait = 60 * second
    /// How long a peer that we reach has to reach us too, before we push to it.
    private static let pushDelay = second
    private static let futureWait = 600 * second
    private static let requestDeadline = Duration.seconds(10)
    private static let pageDeadline = Duration.seconds(60)
    private static let pageBytes = 1024 * 1024
    private static let authorsAtOnce = 4

    /// What a session remembers from one connection to the next.
    private struct Memory: Sendable {
        var cursor: [UInt8]?
        var pulls: [PublicKey: Backoff] = [:]
        var pushes: [PublicKey: Backoff] = [:]
        /// Heads that aren't asked for before a moment: from the future, or reaching what fits nowhere.
        var parked: [DeltaID: Int64] = [:]
    }

    /// What a session knows of the present connection.
    private struct Connection: Sendable {
        var helloDue: Int64
        var newsDue = Int64.min
        var compareDue = Int64.min
        var pushDue: Int64
        /// Answered distrusted, unknown or rejected: not pushed again before the next hello.
        var unwanted: Set<PublicKey> = []
        var isGreeted = false
        var hasPushedAll = false
    }

    /// Runs until the mailbox is closed or the task cancelled.
    @concurrent
    func run() async {
        var memory = Memory()
        var connection: Connection?
        while let news = await mailbox.take(within: wait(connection)) {
            if news.wasLost { connection = nil }
            if let isUp = news.isUp {
                if isUp {
                    connection = connection ?? Connection(helloDue: .min, pushDue: clock.uptime + Self.pushDelay)
                } else {
                    connection = nil
                    onCompared(peer)
                }
            }
            guard var current = connection else { continue }
            do throws(PeerError) {
                try await work(news, &current, &memory)
                connection = current
            } catch {
                // A peer that lost our greeting is greeted again; whatever else failed comes again by the timetable.
                if error.code == .hello {
                    current.isGreeted = false
                    current.helloDue = .min
                }
                connection = current
                logger.debug("a request to a peer failed", metadata: ["peer": "\(peer.did)", "error": "\(error)"])
            }
        }
        onCompared(peer)
    }

    private func wait(_ connection: Connection?) -> Duration? {
        guard let connection else { return nil }
        var due = connection.helloDue
        if connection.isGreeted { due = min(due, connection.newsDue, connection.compareDue, connection.pushDue) }
        // Not less than a moment: what failed just now isn't tried again at once.
        return .microseconds(max(due == .min ? 0 : due - clock.uptime, 200_000))
    }

    private func work(
        _ news: SessionNews,
        _ connection: inout Connection,
        _ memory: inout Memory
    ) async throws(PeerError) {
        if clock.uptime >= connection.helloDue {
            connection.helloDue = clock.uptime + Self.helloInterval
            connection.isGreeted = try await greet()
            connection.unwanted = []
            guard connection.isGreeted else {
                connection.helloDue = clock.uptime + Self.foreignWait
                return
            }
        }
        guard connection.isGreeted else { return }
        if news.comparesAll || clock.uptime >= connection.compareDue {
            connection.compareDue = clock.uptime + Self.compareInterval
            // Trust may have changed: what had been in vain may not be any more.
            memory.pulls = [:]
            try await compare(&memory)
            onCompared(peer)
        }
        if !news.heads.isEmpty { try await fetch(Array(news.heads), &memory) }
        for (author, missing) in news.missing {
            try await fetch(missing.map { AuthorHead(author: author, id: $0) }, &memory)
        }
        if news.asksForNews || clock.uptime >= connection.newsDue {
            // With jitter, so that many nodes that started together don't ask together.
            connection.newsDue = clock.uptime + Self.newsInterval * Int64.random(in: 80...120) / 100
            try await askForNews(&memory)
        }
        if clock.uptime >= connection.pushDue {
            connection.pushDue = clock.uptime + Self.helloInterval
            try await push(nil, &connection, &memory)
            connection.hasPushedAll = true
        } else if connection.hasPushedAll, !news.grown.isEmpty {
            try await push(news.grown, &connection, &memory)
        }
    }

    // MARK: - Greeting

    /// Says hello.
    ///
    /// - Returns: whether the peer speaks our protocol and takes part in our network.
    private func greet() async throws(PeerError) -> Bool {
        let asked = clock.now
        let reply = try await peering.request(.hello(await hello()), of: peer, within: Self.requestDeadline)
        let arrived = clock.now
        let theirs = try PeerReply.read(reply, PeerReply.readHello)
        directory.saw(peer, hello: theirs)
        directory.update(peer) { entry in
            guard let received = theirs.received else { return }
            entry.clock.add(asked: asked, received: received, answered: theirs.time, arrived: arrived)
        }
        guard theirs.protocol == PeeringLimits.protocolVersion, theirs.topic == configuration.topic else {
            logger.notice(
                "a peer speaks another protocol or takes part in another network",
                metadata: ["peer": "\(peer.did)", "protocol": "\(theirs.protocol)"]
            )
            return false
        }
        await peering.greeted(peer, publishPort: theirs.publish.flatMap { PeerAddress($0.string) }?.port)
        return true
    }

    // MARK: - Learning what the peer has

    private func compare(_ memory: inout Memory) async throws(PeerError) {
        var after: AuthorHead?
        var known: [PublicKey: Set<DeltaID>] = [:]
        while true {
            let request = PeerRequest.heads(after: after, limit: PeeringLimits.headsPage)
            let reply = try await peering.request(request, of: peer, within: Self.pageDeadline)
            let (heads, more) = try PeerReply.read(reply, PeerReply.readHeads)
            for head in heads { known[head.author, default: []].insert(head.id) }
            try await fetch(heads, &memory, notesHeads: false)
            // A page that doesn't go on would never end.
            guard more, let last = heads.last, isBefore(after, last) else { break }
            after = last
        }
        directory.update(peer) { $0.heads = known }
    }

    private func isBefore(_ left: AuthorHead?, _ right: AuthorHead) -> Bool {
        guard let left else { return true }
        return (left.author, left.id) < (right.author, right.id)
    }

    private func askForNews(_ memory: inout Memory) async throws(PeerError) {
        while true {
            let request = PeerRequest.news(cursor: memory.cursor, limit: PeeringLimits.headsPage)
            let reply = try await peering.request(request, of: peer, within: Self.pageDeadline)
            let (heads, cursor, more) = try PeerReply.read(reply, PeerReply.readNews)
            let isNew = cursor != memory.cursor
            memory.cursor = cursor
            try await fetch(heads, &memory)
            guard more, isNew, !heads.isEmpty else { break }
        }
        directory.saw(peer)
    }

    // MARK: - Pulling

    /// Pulls those of a peer's heads that we lack and whose authors we trust, several authors at once.
    private func fetch(
        _ heads: [AuthorHead],
        _ memory: inout Memory,
        notesHeads: Bool = true
    ) async throws(PeerError) {
        guard !heads.isEmpty else { return }
        let now = clock.uptime
        let held: Set<DeltaID>
        let stalled: Set<DeltaID>
        do {
            held = try await log.contains(heads.map(\.id))
            stalled = Set(try await log.stalls().map(\.id))
        } catch {
            throw PeerError(.internal, "our store: \(error)")
        }
        var wanted: [PublicKey: [DeltaID]] = [:]
        var told: [PublicKey: Set<DeltaID>] = [:]
        let trust = admittance.trust
        let wall = clock.now
        for head in heads {
            told[head.author, default: []].insert(head.id)
            guard !held.contains(head.id), !stalled.contains(head.id), memory.parked[head.id, default: .min] <= now,
                memory.pulls[head.author]?.notBefore ?? .min <= now, trust.mayAuthor(head.author, at: wall)
            else { continue }
            wanted[head.author, default: []].append(head.id)
        }
        if notesHeads {
            let told = told
            directory.update(peer) { entry in for (author, heads) in told { entry.heads[author] = heads } }
        }
        memory.parked = memory.parked.filter { $0.value > now }
        var queue = wanted.map { (author: $0.key, want: $0.value) }[...]
        var outcomes: [(author: PublicKey, want: [DeltaID], outcome: PullOutcome)] = []
        var failure: PeerError?
        await withTaskGroup(of: (PublicKey, [DeltaID], PullOutcome).self) { group in
            func start() {
                guard let next = queue.popFirst() else { return }
                group.addTask { (next.author, next.want, await pull(next.want, of: next.author)) }
            }
            for _ in 0..<Self.authorsAtOnce { start() }
            for await (author, want, outcome) in group {
                outcomes.append((author, want, outcome))
                if let error = outcome.failure { failure = error } else { start() }
            }
        }
        for (author, want, outcome) in outcomes {
            if outcome.accepted > 0 {
                memory.pulls[author] = nil
            } else if outcome.failure == nil, outcome.duplicates == 0 {
                memory.pulls[author, default: Backoff()].fail(now: now)
            }
            guard outcome.failure == nil, outcome.future || outcome.stalled else { continue }
            let held = (try? await log.contains(want)) ?? []
            for id in want where !held.contains(id) {
                memory.parked[id] = outcome.stalled ? .max : now + Self.futureWait
            }
        }
        if let failure { throw failure }
    }

    /// What a pull brought.
    private struct PullOutcome: Sendable {
        var accepted = 0
        var duplicates = 0
        var future = false
        var stalled = false
        var failure: PeerError?
    }

    private func pull(_ want: [DeltaID], of author: PublicKey) async -> PullOutcome {
        var outcome = PullOutcome()
        for start in stride(from: 0, to: want.count, by: PeeringLimits.wantedHeads) {
            let part = Array(want[start..<min(start + PeeringLimits.wantedHeads, want.count)])
            do throws(PeerError) {
                try await pullPages(part, of: author, &outcome)
            } catch {
                outcome.failure = error
                return outcome
            }
        }
        return outcome
    }

    private func pullPages(
        _ want: [DeltaID],
        of author: PublicKey,
        _ outcome: inout PullOutcome
    ) async throws(PeerError) {
        do {
            let have = try await log.locators(of: author)
            var after: (sequence: Int64, id: DeltaID)?
            while true {
                let request = PullRequest(
                    author: author,
                    want: want,
                    have: Array(have.prefix(PeeringLimits.locators)),
                    after: after,
                    maximumBytes: Self.pageBytes
                )
                let reply = try await peering.request(.pull(request), of: peer, within: Self.pageDeadline)
                let (wires, more) = try PeerReply.read(reply, PeerReply.readPull)
                guard !wires.isEmpty else { return }
                let judgements = try await intake.submit(wires, from: peer)
                var progress = 0
                for judgement in judgements {
                    switch judgement.decision {
                    case .accept:
                        outcome.accepted += 1
                        progress += 1
                    case .duplicate:
                        outcome.duplicates += 1
                        progress += 1
                    case .defer(.future): outcome.future = true
                    case .reject(.chain), .reject(.timeOrder): outcome.stalled = true
                    case .defer, .reject: break
                    }
                }
                guard more, progress > 0, let last = Self.end(of: wires, author: author, after: after) else { return }
                after = last
            }
        } catch let error as PeerError {
            throw error
        } catch {
            throw PeerError(.internal, "our store: \(error)")
        }
    }

    /// The (sequence, id) with which a page ends, or `nil` where it isn't in order, or not this author's.
    private static func end(
        of wires: [[UInt8]],
        author: PublicKey,
        after: (sequence: Int64, id: DeltaID)?
    ) -> (sequence: Int64, id: DeltaID)? {
        var last = after
        for wire in wires {
            guard let delta = try? SignedDelta(decoding: wire), delta.author == author else { return nil }
            let place = (sequence: delta.header.sequence, id: delta.id)
            if let last, last >= place { return nil }
            last = place
        }
        return last
    }

    // MARK: - Pushing

    /// Pushes what the peer lacks, where it may read from us and can't reach us to ask.
    ///
    /// - Parameter authors: whose logs grew; `nil` for all.
    private func push(
        _ authors: Set<PublicKey>?,
        _ connection: inout Connection,
        _ memory: inout Memory
    ) async throws(PeerError) {
        guard admittance.mayConnect(peer) else { return }
        let lastRequest = await peering.lastRequest(of: peer)
        guard lastRequest.map({ clock.uptime - $0 >= PeerDirectory.silence }) ?? true else { return }
        do {
            let now = clock.uptime
            var candidates = authors
            if candidates == nil { candidates = Set(try await log.authors().map(\.author)) }
            for author in (candidates ?? []).sorted() {
                guard !connection.unwanted.contains(author), memory.pushes[author]?.notBefore ?? .min <= now else {
                    continue
                }
                if case .distrusted(.none) = admittance.trust.standing(of: author, at: clock.now) { continue }
                let ours = Set(try await log.heads(of: author).map(\.id))
                let theirs = directory[peer].heads[author] ?? []
                guard !ours.isSubset(of: theirs) else { continue }
                try await pushLog(of: author, ours: ours, theirs: theirs, &connection, &memory)
            }
        } catch let error as PeerError {
            throw error
        } catch {
            throw PeerError(.internal, "our store: \(error)")
        }
    }

    private func pushLog(
        of author: PublicKey,
        ours: Set<DeltaID>,
        theirs: Set<DeltaID>,
        _ connection: inout Connection,
        _ memory: inout Memory
    ) async throws {
        var after: (sequence: Int64, id: DeltaID)?
        while true {
            let page = try await log.pull(
                PullRequest(
                    author: author,
                    want: Array(ours.sorted().prefix(PeeringLimits.wantedHeads)),
                    have: Array(theirs.sorted().prefix(PeeringLimits.locators)),
                    after: after,
                    maximumBytes: Self.pageBytes
                )
            )
            guard !page.deltas.isEmpty else { break }
            let reply = try await peering.request(.push(page.deltas), of: peer, within: Self.pageDeadline)
            let results = try PeerReply.read(reply, PeerReply.readPush)
            let isUnwanted = results.contains { result in
                result.decision == "reject" || (result.decision == "defer" && result.reason == "unknownAuthor")
            }
            if isUnwanted {
                connection.unwanted.insert(author)
                return
            }
            guard results.contains(where: { $0.decision == "accept" || $0.decision == "duplicate" }) else {
                memory.pushes[author, default: Backoff()].fail(now: clock.uptime)
                return
            }
            guard page.hasMore, let last = page.last else { break }
            after = last
        }
        memory.pushes[author] = nil
        directory.update(peer) { $0.heads[author, default: []].formUnion(ours) }
    }
}
