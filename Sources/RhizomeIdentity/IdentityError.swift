public import Bytes

/// What is wrong with a key, a text that should name one, a key file or the trusted-peer list (spec: identity.md).
public struct IdentityError: CodedError {
    /// What is wrong; the raw values are stable and appear in logs and JSON.
    public enum Code: String, Sendable {
        /// A text that is no did, card or SSH line.
        case malformedPeer
        /// A text for a peer with a character that nobody sees, such as a byte-order mark.
        case invisibleCharacter
        /// A key that can't be an identity.
        case unacceptableKey
        /// No `host:port`.
        case malformedAddress
        /// No name of 1 to 64 letters, digits, dots, underscores and hyphens.
        case malformedName
        /// The home has no identity.
        case noIdentity
        /// The home has an identity already.
        case identityExists
        /// `identity.key` is not what the spec says.
        case malformedKeyFile
        /// `identity.key` asks for more work or memory than is allowed.
        case costlyKeyFile
        /// The seed in `identity.key` gives another public key than the one beside it.
        case keyMismatch
        /// The key is sealed and no passphrase was given.
        case passphraseNeeded
        /// The passphrase is wrong, or the sealed key was changed.
        case wrongPassphrase
        /// A passphrase that can't be used: empty, too long, or its file is missing.
        case unusablePassphrase
        /// Something a newer version of the program wrote, and this one doesn't understand.
        case newerVersion
        /// A statement of the journal doesn't verify, breaks the chain or the rules of the list.
        case brokenJournal
        /// The journal lacks the last statement that this node applied.
        case cutJournal
        /// There is no record of the last statement that this node applied, though it has run.
        case missingWitness
        /// Another entry has that petname.
        case nameTaken
        /// Another entry, or this identity, has the same transport key.
        case sharedTransportKey
        /// An invitation that was used, withdrawn or has run out.
        case invitationClosed
        /// As many invitations are open as may be.
        case tooManyInvitations
        /// An invitation that could be taken before it is made, or for more than 30 days.
        case unusableExpiry
        /// A text that is no invitation.
        case malformedInvitation
        /// This identity itself, of which that can't be said.
        case ownIdentity
        /// No entry goes by that text.
        case unknownPeer
        /// Several entries go by that text.
        case ambiguousPeer
        /// The installed libsodium verifies by another rule than the network's.
        case wrongLibrary
        /// The process's memory can't be kept out of core dumps.
        case unprotectedProcess
        /// A file of the home that holds something else than it should.
        case malformedFile
    }

    /// What is wrong; equality is that of the codes.
    public let code: Code
    /// What happened and what to do about it, in one line; free of secrets, but quotes what the caller gave.
    public let message: String
    /// The number of the journal's statement that is meant, from 0.
    public let statement: Int?

    init(_ code: Code, _ message: String, statement: Int? = nil) {
        self.code = code
        self.message = message
        self.statement = statement
    }
}
