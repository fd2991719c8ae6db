/// Why a delta is refused for good (spec: admission.md).
public enum Rejection: String, Hashable, Sendable, CaseIterable {
    /// Larger than delta.md allows.
    case limit
    /// Not the form of delta.md, or by a key that can't be an identity.
    case malformed
    /// Sequence and previous don't fit each other, or a previous is by another author.
    case chain
    /// The author is distrusted, or its trust has run out.
    case distrusted
    /// The signature isn't the author's.
    case signature
    /// The body isn't the one that was signed.
    case bodyMismatch
    /// Not later than the deltas before it.
    case timeOrder
}
