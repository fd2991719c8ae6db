/// What checking a proof came to (spec: proof.md).
///
/// Needs no store, no key and no network: what holds here holds for everyone. What no proof can show is for the reader
/// to know: that others said nothing; that nothing newer exists; whose key it is; when it was really written; who made
/// the proof.
public struct ProofVerification: Sendable {
    /// What is checked, in this order; each rests on those before it.
    public enum Check: String, CaseIterable, Sendable {
        /// The bytes are the only encoding of a proof of version 1.
        case form
        /// Every delta and header was signed by its author, by the pinned rule (spec: delta.md).
        case signatures
        /// Every delta's body is the one whose hash and size were signed.
        case bodies
        /// Every delta is linked to a stated head of its author.
        case links
        /// Where the proof says that it is complete: it is.
        case completeness
        /// Computed again from the deltas, the values are those that are claimed.
        case values
    }

    /// The proof; `nil` where it hasn't the form of one.
    public let proof: Proof?
    /// What was checked and holds, in order.
    public let passed: [Check]
    /// Why what comes next doesn't hold; `nil` where all does.
    public let error: ProofError?

    /// Whether the proof holds.
    public var isValid: Bool { error == nil }

    /// Checks a proof.
    ///
    /// - Complexity: 60 µs for each delta and header, on all cores; O(*n* log *n*) in them besides.
    @concurrent public static func verify(_ bytes: [UInt8]) async -> ProofVerification {
        let proof: Proof
        do throws(ProofError) { proof = try Proof(decoding: bytes) } catch {
            return ProofVerification(proof: nil, passed: [], error: error)
        }
        return await verify(proof)
    }

    /// Checks a proof that was decoded, and so has the form of one.
    @concurrent public static func verify(_ proof: Proof) async -> ProofVerification {
        var passed: [Check] = [.form]
        func failed(_ error: ProofError) -> ProofVerification {
            ProofVerification(proof: proof, passed: passed, error: error)
        }
        do throws(ProofError) {
            let isSigned = try await Evidence.checkSignatures(of: proof)
            passed.append(.signatures)
            if let error = isSigned { return failed(error) }
            passed.append(.bodies)
            let evidence = try Evidence(proof)
            passed.append(.links)
            if proof.claim.isComplete { try evidence.checkCompleteness() }
            passed.append(.completeness)
            try evidence.checkValues()
            passed.append(.values)
        } catch {
            return failed(error)
        }
        return ProofVerification(proof: proof, passed: passed, error: nil)
    }
}
