import Bytes
import RhizomeProof

/// Proofs: what has the form of one is made of the same bytes again.
enum Proofs: FuzzTarget {
    static let name = "proof"

    static func seeds(_ vectors: Vectors) throws -> [[UInt8]] { try vectors.bytes("proof", "proof") }

    static func check(_ bytes: [UInt8]) throws -> Bool {
        let proof: Proof
        do throws(ProofError) { proof = try Proof(decoding: bytes) } catch { return false }
        try require(try proof.encoded() == bytes, "a proof has one encoding")
        let again = Proof(claim: proof.claim, deltas: proof.deltas, headers: proof.headers)
        try require(try again.encoded() == bytes, "a proof's parts have one order")
        return true
    }
}
