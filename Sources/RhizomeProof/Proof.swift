internal import Bytes
public import RhizomeCore
internal import SignedStatements

/// What a value is, and why, for someone who has neither the store nor this software (spec: proof.md).
///
///     proof = ["rhizome-proof", 1, claim, evidence]
///
/// Decoding one checks its form alone: ``ProofVerification`` verifies.
public struct Proof: Sendable {
    /// A larger one is refused before it is decoded.
    public static let maximumBytes = 64 << 20

    /// What is claimed.
    public let claim: ProofClaim
    /// The deltas on which the values rest, by their ids.
    public let deltas: [SignedDelta]
    /// Headers that link them to the stated heads, by (author, sequence, id).
    public let headers: [SignedHeader]

    /// A proof of these parts, in the order that it has.
    ///
    /// - Parameters:
    ///   - deltas: each once.
    ///   - headers: each once; those of `deltas` aren't needed.
    public init(claim: ProofClaim, deltas: [SignedDelta], headers: [SignedHeader]) {
        self.claim = claim
        self.deltas = deltas.sorted { $0.id < $1.id }
        self.headers = headers.sorted { $0.place < $1.place }
    }

    /// A proof whose parts are in order.
    init(decoded claim: ProofClaim, _ deltas: [SignedDelta], _ headers: [SignedHeader]) {
        self.claim = claim
        self.deltas = deltas
        self.headers = headers
    }
}

extension SignedHeader {
    /// Where it stands among a proof's headers.
    var place: (author: Bytes32, sequence: Int64, id: DeltaID) { (author.bytes, header.sequence, id) }
}
