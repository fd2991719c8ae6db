public import Bytes
internal import DeterministicCBOR
internal import HomeFiles
public import SignedStatements

/// `data/refused-guests`: who came with an invitation that another guest had taken (spec: meeting.md, "Invitations").
///
/// A CBOR array of `[invitation key, identity, time in µs]`, written by the node alone, by rename. Bounded: of each
/// invitation the first four, in all the last 256.
public struct RefusedGuests: Sendable {
    /// One of them.
    public struct Guest: Hashable, Sendable {
        /// The key of the invitation.
        public let invitation: PublicKey
        /// Who came too late, or is the one who was meant.
        public let identity: PublicKey
        /// When it came first.
        public let time: Timestamp

        /// A guest who was refused.
        public init(invitation: PublicKey, identity: PublicKey, time: Timestamp) {
            self.invitation = invitation
            self.identity = identity
            self.time = time
        }
    }

    static let name = "refused-guests"
    /// How many of each invitation are remembered.
    static let mostOfEach = 4
    /// How many are remembered in all.
    static let most = 256
    private static let mostBytes = 64 << 10

    private let home: Home

    /// Those of a home.
    public init(home: Home) { self.home = home }

    /// All that are remembered, oldest first; none where nothing was ever written.
    ///
    /// - Throws: ``IdentityError`` `malformedFile`; ``FileError``.
    public func load() throws -> [Guest] {
        let data: HomeFolder
        do throws(FileError) {
            data = try home.data(creating: false)
        } catch {
            if error.code == .missing { return [] }
            throw error
        }
        guard let bytes = try data.contents(Self.name, limit: Self.mostBytes) else { return [] }
        do {
            var reader = CBORReader(bytes)
            let guests = try (0..<(try reader.array(atMost: Self.most))).map { _ in
                guard try reader.array() == 3 else { throw CBORError.unexpected(at: reader.offset) }
                return Guest(
                    invitation: PublicKey(try reader.bytes32()),
                    identity: PublicKey(try reader.bytes32()),
                    time: Timestamp(microseconds: try reader.integer())
                )
            }
            try reader.finish()
            return guests
        } catch is CBORError {
            throw IdentityError(
                .malformedFile,
                "\(data.path(Self.name)) can't be read; remove it: it only tells who came with an invitation too late"
            )
        }
    }

    /// Remembers one.
    ///
    /// - Returns: whether it wasn't remembered yet, and is now.
    public func add(_ guest: Guest) throws -> Bool {
        var guests = try load()
        let ofTheSame = guests.filter { $0.invitation == guest.invitation }
        guard ofTheSame.count < Self.mostOfEach, !ofTheSame.contains(where: { $0.identity == guest.identity }) else {
            return false
        }
        guests = (guests + [guest]).suffix(Self.most)
        var writer = CBORWriter(capacity: 128 * guests.count)
        writer.array(guests.count)
        for guest in guests {
            writer.array(3)
            writer.byteString(guest.invitation.bytes)
            writer.byteString(guest.identity.bytes)
            writer.integer(guest.time.microseconds)
        }
        try home.data(creating: true).replace(Self.name, writer.bytes)
        return true
    }
}
