internal import Bytes
internal import CoreMetrics
package import RhizomeCore
public import SignedStatements

/// The one way in: every delta, written here, brought by a peer or imported, takes it (spec: admission.md).
///
/// Decoding and verifying run on all cores and on nobody's thread. Then the writer takes what has gathered, judges it
/// against the log and appends it in one durable transaction, as long as anything waits. So commits are grouped without
/// a thread of their own, and nothing is decided twice. In both, those who bring deltas take turns: what a flood brings
/// holds up another peer for a piece and a batch of it, not for all. A delta counts by what it costs there
/// (``DeltaWeight``), and what is decoded at the same time is bounded (``SourceGate``).
public actor Intake {
    private typealias Work = WriterQueue.Work
    private typealias Candidate = WriterQueue.Candidate

    /// Bytes of memory that deltas take which are decoded and verified as one: more are taken in parts.
    ///
    /// So many are four thousand small ones, or some sixty of 1,024 pointers.
    private static let partBytes = 4 << 20
    /// The same of all deltas that are decoded and not yet decided on.
    private static let decodedBytes = 32 << 20
    /// What each source may have of it at any time: more than one delta takes.
    private static let ownBytes = 1 << 20

    private nonisolated let log: any DeltaLog
    private nonisolated let clock: NodeClock
    private nonisolated let ledger: PeerLedger
    private nonisolated let metrics: DatabaseMetrics
    private nonisolated let health: StoreHealth
    private nonisolated let rules: WriterBatch.Rules
    private nonisolated let onAccepted: @Sendable ([StoredDelta]) -> Void
    private nonisolated let onGap: @Sendable (_ missing: [DeltaID], _ author: PublicKey, _ source: PublicKey) -> Void
    private nonisolated let acceptable = AcceptableAuthors()
    /// Where decoding and verifying take turns; local deltas are a source like any peer.
    private nonisolated let workers = FairWorkers<PublicKey?>()
    /// Is posted to when something begins to wait for a moment: see ``takeUpDue()``.
    package nonisolated let timeWaits = Mailbox(())
    /// What needn't be asked of the log.
    package nonisolated let heldLogs = HeldLogs()
    private nonisolated let memory = SourceGate<PublicKey?>(room: decodedBytes, own: ownBytes)

    private var pool: DeferredPool
    private var queue = WriterQueue()
    private var isWriting = false
    private var isTakingUp = false
    /// The ends of our own log as the store has them; not read yet, or to be read anew, where `nil`.
    private var ownHeads: OwnHeads?

    /// - Parameters:
    ///   - standing: how an author stands with this node now.
    ///   - onAccepted: told of each batch once it is durable, in the order of positions; must not wait.
    ///   - onGap: told what a peer's delta waits for, so that it is pulled; must not wait.
    ///   - version: of this software, by which stalls are noted.
    package init(
        log: any DeltaLog,
        clock: NodeClock,
        ledger: PeerLedger,
        metrics: DatabaseMetrics,
        health: StoreHealth,
        signer: any StatementSigner,
        version: String,
        limits: DeferredPool.Limits = .init(),
        standing: @escaping @Sendable (PublicKey) -> AuthorStanding,
        onAccepted: @escaping @Sendable ([StoredDelta]) -> Void,
        onGap: @escaping @Sendable (_ missing: [DeltaID], _ author: PublicKey, _ source: PublicKey) -> Void
    ) {
        self.log = log
        self.clock = clock
        self.ledger = ledger
        self.metrics = metrics
        self.health = health
        rules = WriterBatch.Rules(signer: signer, standing: standing, version: version)
        self.onAccepted = onAccepted
        self.onGap = onGap
        pool = DeferredPool(limits: limits)
    }

    // MARK: - Handing in

    /// Takes signed deltas through admission.
    ///
    /// - Parameter source: the peer whose connection brought them; none for local ones.
    /// - Returns: a judgement for each, in order.
    /// - Throws: ``DeltaLogError`` where the log could not keep them: the first ones of them may be held.
    @concurrent
    public nonisolated func submit(_ wires: [[UInt8]], from source: PublicKey?) async throws -> [Judgement] {
        let sources = [source]
        return try await submit(wires.map { Submission(bytes: $0, sources: sources) }, inTurnOf: source)
    }

    @concurrent
    private nonisolated func submit(
        _ submissions: [Submission],
        inTurnOf source: PublicKey?
    ) async throws -> [Judgement] {
        var judgements: [Judgement] = []
        for part in submissions.chunks(weighing: Self.partBytes, by: \.weight) {
            let weight = part.reduce(0) { $0 + $1.weight }
            judgements += try await memory.run(as: source, weighing: weight) {
                try await submit(part: part, inTurnOf: source)
            }
        }
        return judgements
    }

    /// A delta on its way through the steps, and where it stood among those that were handed in.
    private struct Decoded {
        let place: Int
        let delta: SignedDelta
        let sources: [PublicKey?]
    }

    private nonisolated func submit(
        part: [Submission],
        inTurnOf source: PublicKey?
    ) async throws -> [Judgement] {
        var judgements = [Judgement?](repeating: nil, count: part.count)
        let results = await workers.map(part, as: source, weighing: { DeltaWeight.computing($0.bytes) }) {
            [rules, acceptable] in
            Self.decode($0.bytes, standing: rules.standing, acceptable: acceptable)
        }
        let held = try await held(among: results.compactMap { try? $0.get() })
        var toVerify: [Decoded] = []
        var unknown: [Decoded] = []
        for (place, (submission, result)) in zip(part, results).enumerated() {
            switch result {
            case .failure(let refusal):
                judgements[place] = Judgement(nil, refusal)
                // What contradicts itself was never verified, so only its sender can be blamed for it; a verified delta
                // that doesn't fit its chain isn't charged.
                if refusal.reason == .chain { ledger.charge(submission.source) }
            case .success((let delta, _)) where held.contains(delta.id):
                judgements[place] = Judgement(delta, .duplicate)
            case .success((let delta, let standing)):
                let decoded = Decoded(place: place, delta: delta, sources: submission.sources)
                switch standing {
                case .mayWrite: toVerify.append(decoded)
                case .distrusted: judgements[place] = Judgement(delta, .reject(.distrusted))
                case .unknown:
                    judgements[place] = Judgement(delta, .defer(.unknownAuthor))
                    unknown.append(decoded)
                }
            }
        }
        if !unknown.isEmpty { await putOff(unknown.map { ($0.delta, $0.sources) }) }

        var places: [Int] = []
        var verified: [Candidate] = []
        let start = clock.uptime
        let checks = await workers.map(
            toVerify,
            as: source,
            weighing: { DeltaWeight.computing($0.delta.bytes) },
            { VerifiedDelta.verify($0.delta) }
        )
        if !checks.isEmpty { metrics.verify.recordMicroseconds((clock.uptime - start).microseconds) }
        for (decoded, check) in zip(toVerify, checks) {
            switch check {
            case .failure(let refusal): judgements[decoded.place] = Judgement(decoded.delta, refusal)
            case .success(let delta):
                places.append(decoded.place)
                verified.append(Candidate(verified: delta, sources: decoded.sources))
            }
        }
        if !verified.isEmpty {
            let judged = try await hand(.verified(verified, source: source))
            for (place, judgement) in zip(places, judged) {
                // What peers bring in masses isn't held whole until all of it is decided.
                judgements[place] = source == nil ? judgement : judgement.withoutStored
            }
        }
        var counts: [Decision: Int] = [:]
        // All of a part came through the same peer.
        defer { for (decision, times) in counts { ledger.count(decision, times: times, from: source) } }
        return judgements.map { judgement in
            guard let judgement else { preconditionFailure("each delta that is handed in is judged") }
            counts[judgement.decision, default: 0] += 1
            return judgement
        }
    }

    /// Those that the log holds.
    private nonisolated func held(
        among decoded: [(delta: SignedDelta, standing: AuthorStanding)]
    ) async throws -> Set<DeltaID> {
        var held: Set<DeltaID> = []
        var unknown: [DeltaID] = []
        var asked: Set<PublicKey> = []
        for (delta, standing) in decoded {
            // Where nobody's deltas are taken nobody's log is remembered.
            if case .mayWrite = standing, asked.insert(delta.author).inserted {
                try await readHeads(of: delta.author)
            }
            switch heldLogs.holds(delta) {
            case true: held.insert(delta.id)
            case false: break
            case nil: unknown.append(delta.id)
            }
        }
        return unknown.isEmpty ? held : held.union(try await log.contains(unknown))
    }

    private nonisolated func readHeads(of author: PublicKey) async throws {
        guard let reading = heldLogs.startReading(author) else { return }
        let most = HeldLogs.mostHeads + 1
        heldLogs.finish(reading, try await log.heads(of: author, upTo: nil, within: nil, limit: most))
    }

    private static func decode(
        _ wire: [UInt8],
        standing: @Sendable (PublicKey) -> AuthorStanding,
        acceptable: AcceptableAuthors
    ) -> Result<(delta: SignedDelta, standing: AuthorStanding), DeltaRefusal> {
        do throws(DeltaRefusal) {
            let delta = try SignedDelta(decoding: wire)
            let standing = standing(delta.author)
            // Keys in the list were checked when they were trusted.
            guard standing != .unknown || acceptable.isAcceptable(delta.author) else {
                return .failure(.unacceptableAuthor)
            }
            return .success((delta, standing))
        } catch {
            return .failure(error)
        }
    }

    /// Signs drafts with the node's identity and takes them through admission, in order and in one transaction.
    ///
    /// - Returns: the written deltas, once they are durable.
    /// - Throws: ``WriteError``.
    package nonisolated func write(_ drafts: [Draft]) async throws(WriteError) -> [StoredDelta] {
        try await write(LocalWrite(drafts))
    }

    /// The same of drafts that are planned within the transaction.
    @concurrent
    package nonisolated func write(_ write: LocalWrite) async throws(WriteError) -> [StoredDelta] {
        let judgements: [Judgement]
        do {
            judgements = try await hand(.local(write))
        } catch let error as WriteError {
            throw error
        } catch {
            throw WriteError(.disk, "the store could not keep the write, nothing of it is held: \(error)")
        }
        var written: [StoredDelta] = []
        for judgement in judgements {
            guard let stored = judgement.stored else {
                let why = judgement.decision.reason ?? "unknown"
                throw WriteError(.content, "our own delta was not admitted (\(why)): \(judgement.message)")
            }
            ledger.count(.accept, from: nil)
            written.append(stored)
        }
        return written
    }

    // MARK: - Waiting deltas

    /// How long what could not be kept waits before it is tried again, µs.
    private static let retryWait = Duration.seconds(10)

    private func putOff(_ deltas: [(delta: SignedDelta, sources: [PublicKey?])]) {
        let now = clock.now
        for (delta, sources) in deltas {
            // Trust may have been given meanwhile, and what had waited for it been taken up already.
            insert(delta, of: sources, waitingFor: rules.standing(delta.author) == .unknown ? .trust : .due(now))
        }
    }

    /// Puts back what was taken up and could not be kept.
    private func putBack(_ submissions: [Submission]) {
        let due = clock.now + Self.retryWait
        for submission in submissions {
            // It was decoded when it came.
            guard let delta = try? SignedDelta(decoding: submission.bytes) else { continue }
            insert(delta, of: submission.sources, waitingFor: .due(due))
        }
    }

    private func insert(_ delta: SignedDelta, of sources: [PublicKey?], waitingFor wait: DeferredPool.Wait) {
        if case .due = wait, !pool.waitsForTime { timeWaits.post { _ in } }
        let before = pool.evicted
        pool.insert(delta, of: sources, waitingFor: wait)
        metrics.evicted.increment(by: pool.evicted - before)
    }

    /// Takes up deltas whose authors are trusted by now: to be called when the list has changed.
    ///
    /// - Throws: ``DeltaLogError``; what could not be kept is tried again by ``takeUpDue()``.
    package func trustChanged() async throws {
        pool.makeReady { rules.standing($0) != .unknown }
        try await takeUp()
    }

    /// Takes up deltas from the future that are due by now: to be called once a second while others wait for theirs.
    ///
    /// - Throws: ``DeltaLogError``; what could not be kept is tried again later.
    package func takeUpDue() async throws {
        pool.makeReady(dueAt: clock.now)
        try await takeUp()
    }

    /// Whether something waits for a moment.
    var waitsForTime: Bool { pool.waitsForTime }

    /// Hands in what is ready as work of its own, a part after the other: they take turns like any other's, and all but
    /// the part that is under way goes on counting as waiting.
    private func takeUp() async throws {
        var failure: (any Error)?
        while case let part = pool.takeReady(weighing: Self.partBytes), let first = part.first {
            do {
                _ = try await submit(part, inTurnOf: first.source)
            } catch {
                putBack(part)
                failure = error
            }
        }
        if let failure { throw failure }
    }

    /// Takes up what is ready without anybody waiting for it: who brings one delta doesn't wait for all that follow it.
    private func startTakingUp() {
        guard !isTakingUp, pool.hasReady else { return }
        isTakingUp = true
        // Owner: this actor. It ends when nothing is ready any more.
        Task {
            // A failure has been told by the writer, and what failed is tried again.
            try? await takeUp()
            isTakingUp = false
            startTakingUp()
        }
    }

    /// How many pieces of work wait for the writer.
    var queued: Int { queue.count }

    /// Notes how much waits here.
    package func measure() {
        metrics.waitingToVerify.set(workers.waiting)
        metrics.waitingForWriter.set(queued)
        metrics.deferredDeltas.set(pool.count)
        metrics.deferredBytes.set(pool.bytes)
    }

    // MARK: - The writer

    /// Hands work to the writer, and waits until it is done.
    ///
    /// Even where the caller is cancelled: the writer's transactions hold the deltas of others too.
    private func hand(_ work: Work) async throws -> [Judgement] {
        let outcomes = await withCheckedContinuation { continuation in
            queue.add(work, now: clock.uptime, continuation)
            startWriting()
        }
        return try outcomes.flatMap { outcome in
            switch outcome {
            case .done(let judgements): judgements
            case .failed(let error): throw error
            }
        }
    }

    private func startWriting() {
        guard !isWriting else { return }
        isWriting = true
        // Owner: this actor; it ends when nothing waits. No caller's own task: one caller's cancellation must not fail the
        // others' deltas, as it would in a log whose transactions look for that.
        Task {
            while case let jobs = queue.next(now: clock.uptime), !jobs.isEmpty {
                for (job, outcome) in zip(jobs, await commit(jobs.map(\.work))) { queue.finish(job, outcome) }
            }
            isWriting = false
        }
    }

    /// Commits all in one transaction; where what is stored is damaged, each by itself.
    ///
    /// One header that can't be read any more fails those alone who bring deltas after it.
    private func commit(_ works: [Work]) async -> [WriterQueue.Outcome] {
        var outcomes = await commitAtOnce(works)
        guard works.count > 1 else { return outcomes }
        for index in works.indices {
            guard case .failed(let error as DeltaLogError) = outcomes[index], error.code == .corrupt else { continue }
            outcomes[index] = await commitAtOnce([works[index]]).first ?? outcomes[index]
        }
        return outcomes
    }

    private func commitAtOnce(_ works: [Work]) async -> [WriterQueue.Outcome] {
        let isLocal = works.contains { if case .local = $0 { true } else { false } }
        let ownHeads = isLocal ? await ownHeads() : ownHeads.map { .success($0) }
        let start = clock.uptime
        let batch: WriterBatch
        do {
            batch = try await log.write { [rules, now = clock.now] transaction in
                var batch = WriterBatch(jobs: works.count, by: rules, ownHeads: ownHeads, now: now)
                try batch.run(works, in: transaction)
                return batch
            }
        } catch {
            health.failed(error)
            // What of it the store holds isn't known.
            self.ownHeads = nil
            heldLogs.forget()
            return works.map { _ in .failed(error) }
        }
        self.ownHeads = try? batch.ownHeads?.get()
        if !batch.stored.isEmpty {
            heldLogs.note(batch.stored)
            health.worked()
            metrics.commit.recordMicroseconds((clock.uptime - start).microseconds)
        }
        await finish(batch)
        return batch.outcomes
    }

    /// Does what a batch leaves to do now that it is durable; what had waited for its deltas is taken up.
    private func finish(_ batch: WriterBatch) async {
        if !batch.stored.isEmpty { onAccepted(batch.stored) }
        for waiting in batch.waiting {
            let (delta, sources) = (waiting.candidate.verified.delta, waiting.candidate.sources)
            guard let wait = waiting.wait else {
                putOff([(delta, sources)])
                continue
            }
            if case .gap(let missing) = wait, let source = sources.first ?? nil {
                onGap(missing, delta.author, source)
            }
            insert(delta, of: sources, waitingFor: wait)
        }
        if !batch.admitted.isEmpty {
            pool.makeReady(waitingFor: batch.admitted)
            startTakingUp()
        }
        // What can't be noted will be looked at again.
        do { try await log.record(batch.stalls) } catch { health.failed(error) }
    }

    // MARK: - Our own log

    /// The ends of our own log, read where they aren't known.
    private func ownHeads() async -> Result<OwnHeads, any Error> {
        if let ownHeads { return .success(ownHeads) }
        do {
            let heads = try await log.heads(of: rules.signer.publicKey)
            var read = OwnHeads(heads)
            if heads.count > 1 {
                // The first write since the start: of the heads, the one that was written here last.
                read.last = try await log.deltas(heads.map(\.id)).filter(OwnHeads.isWrittenHere).max {
                    $0.position < $1.position
                }?.id
            }
            return .success(read)
        } catch {
            return .failure(error)
        }
    }
}
