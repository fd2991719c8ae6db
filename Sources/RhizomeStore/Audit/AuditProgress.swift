/// How far an audit has come.
public struct AuditProgress: Sendable {
    /// How many deltas were looked at, but for those that an earlier audit has seen.
    public let done: Int64
    /// How many there are.
    public let total: Int64
}
