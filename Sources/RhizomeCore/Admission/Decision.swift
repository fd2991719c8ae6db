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

    /// The decision of a name and a reason; `nil` where there is none such.
    public init?(name: String, reason: String?) {
        switch (name, reason) {
        case ("accept", nil): self = .accept
        case ("duplicate", nil): self = .duplicate
        case ("defer", let reason?):
            guard let reason = Deferral(rawValue: reason) else { return nil }
            self = .defer(reason)
        case ("reject", let reason?):
            guard let reason = Rejection(rawValue: reason) else { return nil }
            self = .reject(reason)
        default: return nil
        }
    }

    /// All names that decisions have.
    public static let names = ["accept", "duplicate", "defer", "reject"]

    /// The decision's name in peering.md and http.md, one of ``names``.
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
