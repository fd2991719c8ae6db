public import Bytes
public import SignedStatements

/// What an audit says of one author's log.
public struct AuthorAudit: Hashable, Sendable {
    /// Whose log.
    public let author: PublicKey
    /// How many deltas are held.
    public let count: Int64
    /// The least time of a delta, µs since 1970.
    public let firstTime: Timestamp
    /// The greatest time of a delta, µs since 1970.
    public let lastTime: Timestamp
    /// What was found first in this log; none where it is complete.
    public let firstFinding: AuditFinding?
    /// Where the log forks.
    public let forks: [Fork]
    /// At how many more places it may fork: its deltas are linked to and fro so much that these weren't looked into.
    public let unsearchedForkCount: Int64
    /// Deltas that fit nowhere.
    public let stalls: [Stall]
    /// How many deltas were let in by no statement of the trusted-peer list, as it was when they came.
    ///
    /// Reported beside findings: whoever replaced the identity of a home has another list than that of then.
    public let unlistedCount: Int64
    /// How many deltas came with a time more than 5 minutes ahead of the clock that received them.
    public let aheadCount: Int64

    /// By how many µs its last delta is ahead of a clock, where that is more than the 5 minutes that admission allows;
    /// `nil` elsewhere.
    ///
    /// Of the own log: until the clock has come so near, nothing can be written (spec: admission.md, "Clocks").
    public func lead(over now: Timestamp) -> Duration? {
        let lead = lastTime - now
        return lead > DeltaLimits.ahead ? lead : nil
    }

    /// Whether nothing is wrong with the log.
    public var isComplete: Bool { firstFinding == nil }
}
