public import Bytes
internal import DeterministicCBOR
public import SignedStatements

/// What the two sides of an invitation sign for each other: the guest that it joins, the host that it took the guest in
/// (spec: meeting.md, "Invitations").
///
///     [1, recipient, invitation key, time, name | null, [address, … ≤ 8]]
///
/// A value of it is verified. It names whom it is for and by which invitation, so it means nothing elsewhere.
public struct JoinStatement: Hashable, Sendable {
    /// What its signature is for.
    public static let purpose = SignedStatement.Purpose("rhizome.join.v1")
    /// How many addresses there may be.
    public static let mostAddresses = 8
    /// More bytes than such a message has: eight of the longest addresses and a name.
    public static let mostBytes = 4_096
    /// UTF-8 bytes of a name: a longer one is no name.
    private static let mostNameBytes = 256
    private static let version: Int64 = 1

    /// The message as it was received.
    public let signed: SignedStatement
    /// Whom it is for.
    public let recipient: PublicKey
    /// The key of the invitation.
    public let invitation: PublicKey
    /// When it was made: µs since 1970, never before that.
    public let time: Timestamp
    /// What the signer calls itself, which need not be a petname.
    public let name: Text?
    /// Where the signer listens for requests.
    public let addresses: [PeerAddress]

    /// Who made it.
    public var signer: PublicKey { signed.signer }

    /// What the signer calls itself, where that can be a petname.
    public var petname: String? { name.flatMap { PeerName.isValid($0.string) ? $0.string : nil } }

    /// Signs one.
    ///
    /// - Parameter addresses: eight at most are told.
    public init(
        by signer: Identity,
        to recipient: PublicKey,
        invitation: PublicKey,
        time: Timestamp,
        name: String?,
        addresses: [PeerAddress]
    ) {
        self.recipient = recipient
        self.invitation = invitation
        self.time = time
        self.name = name.map { Text($0) }
        self.addresses = Array(addresses.prefix(Self.mostAddresses))
        var writer = CBORWriter()
        writer.array(6)
        writer.integer(Self.version)
        writer.byteString(recipient.bytes)
        writer.byteString(invitation.bytes)
        writer.integer(time.microseconds)
        if let name = self.name { writer.text(name) } else { writer.null() }
        writer.addresses(self.addresses)
        signed = signer.sign(writer.bytes, for: Self.purpose)
    }

    /// Reads one and verifies it; says nothing yet about whether it may count here.
    ///
    /// - Returns: `nil` where it is malformed, or its signature isn't its signer's.
    /// - Complexity: a verification.
    public init?(verifying bytes: [UInt8]) {
        guard bytes.count <= Self.mostBytes, let read = try? Self(reading: bytes), read.signed.isValid else {
            return nil
        }
        self = read
    }

    private init(reading bytes: [UInt8]) throws {
        var reader = CBORReader(bytes)
        signed = try SignedStatement(from: &reader, purpose: Self.purpose)
        try reader.finish()
        var payload = CBORReader(signed.payload)
        guard try payload.array() == 6, try payload.integer() == Self.version else { throw Malformed() }
        recipient = PublicKey(try payload.bytes32())
        invitation = PublicKey(try payload.bytes32())
        time = Timestamp(microseconds: try payload.integer())
        name = try payload.readNull() ? nil : try payload.text()
        addresses = try payload.addresses(atMost: Self.mostAddresses)
        try payload.finish()
        guard time.microseconds >= 0, name.map({ $0.count <= Self.mostNameBytes }) ?? true else { throw Malformed() }
    }

    private struct Malformed: Error {}
}
