internal import Bytes
internal import CoreMetrics
package import RhizomeCore
public import SignedLog

/// The one way in: every delta, written here, brought by a peer or imported, takes it (spec: admission.md).
///
/// Decoding and verifying run on all cores and on nobody's thread. Then the writer takes what has gathered, judges it
/// against the log and appends it in one durable transaction, as long as anything waits. So commits are grouped without
/// a thread of their own, and nothing is decided twice. In both, those who bring deltas take turns: what a flood brings
/// holds up another peer for a piece and a batch of it, not for all. A delta counts by what it costs there
/// (``DeltaWeight``), and what is decoded at the same time is bounded (``MemoryGate``).
public actor Intake {
    private typealias Work = WriterQueue.Work
    private typealias Outcome = WriterQueue.Outcome

    private typealias Candidate = WriterQueue.Candidate

    /// Bytes of memory that deltas take which are decoded and verified as one: more are taken in parts.
    ///
    /// So many are four thousand small ones, or some sixty of 1,024 pointers.
    private static let partBytes = 4 << 20
    /// The same of all deltas that are decoded and not yet decided on.
    private static let decodedBytes = 32 << 20
    /// Drafts of a batch that are verified where the writer is.
    private static let fewDrafts = 2
    /// What each source may have of it at any time: more than one delta takes.
    private static let ownBytes = 1 << 20

    private nonisolated let log: any DeltaLog
    private nonisolated let clock: NodeClock
    private nonisolated let ledger: PeerLedger
    private nonisolated let metrics: DatabaseMetrics
    private nonisolated let health: StoreHealth
    private nonisolated let signer: any StatementSigner
    private nonisolated let standing: @Sendable (PublicKey) -> AuthorStanding
    private nonisolated let onAccepted: @Sendable ([StoredDelta]) -> Void
    private nonisolated let onGap: @Sendable (_ missing: [DeltaID], _ author: PublicKey, _ source: PublicKey) -> Void
    private nonisolated let version: String
    private nonisolated let acceptable = AcceptableAuthors()
    /// Where decoding and verifying take turns; local deltas are a source like any peer.
    private nonisolated let workers = FairWorkers<PublicKey?>()
    private nonisolated let memory = MemoryGate<PublicKey?>(room: decodedBytes, own: ownBytes)

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
        self.signer = signer
        self.version = version
        self.standing = standing
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
            [standing, acceptable] in
            Self.decode($0.bytes, standing: standing, acceptable: acceptable)
        }
        let held = try await log.contains(results.compactMap { try? $0.get().delta.id })
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
            let judged = try await perform(.verified(verified, source: source))
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
    @concurrent
    package nonisolated func write(_ drafts: [Draft]) async throws(WriteError) -> [StoredDelta] {
        let judgements: [Judgement]
        do {
            judgements = try await perform(.drafts(drafts))
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
            insert(delta, of: sources, waitingFor: standing(delta.author) == .unknown ? .trust : .due(now))
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
        let before = pool.evicted
        pool.insert(delta, of: sources, waitingFor: wait)
        metrics.evicted.increment(by: pool.evicted - before)
    }

    /// Takes up deltas whose authors are trusted by now: to be called when the list has changed.
    ///
    /// - Throws: ``DeltaLogError``; what could not be kept is tried again by ``takeUpDue()``.
    package func trustChanged() async throws {
        pool.makeReady { standing($0) != .unknown }
        try await takeUp()
    }

    /// Takes up deltas from the future that are due by now.
    ///
    /// - Throws: ``DeltaLogError``; what could not be kept is tried again later.
    package func takeUpDue() async throws {
        pool.makeReady(dueAt: clock.now)
        try await takeUp()
    }

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

    /// Has the writer do some work.
    ///
    /// Waits for it even where the caller is cancelled: the writer's transactions hold the deltas of others too.
    private func perform(_ work: Work) async throws -> [Judgement] {
        let outcomes = await withCheckedContinuation { enqueue(work, $0) }
        return try outcomes.flatMap { outcome in
            switch outcome {
            case .done(let judgements): judgements
            case .failed(let error): throw error
            }
        }
    }

    private func enqueue(_ work: Work, _ continuation: CheckedContinuation<[Outcome], Never>) {
        queue.add(work, now: clock.uptime, continuation)
        guard !isWriting else { return }
        isWriting = true
        // No caller's own task: one caller's cancellation must not fail the others' deltas, as it would in a log whose
        // transactions look for that.
        Task { await writeWhatWaits() }
    }

    private func writeWhatWaits() async {
        while true {
            let jobs = queue.next(now: clock.uptime)
            guard !jobs.isEmpty else { break }
            for (job, outcome) in zip(jobs, await process(jobs.map(\.work))) { queue.finish(job, outcome) }
        }
        isWriting = false
    }

    private func process(_ works: [Work]) async -> [Outcome] {
        // What a peer holds of our own log is taken over before we write, so that our next delta follows it.
        let isDraft = works.map { if case .drafts = $0 { true } else { false } }
        guard isDraft.contains(true), works.contains(where: bringsOwnLog) else { return await processApart(works) }
        var outcomes = [Outcome](repeating: .done([]), count: works.count)
        for turn in [false, true] {
            let places = works.indices.filter { isDraft[$0] == turn }
            for (place, outcome) in zip(places, await processApart(places.map { works[$0] })) {
                outcomes[place] = outcome
            }
        }
        return outcomes
    }

    private func bringsOwnLog(_ work: Work) -> Bool {
        guard case .verified(let candidates, _) = work else { return false }
        return candidates.contains { $0.verified.delta.author == signer.publicKey }
    }

    /// Processes all in one transaction; where what is stored is damaged, each by itself.
    ///
    /// One header that can't be read any more fails those alone who bring deltas after it.
    private func processApart(_ works: [Work]) async -> [Outcome] {
        var outcomes = await processAtOnce(works)
        guard works.count > 1 else { return outcomes }
        for index in works.indices {
            guard case .failed(let error as DeltaLogError) = outcomes[index], error.code == .corrupt else { continue }
            outcomes[index] = await processAtOnce([works[index]]).first ?? outcomes[index]
        }
        return outcomes
    }

    private func processAtOnce(_ works: [Work]) async -> [Outcome] {
        let now = clock.now
        var outcomes = [Outcome](repeating: .done([]), count: works.count)
        var candidates = [[Candidate]](repeating: [], count: works.count)
        var signed: [(job: Int, delta: SignedDelta)] = []
        var ownChain: OwnChain?
        for (job, work) in works.enumerated() {
            switch work {
            case .verified(let brought, _): candidates[job] = brought
            case .drafts(let drafts):
                do {
                    var chain: OwnChain
                    if let ownChain { chain = ownChain } else { chain = OwnChain(try await readOwnHeads()) }
                    signed += try chain.sign(drafts, by: signer, now: now).map { (job, $0) }
                    ownChain = chain
                } catch {
                    outcomes[job] = .failed(error)
                }
            }
        }
        // A processor that miscalculates must not write what nobody will take: nor can be written what follows it.
        do {
            // To go to other threads and back takes as long as to verify one or two.
            let checks =
                signed.count <= Self.fewDrafts
                ? signed.map { VerifiedDelta.verify($0.delta) }
                : await workers.map(signed, as: nil) { VerifiedDelta.verify($0.delta) }
            for ((job, _), verified) in zip(signed, try checks.map { try $0.get() }) {
                candidates[job].append(Candidate(verified: verified, sources: [nil]))
            }
        } catch {
            for (job, _) in signed { outcomes[job] = .failed(error) }
        }
        do {
            var decided = try await admit(candidates.flatMap(\.self), now: now)[...]
            for stored in decided.compactMap(\.stored) where stored.delta.author == signer.publicKey {
                ownHeads?.add(stored)
            }
            for job in works.indices {
                let judgements = Array(decided.prefix(candidates[job].count))
                decided = decided.dropFirst(judgements.count)
                if case .done = outcomes[job] { outcomes[job] = .done(judgements) }
            }
            return outcomes
        } catch {
            // What of it the store holds isn't known.
            ownHeads = nil
            return outcomes.map { outcome in
                if case .failed = outcome { outcome } else { .failed(error) }
            }
        }
    }

    /// What is known and decided while one batch is judged.
    private struct Batch {
        let now: Timestamp
        /// The deltas that those of the batch follow, and those admitted so far.
        var links: [DeltaID: DeltaLink] = [:]
        var admitted: [AdmittedDelta] = []
        var stalls: [Stall] = []
        /// How the author looked at last stands: a page has one author.
        var standing: (author: PublicKey, standing: AuthorStanding)?
    }

    /// Judges verified deltas against the log and appends those that fit in one transaction; what had waited for them is
    /// taken up after it.
    ///
    /// - Throws: what the log throws: nothing is decided then, and what had waited goes on waiting.
    private func admit(_ candidates: [Candidate], now: Timestamp) async throws -> [Judgement] {
        var batch = Batch(now: now)
        do {
            let judgements = try await judge(candidates, &batch)
            guard !batch.admitted.isEmpty else {
                await note(batch.stalls)
                return judgements
            }
            let start = clock.uptime
            let stored = try await log.append(batch.admitted, cursors: [:])
            health.worked()
            metrics.commit.recordMicroseconds((clock.uptime - start).microseconds)
            if !stored.isEmpty { onAccepted(stored) }
            pool.makeReady(waitingFor: batch.admitted.map(\.delta.id))
            startTakingUp()
            // Not before those are held that they don't fit to, which prove them.
            await note(batch.stalls)
            // In the order of admission, without those that the log held by then.
            var appended = stored[...]
            return judgements.map { judgement in
                guard judgement.decision == .accept, let link = judgement.link else { return judgement }
                guard appended.first?.id == link.head.id else { return Judgement(link, .duplicate) }
                return Judgement(link, .accept, stored: appended.popFirst())
            }
        } catch {
            health.failed(error)
            throw error
        }
    }

    /// Notes stalls; what can't be noted will be looked at again.
    private func note(_ stalls: [Stall]) async {
        do { try await log.record(stalls) } catch { health.failed(error) }
    }

    private func judge(_ candidates: [Candidate], _ batch: inout Batch) async throws -> [Judgement] {
        guard !candidates.isEmpty else { return [] }
        // Those that come with the batch are linked as they are admitted; the log is asked for the others. Whether it
        // holds a candidate it tells when it appends.
        let coming = Set(candidates.map(\.verified.delta.id))
        var previous: Set<DeltaID> = []
        for candidate in candidates {
            for id in candidate.verified.delta.header.previous where !coming.contains(id) && batch.links[id] == nil {
                if let head = ownHeads?[id] {
                    batch.links[id] = DeltaLink(author: signer.publicKey, head: head)
                } else {
                    previous.insert(id)
                }
            }
        }
        if !previous.isEmpty { batch.links.merge(try await log.links(of: Array(previous))) { old, _ in old } }
        return candidates.map { judge($0, &batch) }
    }

    private func judge(_ candidate: Candidate, _ batch: inout Batch) -> Judgement {
        let delta = candidate.verified.delta
        guard batch.links[delta.id] == nil else { return Judgement(delta, .duplicate) }
        // Trust may have been taken back while the signature was being verified.
        let statement: Bytes32?
        switch standing(of: delta.author, &batch) {
        case .mayWrite(let trust): statement = trust
        case .distrusted: return Judgement(delta, .reject(.distrusted))
        case .unknown:
            putOff([(delta, candidate.sources)])
            return Judgement(delta, .defer(.unknownAuthor))
        }
        let source = candidate.sources.first ?? nil
        let arrival = Arrival(timeReceived: batch.now, receivedFrom: source, trustStatement: statement)
        switch Admission.fit(candidate.verified, held: batch.links, arrival: arrival, now: batch.now) {
        case .admitted(let admitted):
            batch.links[delta.id] = DeltaLink(delta)
            batch.admitted.append(admitted)
            return Judgement(delta, .accept)
        case .gap(let missing):
            if let source { onGap(missing, delta.author, source) }
            return wait(candidate, .gap(missing))
        case .future(let due): return wait(candidate, .due(due))
        case .rejected(let refusal):
            batch.stalls.append(
                Stall(SignedHeader(delta), reason: refusal.reason, version: version)
            )
            return Judgement(delta, refusal)
        }
    }

    private func standing(of author: PublicKey, _ batch: inout Batch) -> AuthorStanding {
        if let last = batch.standing, last.author == author { return last.standing }
        let found = standing(author)
        batch.standing = (author, found)
        return found
    }

    private func wait(_ candidate: Candidate, _ wait: DeferredPool.Wait) -> Judgement {
        let delta = candidate.verified.delta
        insert(delta, of: candidate.sources, waitingFor: wait)
        return Judgement(delta, .defer(wait.reason))
    }

    // MARK: - Our own log

    private func readOwnHeads() async throws -> OwnHeads {
        if let ownHeads { return ownHeads }
        let heads = try await log.heads(of: signer.publicKey)
        var read = OwnHeads(heads)
        if heads.count > 1 {
            // The first write since the start: of the heads, the one that was written here last.
            read.last = try await log.deltas(heads.map(\.id)).filter(OwnHeads.isWrittenHere).max {
                $0.position < $1.position
            }?.id
        }
        ownHeads = read
        return read
    }
}
