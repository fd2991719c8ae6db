public import RhizomeCore

/// How many deltas were decided how.
public struct DecisionCounts: Hashable, Sendable {
    /// Stored.
    public private(set) var accepted: Int64 = 0
    /// Held already.
    public private(set) var duplicate: Int64 = 0
    /// Refused, by reason.
    public private(set) var rejections: [Rejection: Int64] = [:]
    /// Put off, by reason.
    public private(set) var deferrals: [Deferral: Int64] = [:]

    /// None yet.
    package init() {}

    /// Refused in all.
    public var rejected: Int64 { rejections.values.reduce(0, +) }
    /// Put off in all.
    public var deferred: Int64 { deferrals.values.reduce(0, +) }

    mutating func count(_ decision: Decision, times: Int) {
        let times = Int64(times)
        switch decision {
        case .accept: accepted += times
        case .duplicate: duplicate += times
        case .reject(let reason): rejections[reason, default: 0] += times
        case .defer(let reason): deferrals[reason, default: 0] += times
        }
    }
}
