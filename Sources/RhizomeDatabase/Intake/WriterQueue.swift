internal import Bytes
internal import RhizomeCore
internal import SignedStatements

/// What waits for the writer, and what goes into its next transaction.
///
/// A call's deltas are cut into slices, between which it is another source's turn; the call is answered once all of
/// them are done, or one has failed: what comes after that one would not fit any more. A value of the actor that writes.
struct WriterQueue {
    /// A verified delta, and who brought it.
    struct Candidate: Sendable {
        let verified: VerifiedDelta
        /// The first of them is told as the one through whom it came (``Submission/sources``).
        let sources: [PublicKey?]
    }

    /// What a call hands in.
    enum Work: Sendable {
        /// - Parameter source: in whose turn they are written.
        case verified([Candidate], source: PublicKey?)
        case local(LocalWrite)

        /// What writing it takes, in times of a small delta.
        var weight: Int {
            switch self {
            case .verified(let candidates, _): candidates.reduce(0) { $0 + DeltaWeight.writing($1.verified.delta) }
            case .local(let write): write.weight
            }
        }

        /// Who brought it; none for what is local.
        var source: PublicKey? {
            switch self {
            case .verified(_, let source): source
            case .local: nil
            }
        }

        /// The same as several; what is written here stays together.
        fileprivate func slices(weighing most: Int) -> [Work] {
            guard case .verified(let candidates, let source) = self else { return [self] }
            return candidates.chunks(weighing: most) { DeltaWeight.writing($0.verified.delta) }
                .map { .verified($0, source: source) }
        }
    }

    /// What became of a slice.
    enum Outcome: Sendable {
        /// The judgements on its deltas, in their order.
        case done([Judgement])
        case failed(any Error)
    }

    /// A slice of a call's work.
    struct Job: Sendable {
        let work: Work
        fileprivate let weight: Int
        fileprivate let call: UInt64
    }

    private struct Call {
        let continuation: CheckedContinuation<[Outcome], Never>
        var slicesLeft: Int
        /// Slices of one call are done in their order.
        var outcomes: [Outcome] = []
    }

    /// Deltas that are taken as one, by what writing them takes (``DeltaWeight/writing(_:)-(SignedDelta)``): so many small
    /// ones, or one of 1,024 pointers.
    private static let slice = 500
    /// At which weight a transaction takes no further job while one source alone brings any.
    private static let batchOfOne = 4_000
    /// The same while several do: each waits for the transaction that is under way when its own come.
    private static let batchOfSeveral = 1_000
    /// How long a source must have been alone before it gets the larger transactions.
    private static let aloneAfter = Duration.seconds(1)

    private var waiting = Turns<PublicKey?, Job>()
    private var calls: [UInt64: Call] = [:]
    private var lastCall: UInt64 = 0
    /// The two who handed in work last, and when.
    private var recent: [(source: PublicKey?, time: Uptime)] = []

    /// How many slices wait, those of failed calls too.
    var count: Int { waiting.count }

    /// Adds a call's work; the continuation gets what became of each slice.
    mutating func add(_ work: Work, now: Uptime, _ continuation: CheckedContinuation<[Outcome], Never>) {
        let slices = work.slices(weighing: Self.slice)
        lastCall += 1
        calls[lastCall] = Call(continuation: continuation, slicesLeft: slices.count)
        for slice in slices {
            waiting.append(Job(work: slice, weight: slice.weight, call: lastCall), of: work.source)
        }
        recent = [(work.source, now)] + recent.filter { $0.source != work.source }.prefix(1)
    }

    /// A transaction's jobs: what was written here first, then of each source a slice in its turn.
    ///
    /// None where nothing waits.
    mutating func next(now: Uptime) -> [Job] {
        let isAlone =
            waiting.sources.count == 1
            && !recent.contains { other in
                other.source != waiting.sources.first && now - other.time < Self.aloneAfter
            }
        let most = isAlone ? Self.batchOfOne : Self.batchOfSeveral
        var jobs: [Job] = []
        var weight = 0
        takeTurn(of: nil, most, &jobs, &weight)
        while weight < most, let source = waiting.sources.first { takeTurn(of: source, most, &jobs, &weight) }
        return jobs
    }

    private mutating func takeTurn(of source: PublicKey?, _ most: Int, _ jobs: inout [Job], _ weight: inout Int) {
        let end = min(weight + Self.slice, most)
        while weight < end, let job = waiting.next(of: source) {
            guard calls[job.call] != nil else { continue }
            weight += job.weight
            jobs.append(job)
        }
    }

    /// Notes what became of a job, and answers its call where nothing of it is left to do.
    mutating func finish(_ job: Job, _ outcome: Outcome) {
        guard var call = calls.removeValue(forKey: job.call) else { return }
        call.outcomes.append(outcome)
        call.slicesLeft -= 1
        if case .failed = outcome { call.slicesLeft = 0 }
        if call.slicesLeft == 0 { call.continuation.resume(returning: call.outcomes) } else { calls[job.call] = call }
    }
}
