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

/// Why a delta has to wait (spec: admission.md).
public enum Deferral: String, Hashable, Sendable, CaseIterable {
    /// The author isn't in the trusted-peer list, or may not write. Not verified yet.
    case unknownAuthor
    /// A delta before it isn't held yet.
    case gap
    /// More than 5 minutes ahead of our clock.
    case future
}

/// What becomes of a delta that came in (spec: admission.md).
///
/// A judgement, not an error.
public enum Decision: Hashable, Sendable {
    /// Stored durably.
    case accept
    /// Held already.
    case duplicate
    /// Kept in memory until what it waits for comes.
    case `defer`(Deferral)
    /// Refused.
    case reject(Rejection)

    /// The decision's name in peering.md and http.md: `accept`, `duplicate`, `defer`, `reject`.
    public var name: String {
        switch self {
        case .accept: "accept"
        case .duplicate: "duplicate"
        case .defer: "defer"
        case .reject: "reject"
        }
    }

    /// The reason's name, where there is one.
    public var reason: String? {
        switch self {
        case .accept, .duplicate: nil
        case .defer(let reason): reason.rawValue
        case .reject(let reason): reason.rawValue
        }
    }
}
