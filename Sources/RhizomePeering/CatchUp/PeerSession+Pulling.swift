internal import Bytes
internal import DequeModule
internal import RhizomeCore
internal import RhizomeDatabase
internal import RhizomeIdentity
internal import SignedStatements

extension PeerSession {
    private static let authorsAtOnce = 4
    /// How long a head waits beyond the moment at which it is due, µs: what waits here in memory is taken up once a second,
    /// and need not be asked for then.
    private static let takingUpTime = Duration.seconds(1.5)
    /// Pages of one comparison at most: ten million heads.
    private static let pages = 1000
    /// Pages of news at one time at most, 200,000 heads: it goes on with the next ones 10 s later.
    private static let newsPages = 20

    // MARK: - Learning what the peer has

    /// Asks for our own log before all else, which a peer may hold more of than a restored backup does.
    func askForOwnLog(_ memory: inout Memory) async throws(PeerError) {
        let own = configuration.identity
        let first = AuthorHead(author: own, id: DeltaID(Bytes32(repeating: 0)))
        let request = HeadsMethod(after: first, limit: PullMethod.wantedHeads)
        let heads = try await peering.call(request, to: peer, within: Self.requestDeadline).heads
        await note(Set(heads.filter { $0.author == own }), &memory, isWhole: true)
        try await fetch(&memory)
    }

    /// Compares all heads.
    func compare(_ memory: inout Memory) async throws(PeerError) {
        var after: AuthorHead?
        var known = ToldHeads()
        for _ in 0..<Self.pages {
            let request = HeadsMethod(after: after, limit: PeeringLimits.headsPage)
            let page = try await peering.call(request, to: peer, within: Self.pageDeadline)
            let trust = policy.trust
            for head in page.heads
            where trust.isKnown(head.author) { known.add([head.id], of: head.author) }
            let told = Set(page.heads)
            want(told.subtracting(await held(among: told)), &memory)
            try await fetch(&memory)
            guard page.more, let last = page.heads.last else { break }
            guard Self.isBefore(after, last) else { throw PeerError(.badReply, "a page of heads that doesn't go on") }
            after = last
        }
        directory.update(peer) { entry in
            entry.heads = known
            entry.isCompared = true
        }
    }

    private static func isBefore(_ left: AuthorHead?, _ right: AuthorHead) -> Bool {
        guard let left else { return true }
        return (left.author, left.id) < (right.author, right.id)
    }

    /// Asks for the heads of the authors whose logs changed at the peer since we asked last.
    func askForNews(_ memory: inout Memory) async throws(PeerError) {
        for _ in 0..<Self.newsPages {
            let request = NewsMethod(cursor: memory.cursor, limit: PeeringLimits.headsPage)
            let news = try await peering.call(request, to: peer, within: Self.pageDeadline)
            await note(Set(news.heads), &memory, isHint: true, isWhole: true)
            let goesOn = news.cursor != memory.cursor
            memory.cursor = news.cursor
            guard news.more, goesOn else { break }
            try await fetch(&memory)
        }
        directory.saw(peer)
    }

    /// Asks whom the peer is connected with.
    func askForPeers() async throws(PeerError) {
        // What changes while it answers shows in the next number.
        let number = directory[peer].hello?.neighbours
        let peers = try await peering.call(PeersMethod(), to: peer, within: Self.requestDeadline)
        let listed = policy.trust.entries
        directory.note(Set(peers.map(\.identity).filter { listed[$0] != nil }), of: peer, number: number)
    }

    /// Takes note of heads that the peer has of some authors.
    ///
    /// - Parameters:
    ///   - isHint: whether those of the peer's own log may be on their way already.
    ///   - isWhole: whether it has no others of these authors.
    func note(
        _ heads: Set<AuthorHead>,
        _ memory: inout Memory,
        isHint: Bool = false,
        isWhole: Bool = false
    ) async {
        guard !heads.isEmpty else { return }
        let held = await held(among: heads)
        want(heads.subtracting(held), &memory, isHint: isHint)
        let trust = policy.trust
        for (author, heads) in Dictionary(grouping: heads, by: \.author) where trust.isKnown(author) {
            let told = Set(heads.prefix(ToldHeads.mostOfAuthor))
            let ids = Set(told.map(\.id))
            directory.update(peer) { entry in
                // Logs only grow: what it told before is all that is known of its place until we hold what it tells now.
                let isKept = !isWhole || !told.isSubset(of: held)
                if isKept { entry.heads.add(ids, of: author) } else { entry.heads[author] = ids }
            }
        }
    }

    /// Those that we hold; none where that can't be read.
    private func held(among heads: Set<AuthorHead>) async -> Set<AuthorHead> {
        let known = heads.filter { intake.heldLogs.contains($0) }
        let unknown = heads.subtracting(known)
        guard !unknown.isEmpty else { return known }
        let held = (try? await log.contains(unknown.map(\.id))) ?? []
        return known.union(unknown.filter { held.contains($0.id) })
    }

    /// Takes note of what the peer has, and we may lack.
    ///
    /// - Parameter isHint: whether those of the peer's own log may be on their way already.
    func want(_ heads: Set<AuthorHead>, _ memory: inout Memory, isHint: Bool = false) {
        let trust = policy.trust
        let now = clock.now
        for head in heads where trust.mayAuthor(head.author, at: now) {
            if isHint, head.author == peer { putOff(head, &memory) } else { memory.wanted.add(head) }
        }
    }

    // MARK: - Pulling

