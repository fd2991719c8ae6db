/// What a trusted peer may do (spec: identity.md, `may`).
public enum Permission: String, CaseIterable, Hashable, Sendable {
    /// Its deltas are accepted.
    case author
    /// It may open connections to this node and read from it.
    case connect
    /// Whom it introduces is trusted (spec: meeting.md, "Introductions").
    case introduce
}
