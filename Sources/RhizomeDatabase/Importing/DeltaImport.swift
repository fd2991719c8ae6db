package import RhizomeCore
package import SignedStatements

/// Takes an export through admission, as its bytes come: each delta as if a peer had brought it.
///
/// What is held already is a duplicate and costs no verification, so an import that was broken off is begun again. What
/// waits for trust or for other deltas waits in memory alone.
package struct DeltaImport {
    /// What became of one delta.
    package struct Verdict: Sendable {
        /// Its id; none where it could not be decoded.
        package let id: DeltaID?
        /// Whose delta it is; none where that isn't known.
        package let author: PublicKey?
        /// The decision.
        package let decision: Decision
        /// A sentence about a refusal; empty for the others.
        package let message: String

        /// A verdict.
        package init(id: DeltaID?, author: PublicKey?, decision: Decision, message: String) {
            self.id = id
            self.author = author
            self.decision = decision
            self.message = message
        }
    }

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

    private let judge: ([[UInt8]]) async throws -> [Verdict]
    private let onVerdict: (Verdict) throws -> Void
    private var sequence = SignedDeltaSequence()
    private var batch: [[UInt8]] = []
    private var batchBytes = 0
    /// What became of those that were judged.
    package private(set) var outcome = Outcome()

    /// An import into a database.
    ///
    /// - Parameter onVerdict: told of each delta in the order of the sequence, once it is durable.
    package init(into database: Database, onVerdict: @escaping (Verdict) throws -> Void = { _ in }) {
        self.init(onVerdict: onVerdict) { wires in
            try await database.submit(wires).map { judgement in
                Verdict(
                    id: judgement.id,
                    author: judgement.link?.author,
                    decision: judgement.decision,
                    message: judgement.message
                )
            }
        }
    }

    /// An import through somebody else who judges, as a running node.
    ///
    /// - Parameter judge: takes some deltas through admission, and says of each what became of it.
    package init(
        onVerdict: @escaping (Verdict) throws -> Void = { _ in },
        judgedBy judge: @escaping ([[UInt8]]) async throws -> [Verdict]
    ) {
        self.judge = judge
        self.onVerdict = onVerdict
    }

    /// Takes in what follows.
    ///
    /// - Throws: ``SignedDeltaSequence/Fault`` once all before it is judged; what the judge and `onVerdict` throw.
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
        for verdict in try await judge(batch) {
            outcome.counts[verdict.decision, default: 0] += 1
            try onVerdict(verdict)
        }
        outcome.offset += Int64(batchBytes)
        batch = []
        batchBytes = 0
    }
}
