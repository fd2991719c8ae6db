/// Why a guest isn't taken in (spec: meeting.md, "Invitations").
public enum JoinRefusal: String, Hashable, Sendable {
    /// It is for another host, or by another invitation than that of the connection.
    case notMeant
    /// The invitation is unknown, was withdrawn, or has run out.
    case closed
    /// Another guest has taken the invitation: one of the two intercepted the line.
    case taken
    /// No identity, this one itself, an invitation's key, or the mirror image of a key in the list.
    case unacceptable
    /// It is in the list already, under another name or as distrusted.
    case known
}
