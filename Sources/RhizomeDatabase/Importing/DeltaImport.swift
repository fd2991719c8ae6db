package import RhizomeCore

/// Takes an export through admission, as its bytes come: each delta as if a peer had brought it.
///
/// What is held already is a duplicate and costs no verification, so an import that was broken off is begun again. What
/// waits for trust or for other deltas waits in memory alone.
package struct DeltaImport {
    /// What became of the deltas.
    package struct Outcome: Sendable {
        /// How many of each decision.
        package fileprivate(set) var counts: [Decision: Int64] = [:]
        /// How many bytes of the sequence were whole deltas.
        package fileprivate(set) var offset: Int64 = 0

        /// How many deltas of whatever decision.
        package var total: Int64 { counts.values.reduce(0, +) }
        /// How many are neither held nor were before.
        package var refused: Int64 { total - counts[.accept, default: 0] - counts[.duplicate, default: 0] }
    }

    /// How many bytes are handed in at once.
    private static let batchBytes = 1 << 20

    private let database: Database
    private let onJudgement: (Judgement) throws -> Void
    private var sequence = SignedDeltaSequence()
    private var batch: [[UInt8]] = []
    private var batchBytes = 0
    /// What became of those that were judged.
    package private(set) var outcome = Outcome()

    /// - Parameter onJudgement: told of each delta in the order of the sequence, once it is durable.
    package init(into database: Database, onJudgement: @escaping (Judgement) throws -> Void = { _ in }) {
        self.database = database
        self.onJudgement = onJudgement
    }

    /// Takes in what follows.
    ///
    /// - Throws: ``SignedDeltaSequence/Fault`` once all before it is judged; what the log and `onJudgement` throw.
    package mutating func take(_ bytes: [UInt8]) async throws {
        sequence.append(bytes)
        do {
            while let delta = try sequence.next() {
                batch.append(delta)
                batchBytes += delta.count
                if batchBytes >= Self.batchBytes { try await handIn() }
            }
        } catch let fault as SignedDeltaSequence.Fault {
            try await handIn()
            throw fault
        }
    }

    /// Takes in the last ones.
    ///
    /// - Throws: as ``take(_:)``.
    package mutating func finish() async throws {
        try await handIn()
        try sequence.finish()
    }

    private mutating func handIn() async throws {
        let judgements = try await database.intake.submit(batch, from: nil)
        for judgement in judgements {
            outcome.counts[judgement.decision, default: 0] += 1
            try onJudgement(judgement)
        }
        outcome.offset += Int64(batchBytes)
        batch = []
        batchBytes = 0
    }
}
