internal import Bytes
internal import Dispatch
internal import Locks
internal import RhizomeCore
internal import SignedStatements

/// What the writer does in one transaction: it signs what is to be written here, judges that and what was brought by the
/// very state to which it appends, and appends what fits (spec: admission.md).
///
/// All of it runs where the log's transaction does. What is to be done besides is gathered, for when it is durable: where
/// the transaction fails, nothing was decided.
struct WriterBatch: Sendable {
    typealias Work = WriterQueue.Work
    typealias Outcome = WriterQueue.Outcome
    typealias Candidate = WriterQueue.Candidate

    /// By what is judged and signed.
    struct Rules: Sendable {
        let signer: any StatementSigner
        /// How an author stands with this node now.
        let standing: @Sendable (PublicKey) -> AuthorStanding
        /// Of this software, by which stalls are noted.
        let version: String
    }

    /// A verified delta that is not to be appended yet.
    struct Waiting: Sendable {
        let candidate: Candidate
        /// None where its author isn't trusted any more.
        let wait: DeferredPool.Wait?
    }

    /// A delta of a batch, and which piece of work it belongs to.
    private struct Item {
        let job: Int
        let candidate: Candidate
    }

    /// Drafts that are verified one after the other: to go to other threads and back takes as long as one or two.
    private static let fewDrafts = 2

    private let rules: Rules
    private let now: Timestamp
    private var judgements: [[Judgement]]
    private var failures: [(any Error)?]
    /// The deltas that those of the batch follow, and those admitted so far.
    private var links: [DeltaID: DeltaLink] = [:]
    /// How the author looked at last stands: a page has one author.
    private var standing: (author: PublicKey, standing: AuthorStanding)?

    /// The ends of our own log, kept up to date; or why they couldn't be read, where they were needed.
    private(set) var ownHeads: Result<OwnHeads, any Error>?
    /// What was appended.
    private(set) var stored: [StoredDelta] = []
    /// What fits, whether it was held already or not.
    private(set) var admitted: [DeltaID] = []
    private(set) var waiting: [Waiting] = []
    private(set) var stalls: [Stall] = []

    /// - Parameters:
    ///   - jobs: how many pieces of work it has.
    ///   - ownHeads: of this node's own log, where they are known; needed for what is written here.
    ///   - now: the clock's moment.
    init(jobs: Int, by rules: Rules, ownHeads: Result<OwnHeads, any Error>?, now: Timestamp) {
        self.rules = rules
        self.ownHeads = ownHeads
        self.now = now
        judgements = .init(repeating: [], count: jobs)
        failures = .init(repeating: nil, count: jobs)
    }

    /// What became of each piece of work.
    var outcomes: [Outcome] {
        zip(judgements, failures).map { judgements, failure in failure.map { .failed($0) } ?? .done(judgements) }
    }

    /// Does some work.
    ///
    /// - Throws: what the transaction throws.
    mutating func run(_ works: [Work], in transaction: any LogTransaction) throws {
        var local: [(job: Int, write: LocalWrite)] = []
        var brought: [Item] = []
        for (job, work) in works.enumerated() {
            switch work {
            case .local(let write): local.append((job, write))
            case .verified(let candidates, _): brought += candidates.map { Item(job: job, candidate: $0) }
            }
        }
        // What a peer holds of our own log is taken over before we write, so that our next delta follows it.
        if brought.contains(where: { $0.candidate.verified.delta.author == rules.signer.publicKey }) {
            try append(brought, in: transaction)
            brought = []
        }
        try write(local, in: transaction)
        try append(brought, in: transaction)
        for (job, write) in local where failures[job] == nil { try write.look(transaction) }
    }

    // MARK: - What is written here

    private mutating func write(_ local: [(job: Int, write: LocalWrite)], in transaction: any LogTransaction) throws {
        guard !local.isEmpty else { return }
        var chain: OwnChain
        switch ownHeads {
        case .success(let heads): chain = OwnChain(heads)
        case .failure(let error):
            for (job, _) in local { failures[job] = error }
            return
        case nil: preconditionFailure("the own log's ends are read before something is written")
        }
        var signed: [(job: Int, delta: SignedDelta)] = []
        for (job, write) in local {
            let drafts = try write.plan(transaction)
            do throws(WriteError) {
                signed += try chain.sign(drafts, by: rules.signer, now: now).map { (job, $0) }
            } catch {
                failures[job] = error
            }
        }
        do {
            // A processor that miscalculates must not write what nobody will take: nor can be written what follows it.
            let verified = try Self.verify(signed.map(\.delta)).map { try $0.get() }
            let items = zip(signed, verified).map { signed, verified in
                Item(job: signed.job, candidate: Candidate(verified: verified, sources: [nil]))
            }
            try append(items, in: transaction)
        } catch let refusal as DeltaRefusal {
            for (job, _) in signed { failures[job] = refusal }
        }
    }