    /// Pulls those of the wanted heads that are due, several authors at once.
    func fetch(_ memory: inout Memory) async throws(PeerError) {
        guard memory.wanted.count > 0 else { return }
        try await forgetHeld(&memory)
        let due = memory.wanted.due(now: clock.uptime, wall: clock.now)
        // Our own log first: writing may wait for it.
        let authors = due.keys.sorted {
            ($0 == configuration.identity ? 0 : 1, $0) < ($1 == configuration.identity ? 0 : 1, $1)
        }
        guard !authors.isEmpty else { return }
        meter.begin(logs: authors.count)
        defer { meter.end() }
        var queue = Deque(authors.map { (author: $0, want: due[$0] ?? []) })
        var outcomes: [(author: PublicKey, outcome: WantedHeads.Outcome)] = []
        var failure: PeerError?
        await withTaskGroup(of: (PublicKey, Result<WantedHeads.Outcome, PeerError>).self) { group in
            func start() {
                guard let next = queue.popFirst() else { return }
                group.addTask { (next.author, await pull(next.want, of: next.author)) }
            }
            for _ in 0..<Self.authorsAtOnce { start() }
            for await (author, result) in group {
                switch result {
                case .success(let outcome):
                    outcomes.append((author, outcome))
                    meter.finishedLog()
                    if failure == nil { start() }
                case .failure(let error): failure = error
                }
            }
        }
        try await forgetHeld(&memory)
        for (author, outcome) in outcomes {
            memory.wanted.pulled(author, outcome, now: clock.uptime, wall: clock.now)
        }
        if let failure { throw failure }
    }

    /// Forgets what is held by now, what fits nowhere, and whose authors aren't trusted any more.
    private func forgetHeld(_ memory: inout Memory) async throws(PeerError) {
        let wanted = memory.wanted.all
        let gone: Set<DeltaID>
        do {
            gone = try await log.contains(wanted.map(\.id)).union(log.stalled(wanted.map(\.id)))
        } catch {
            throw PeerError(.internal, "our store: \(error)")
        }
        let trust = policy.trust
        let now = clock.now
        for head in wanted where gone.contains(head.id) || !trust.mayAuthor(head.author, at: now) {
            memory.wanted.remove(head)
        }
    }

    /// What the pages of one pull brought.
    private struct Brought: Sendable {
        var accepted = 0
        /// When the first of them is due that came before its time.
        var due: Timestamp?
        var hasStalled = false
    }

    private func pull(
        _ want: [DeltaID],
        of author: PublicKey
    ) async -> Result<WantedHeads.Outcome, PeerError> {
        var outcome = WantedHeads.Outcome()
        do throws(PeerError) {
            for part in want.chunks(of: PullMethod.wantedHeads) {
                let brought = try await pullPages(part, of: author)
                outcome.accepted += brought.accepted
                guard brought.due != nil || brought.hasStalled else {
                    if brought.accepted > 0 { continue }
                    // After a pull in vain the rest of what the peer says it has of this author waits too.
                    if try await lacking(part).isEmpty { continue } else { break }
                }
                // One head that can't be had must not hold up the others: each for itself tells which it is.
                for head in try await lacking(part) {
                    let alone = part.count == 1 ? brought : try await pullPages([head], of: author)
                    outcome.accepted += alone.accepted
                    guard try await !lacking([head]).isEmpty else { continue }
                    if alone.hasStalled {
                        outcome.stalled.insert(head)
                    } else if let due = alone.due {
                        outcome.future[head] = due + Self.takingUpTime
                    }
                }
            }
            return .success(outcome)
        } catch {
            return .failure(error)
        }
    }

    private func lacking(_ ids: [DeltaID]) async throws(PeerError) -> [DeltaID] {
        do {
            let held = try await log.contains(ids)
            return ids.filter { !held.contains($0) }
        } catch {
            throw PeerError(.internal, "our store: \(error)")
        }
    }

    private func pullPages(_ want: [DeltaID], of author: PublicKey) async throws(PeerError) -> Brought {
        var brought = Brought()
        do {
            let have = try await log.locators(of: author)
            var after: (sequence: Int64, id: DeltaID)?
            while true {
                let bytes = pageSize.bytes
                let request = PullRequest(
                    author: author,
                    want: want,
                    have: Array(have.prefix(PullMethod.locators)),
                    after: after,
                    maximumBytes: bytes
                )
                let page = try await callPage(PullMethod(request), bytes: bytes)
                guard !page.deltas.isEmpty else { return brought }
                let judgements = try await intake.submit(page.deltas, from: peer)
                meter.fetched(judgements.count { $0.decision == .accept })
                var progress = 0
                for judgement in judgements {
                    switch judgement.decision {
                    case .accept:
                        brought.accepted += 1
                        progress += 1
                    case .duplicate: progress += 1
                    case .defer(.future): brought.due = min(brought.due ?? .max, judgement.due ?? .max)
                    // One that contradicts itself tells of its sender only: it was never verified.
                    case .reject(.chain) where judgement.link != nil, .reject(.timeOrder): brought.hasStalled = true
                    case .defer, .reject: break
                    }
                }
                guard let last = Self.end(of: judgements, author: author, after: after) else {
                    // What was malformed has been charged already; a page out of order is no better.
                    ledger.charge(peer)
                    return brought
                }
                guard page.more, progress > 0 else { return brought }
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
        of judgements: [Judgement],
        author: PublicKey,
        after: (sequence: Int64, id: DeltaID)?
    ) -> (sequence: Int64, id: DeltaID)? {
        var last = after
        for judgement in judgements {
            guard let link = judgement.link, link.author == author else { return nil }
            let place = (sequence: link.head.sequence, id: link.head.id)
            if let last, last >= place { return nil }
            last = place
        }
        return last
    }
}
