import Bytes
import RhizomeCore
import RhizomeProof
import RhizomeTesting
import Testing

@Suite struct ProofVectorTests {
    struct ProofCase: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let ok: Bool
        let why: String?
        let proof: String

        var testDescription: String { name }

        /// What the independent program found first, as ours names it; either where it may find two things.
        var codes: [ProofError.Code?] {
            switch why {
            case nil: [nil]
            case "signature": [.signature]
            case "body": [.body]
            // What is below a delta that was left out is linked to nothing.
            case "not complete": [.incomplete, .links]
            case let why? where why.hasPrefix("computed again") || why.hasPrefix("unknown resolver"): [.value]
            case "a used delta isn't below a stated head", "a head isn't in the evidence",
                "a previous by another author":
                [.links]
            default: [.form]
            }
        }
    }

    static let cases = Result { try TestFiles.cases("proof") as [ProofCase] }

    @Test("each proof of the vectors holds, or fails as the vectors say")
    func vectors() async throws {
        let cases = try Self.cases.get()
        #expect(cases.count == 51)
        for test in cases {
            let bytes = try #require(Hex.decode(test.proof))
            let verification = await ProofVerification.verify(bytes)
            #expect(verification.isValid == test.ok, "\(test.name): \(verification.error?.description ?? "holds")")
            #expect(test.codes.contains(verification.error?.code), "\(test.name)")
            #expect(verification.passed.count == ProofVerification.Check.allCases.count || !test.ok)
        }
    }

    @Test("a proof is encoded again as it was")
    func encodedAgain() throws {
        for test in try Self.cases.get() where test.ok {
            let bytes = try #require(Hex.decode(test.proof))
            let proof = try Proof(decoding: bytes)
            let again = Proof(claim: proof.claim, deltas: proof.deltas.reversed(), headers: proof.headers.reversed())
            #expect(try again.encoded() == bytes, "\(test.name)")
        }
    }

    @Test("a proof altered at a byte holds only where nothing that was signed was altered")
    func altered() async throws {
        let proofs = try Self.cases.get().filter(\.ok).map { try #require(Hex.decode($0.proof)) }
        try await withSeedAsync { generator in
            for _ in 0..<200 {
                var bytes = try #require(proofs.randomElement(using: &generator))
                let original = try Proof(decoding: bytes)
                let index = bytes.indices.randomElement(using: &generator) ?? 0
                bytes[index] ^= UInt8.random(in: 1...255, using: &generator)
                let verification = await ProofVerification.verify(bytes)
                guard verification.isValid, let proof = verification.proof else { continue }
                #expect(proof.claim != original.claim)
                #expect(proof.deltas.map(\.bytes) == original.deltas.map(\.bytes))
                #expect(proof.headers == original.headers)
            }
        }
    }
}
