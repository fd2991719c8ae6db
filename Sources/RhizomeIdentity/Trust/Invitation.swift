public import Bytes
public import SignedStatements

/// An invitation as the list knows it: its key, what its guest will be, and what became of it (spec: meeting.md,
/// "Invitations").
public struct Invitation: Hashable, Sendable {
    /// How many may be open at the same time.
    public static let mostOpen = 64
    /// How long one can be taken where nothing is said: 7 days.
    public static let standard = Duration.seconds(7 * 86_400)
    /// How long one can be taken at most: 30 days.
    public static let longest = Duration.seconds(30 * 86_400)

    /// The invitation key, whose secret has whoever has the code.
    public let key: PublicKey
    /// The petname that the guest has, or will have; reserved while the invitation is open.
    public let name: String
    /// What the guest may do.
    public let may: Set<Permission>
    /// When trust in the guest ends: never where `nil`.
    public let until: Timestamp?
    /// What the owner wrote beside it.
    public let note: String?
    /// Whether the guest may nothing until the owner has confirmed it.
    public let needsConfirmation: Bool
    /// When it was made.
    public let time: Timestamp
    /// Until when it can be taken, that moment included.
    public let expires: Timestamp
    /// Who has taken it.
    public internal(set) var guest: PublicKey?
    /// When it was taken.
    public internal(set) var taken: Timestamp?
    /// When it was withdrawn.
    public internal(set) var withdrawn: Timestamp?

    /// `nil` for a statement that makes none.
    init?(_ statement: TrustStatement) {
        let change = statement.change
        guard change.action == .invite, let name = change.name else { return nil }
        key = change.identity
        self.name = name
        may = change.may
        until = change.until
        note = change.note
        needsConfirmation = change.needsConfirmation
        time = statement.time
        expires = change.expires ?? statement.time + Self.standard
    }

    /// Whether it can be taken.
    public func isOpen(at now: Timestamp) -> Bool { guest == nil && isAnswered(at: now) }

    /// Whether its key is let in, to join or to hear again what was answered to its guest.
    public func isAnswered(at now: Timestamp) -> Bool { withdrawn == nil && now <= expires }
}
