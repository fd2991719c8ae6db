public import Bytes
internal import DeterministicCBOR
public import SignedStatements

/// Where a node says that it is, for a while: signed by its own key, handed on by those who know it (spec: meeting.md,
/// "Addresses").
///
///     [1, time, [address, … ≤ 8], until]
///
/// A value of it is verified.
public struct AddressRecord: Hashable, Sendable {
    /// What its signature is for.
    public static let purpose = SignedStatement.Purpose("rhizome.address.v1")
    /// How many addresses there may be.
    public static let mostAddresses = 8
    /// More bytes than such a message has: eight of the longest addresses.
    public static let mostBytes = 4_096
    /// How long one may hold.
    public static let longest = Duration.seconds(30 * 86_400)
    /// How far ahead of the clock one may be dated.
    static let mostAhead = Duration.seconds(5 * 60)
    private static let version: Int64 = 1

    /// The message as it was received.
    public let signed: SignedStatement
    /// When it was made: of two of the same key the later one counts.
    public let time: Timestamp
    /// Where the node's ROUTER listens; none where nobody can reach it.
    public let addresses: [PeerAddress]
    /// From when on it says nothing any more.
    public let until: Timestamp

    /// Whose it is.
    public var key: PublicKey { signed.signer }

    /// Signs one that holds for as long as it may.
    ///
    /// - Parameter addresses: eight at most are told.
    public init(by signer: some StatementSigner, time: Timestamp, addresses: [PeerAddress]) {
        self.time = time
        self.addresses = Array(addresses.prefix(Self.mostAddresses))
        until = time + Self.longest
        var writer = CBORWriter()
        writer.array(4)
        writer.integer(Self.version)
        writer.integer(time.microseconds)
        writer.addresses(self.addresses)
        writer.integer(until.microseconds)
        signed = signer.sign(writer.bytes, for: Self.purpose)
    }

    /// Reads one and verifies it; says nothing yet about whether it counts.
    ///
    /// - Parameter isWanted: asked first, with whose and of when it claims to be: what isn't wanted isn't verified.
    /// - Returns: `nil` where it is malformed or not wanted, or its signature isn't its key's.
    /// - Complexity: a verification.
    public init?(verifying bytes: [UInt8], ifWanted isWanted: (PublicKey, Timestamp) -> Bool = { _, _ in true }) {
        guard bytes.count <= Self.mostBytes, let read = try? Self(reading: bytes), isWanted(read.key, read.time),
            read.signed.isValid
        else { return nil }
        self = read
    }

    private init(reading bytes: [UInt8]) throws {
        var reader = CBORReader(bytes)
        signed = try SignedStatement(from: &reader, purpose: Self.purpose)
        try reader.finish()
        var payload = CBORReader(signed.payload)
        guard try payload.array() == 4, try payload.integer() == Self.version else { throw Malformed() }
        time = Timestamp(microseconds: try payload.integer())
        addresses = try payload.addresses(atMost: Self.mostAddresses)
        until = Timestamp(microseconds: try payload.integer())
        try payload.finish()
        guard time.microseconds >= 0, time <= until, until - time <= Self.longest else { throw Malformed() }
    }

    private struct Malformed: Error {}

    /// Whether one of this time counts by now.
    public func counts(at now: Timestamp) -> Bool { time <= now + Self.mostAhead && now < until }
}
