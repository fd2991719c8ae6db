public import Bytes

/// What of a distrusted author stays in views (spec: identity.md, `keep`).
public enum Keep: Hashable, Sendable {
    /// What the node held at that moment; nothing more is accepted, however early it is dated.
    case all
    /// Nothing.
    case none
    /// These deltas and all before them; at most 64 ids.
    case ids([Bytes32])

    /// How many ids there may be.
    public static let mostIDs = 64
}
