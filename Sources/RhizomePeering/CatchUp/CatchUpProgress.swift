/// How far a node has come with fetching what one peer has.
public struct CatchUpProgress: Hashable, Sendable {
    /// The peer's petname.
    public let peer: String
    /// Deltas accepted since it began.
    public let deltas: Int
    /// Authors' logs that are done.
    public let finishedLogs: Int
    /// Authors' logs that were to be fetched.
    public let logs: Int
    /// Seconds since it began.
    public let seconds: Double
    /// Whether it has ended, well or not.
    public let isOver: Bool

    /// Deltas a second.
    public var perSecond: Int { Int(Double(deltas) / max(seconds, 0.001)) }
}
