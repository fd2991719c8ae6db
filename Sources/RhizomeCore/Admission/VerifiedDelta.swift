internal import SignedStatements
internal import Sodium

/// A delta whose signature and body have been verified: the second station.
///
/// Only ``verify(_:)`` makes one.
public struct VerifiedDelta: Sendable {
    /// The delta.
    public let delta: SignedDelta

    private init(verified delta: SignedDelta) { self.delta = delta }

    /// Verifies the signature, then the hash and the size of the body (spec: admission.md, row 4).
    ///
    /// - Returns: the verified delta, or `signature` or `bodyMismatch`.
    /// - Complexity: 60 µs and a SHA-256 over the body: on any core, off the socket thread and off the writer.
    public static func verify(_ delta: SignedDelta) -> Result<VerifiedDelta, DeltaRefusal> {
        guard delta.statement.isValid else {
            return .failure(DeltaRefusal(.signature, "the signature isn't the author's over this header"))
        }
        guard delta.header.bodyCount == Int64(delta.bodyBytes.count),
            SHA256.hash(delta.bodyBytes) == delta.header.bodyHash
        else { return .failure(DeltaRefusal(.bodyMismatch, "the body isn't the one that was signed")) }
        return .success(VerifiedDelta(verified: delta))
    }
}
