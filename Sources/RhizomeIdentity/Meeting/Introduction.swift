public import Bytes
public import SignedStatements

/// What an introducer says of a key, in a delta of its own (spec: meeting.md, "Introductions").
public struct Introduction: Hashable, Sendable {
    /// How many addresses count.
    public static let mostAddresses = 8
    /// What an introduction can suggest.
    public static let permissions: Set<Permission> = [.author, .connect]

    /// The delta's id.
    public let delta: Bytes32
    /// Who signed it.
    public let introducer: PublicKey
    /// When it was made: µs since 1970.
    public let time: Timestamp
    /// Who is introduced: a did, where it is a good one.
    public let subject: Text
    /// What the introducer calls it, where that can be a petname.
    public let petname: String?
    /// Where it listens for requests.
    public let addresses: [PeerAddress]
    /// What it is to be allowed.
    public let may: Set<Permission>

    /// What a delta says.
    ///
    /// - Parameters:
    ///   - addresses: what is no address is left out, and what goes beyond eight.
    ///   - may: what isn't to be suggested is left out; where it says nothing of it, all that can be is suggested, as a
    ///     statement of trust has it.
    public init(
        delta: Bytes32,
        introducer: PublicKey,
        time: Timestamp,
        subject: Text,
        name: Text?,
        addresses: [Text],
        may: [Text]
    ) {
        self.delta = delta
        self.introducer = introducer
        self.time = time
        self.subject = subject
        petname = name.flatMap { PeerName.isValid($0.string) ? $0.string : nil }
        self.addresses = Array(addresses.lazy.compactMap { PeerAddress($0.string) }.prefix(Self.mostAddresses))
        self.may =
            may.isEmpty
            ? Self.permissions : Self.permissions.filter { permission in may.contains(Text(permission.rawValue)) }
    }
}