    /// Verifies deltas, on all processors where they are many.
    private static func verify(_ deltas: [SignedDelta]) -> [Result<VerifiedDelta, DeltaRefusal>] {
        guard deltas.count > fewDrafts else { return deltas.map { VerifiedDelta.verify($0) } }
        let results = Lock([Result<VerifiedDelta, DeltaRefusal>?](repeating: nil, count: deltas.count))
        DispatchQueue.concurrentPerform(iterations: deltas.count) { place in
            let result = VerifiedDelta.verify(deltas[place])
            results.withLock { $0[place] = result }
        }
        return results.withLock { $0.compactMap(\.self) }
    }

    // MARK: - Judging

    /// Judges verified deltas and appends those that fit.
    private mutating func append(_ items: [Item], in transaction: any LogTransaction) throws {
        guard !items.isEmpty else { return }
        try link(items.map(\.candidate.verified.delta), in: transaction)
        var fitting: [AdmittedDelta] = []
        let judged = items.map { judge($0.candidate, &fitting) }
        admitted += fitting.map(\.delta.id)
        let appended = fitting.isEmpty ? [] : try transaction.append(fitting, cursors: [:])
        stored += appended
        for delta in appended where delta.delta.author == rules.signer.publicKey {
            ownHeads = ownHeads?.map { heads in
                var heads = heads
                heads.add(delta)
                return heads
            }
        }
        // In the order of admission, without those that the log held by then.
        var rest = appended[...]
        for (item, judgement) in zip(items, judged) {
            var told = judgement
            if judgement.decision == .accept, let link = judgement.link {
                let isNew = rest.first?.id == link.head.id
                told = isNew ? Judgement(link, .accept, stored: rest.popFirst()) : Judgement(link, .duplicate)
            }
            judgements[item.job].append(told)
        }
    }

    /// Looks up what deltas follow.
    ///
    /// Those that come with the batch are linked as they are admitted; the log is asked for the others. Whether it holds a
    /// candidate it tells when it appends.
    private mutating func link(_ deltas: [SignedDelta], in transaction: any LogTransaction) throws {
        let coming = Set(deltas.map(\.id))
        var previous: Set<DeltaID> = []
        for delta in deltas {
            for id in delta.header.previous where !coming.contains(id) && links[id] == nil {
                if case .success(let own) = ownHeads, let head = own[id] {
                    links[id] = DeltaLink(author: rules.signer.publicKey, head: head)
                } else {
                    previous.insert(id)
                }
            }
        }
        if !previous.isEmpty { links.merge(try transaction.links(of: Array(previous))) { old, _ in old } }
    }

    private mutating func judge(_ candidate: Candidate, _ fitting: inout [AdmittedDelta]) -> Judgement {
        let delta = candidate.verified.delta
        guard links[delta.id] == nil else { return Judgement(delta, .duplicate) }
        // Trust may have been taken back while the signature was being verified.
        let statement: Bytes32?
        switch standing(of: delta.author) {
        case .mayWrite(let trust): statement = trust
        case .distrusted: return Judgement(delta, .reject(.distrusted))
        case .unknown:
            waiting.append(Waiting(candidate: candidate, wait: nil))
            return Judgement(delta, .defer(.unknownAuthor))
        }
        let source = candidate.sources.first ?? nil
        let arrival = Arrival(timeReceived: now, receivedFrom: source, trustStatement: statement)
        switch Admission.fit(candidate.verified, held: links, arrival: arrival, now: now) {
        case .admitted(let admitted):
            links[delta.id] = DeltaLink(delta)
            fitting.append(admitted)
            return Judgement(delta, .accept)
        case .gap(let missing): return wait(candidate, .gap(missing))
        case .future(let due): return wait(candidate, .due(due))
        case .rejected(let refusal):
            stalls.append(Stall(SignedHeader(delta), reason: refusal.reason, version: rules.version))
            return Judgement(delta, refusal)
        }
    }

    private mutating func standing(of author: PublicKey) -> AuthorStanding {
        if let standing, standing.author == author { return standing.standing }
        let found = rules.standing(author)
        standing = (author, found)
        return found
    }

    private mutating func wait(_ candidate: Candidate, _ wait: DeferredPool.Wait) -> Judgement {
        let delta = candidate.verified.delta
        waiting.append(Waiting(candidate: candidate, wait: wait))
        return Judgement(delta, .defer(wait.reason))
    }
}
