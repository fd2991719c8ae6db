import Bytes
import RhizomeIdentity
import StrictJSON

/// Invitations, as text and as JSON.
enum InvitationText {
    /// A line about an invitation, and one for each guest that came too late, or was the one who was meant.
    static func lines(_ invitation: Invitation, refused: [RefusedGuests.Guest]) -> [String] {
        var parts = [invitation.name]
        if let guest = invitation.guest {
            parts.append("taken by \(guest.did)" + (invitation.taken.map { " at \($0)" } ?? ""))
        } else {
            parts.append("open until \(invitation.expires)")
            if invitation.needsConfirmation { parts.append("to be confirmed") }
        }
        if invitation.withdrawn != nil { parts.append("withdrawn") }
        return [parts.joined(separator: "  ")]
            + refused.map { guest in
                "  refused  \(guest.identity.did) at \(guest.time): one of the two intercepted the line; ask "
                    + "\(invitation.name) for the fingerprint, and distrust the other"
            }
    }

    /// All members each time, null where there is nothing to say.
    static func json(_ invitation: Invitation, refused: [RefusedGuests.Guest], at now: Timestamp) -> JSONValue {
        [
            "name": .string(invitation.name),
            "invitation": .string(invitation.key.did),
            "open": .bool(invitation.isOpen(at: now)),
            "may": .array(invitation.may.map(\.rawValue).sorted().map { .string($0) }),
            "until": time(invitation.until),
            "note": invitation.note.map { .string($0) } ?? .null,
            "confirm": .bool(invitation.needsConfirmation),
            "time": time(invitation.time),
            "expires": time(invitation.expires),
            "withdrawn": time(invitation.withdrawn),
            "guest": invitation.guest.map { .string($0.did) } ?? .null,
            "taken": time(invitation.taken),
            "refused": .array(refused.map { ["did": .string($0.identity.did), "time": time($0.time)] }),
        ]
    }

    private static func time(_ time: Timestamp?) -> JSONValue { time.map { .integer($0.microseconds) } ?? .null }
}
