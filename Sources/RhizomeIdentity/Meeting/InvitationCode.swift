internal import Bytes
internal import SignedStatements
internal import Sodium

/// The secret of an invitation: 16 random bytes, shown once and kept nowhere (spec: meeting.md, "Invitations").
///
/// Who has it can join in the place of the one who is meant, once and until it runs out. It is printed for people to send,
/// so unlike keys it lies in ordinary memory.
public struct InvitationCode: Hashable, Sendable, CustomStringConvertible {
    /// How many bytes it has.
    static let byteCount = 16
    /// How many characters its text has.
    static let textCount = 22
    private static let purpose = Array("rhizome.invite.v1".utf8)

    private let bytes: [UInt8]

    private init(bytes: [UInt8]) { self.bytes = bytes }

    /// A new random one.
    public static func random() throws -> InvitationCode {
        InvitationCode(bytes: try SecretBytes.random(count: byteCount).revealing(0..<byteCount))
    }

    /// Reads its text, 22 characters of base64url; `nil` for anything else.
    init?(_ text: Substring) {
        guard text.utf8.count == Self.textCount, let bytes = Base64.urlUnpadded.decode(text),
            bytes.count == Self.byteCount
        else { return nil }
        self.bytes = bytes
    }

    /// The text that was read.
    public var description: String { Base64.urlUnpadded.encode(bytes) }

    /// The invitation key: the pair of the seed SHA-256("rhizome.invite.v1" ‖ code).
    public func key() throws -> Identity {
        let seed = SHA256.hash(Self.purpose + bytes)
        return try Identity(seed: SecretBytes(joining: [.open(seed.array)]))
    }
}
