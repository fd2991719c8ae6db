/// Why a delta has to wait (spec: admission.md).
public enum Deferral: String, Hashable, Sendable, CaseIterable {
    /// The author isn't in the trusted-peer list, or may not write. Not verified yet.
    case unknownAuthor
    /// A delta before it isn't held yet.
    case gap
    /// More than 5 minutes ahead of our clock.
    case future
}
