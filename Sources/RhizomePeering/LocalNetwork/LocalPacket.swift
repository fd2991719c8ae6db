internal import Sodium
internal import ZeroMQ

/// What a node tells the networks that it is on: that it is there, in a form that its peers alone recognise (spec:
/// meeting.md, "Local network").
///
///     "rhzm" 01 | request port u16 | minute u32 | nonce 16 | tag 8 × n        (n = 16, 32, 64 or 128)
///
/// Numbers have the most significant byte first.
struct LocalPacket: Hashable, Sendable {
    /// How many tags there may be.
    static let tagCounts = [16, 32, 64, 128]
    /// By how many minutes the clocks of both may differ.
    static let mostMinutesApart: UInt32 = 10
    static let nonceBytes = 16
    static let tagBytes = 8
    private static let magic = Array("rhzm".utf8) + [1]
    private static let headBytes = magic.count + 2 + 4 + nonceBytes
    /// What a tag's authentication code begins with.
    private static let purpose = Array("rhizome.lan.v1".utf8)

    /// Where the sender's ROUTER listens; never 0.
    let port: UInt16
    /// When it was made, in minutes since 1970.
    let minute: UInt32
    let nonce: [UInt8]
    /// One for each peer that may connect, among random ones, sorted.
    let tags: [[UInt8]]

    /// Makes a packet; of more than 128 peers for others of them each time.
    ///
    /// - Parameters:
    ///   - source: from which it is going to be sent.
    ///   - keys: all of the sender's peers.
    /// - Throws: ``SodiumError``.
    init(port: UInt16, minute: UInt32, source: NumericAddress, keys: LocalKeys) throws {
        self.port = port
        self.minute = minute
        nonce = try randomBytes(count: Self.nonceBytes)
        let message = Self.message(source: source, port: port, minute: minute, nonce: nonce)
        let most = Self.tagCounts[Self.tagCounts.count - 1]
        let own = keys.peers.indices.shuffled().prefix(most).map { keys.tag(of: message, forPeerAt: $0) }
        let count = Self.tagCounts.first { own.count <= $0 } ?? most
        let others = try (own.count..<count).map { _ in try randomBytes(count: Self.tagBytes) }
        tags = (own + others).sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// Reads a packet; `nil` for anything else.
    init?(_ bytes: [UInt8]) {
        let tagBytes = bytes.count - Self.headBytes
        guard tagBytes > 0, tagBytes.isMultiple(of: Self.tagBytes),
            Self.tagCounts.contains(tagBytes / Self.tagBytes), bytes.starts(with: Self.magic)
        else { return nil }
        var rest = bytes[Self.magic.count...]
        func number<Number: FixedWidthInteger>(_ type: Number.Type) -> Number {
            let taken = rest.prefix(type.bitWidth / 8)
            rest = rest.dropFirst(taken.count)
            return taken.reduce(0) { $0 << 8 | Number($1) }
        }
        port = number(UInt16.self)
        minute = number(UInt32.self)
        nonce = Array(rest.prefix(Self.nonceBytes))
        let all = Array(rest.dropFirst(Self.nonceBytes))
        tags = stride(from: 0, to: all.count, by: Self.tagBytes).map { Array(all[$0..<$0 + Self.tagBytes]) }
        guard port != 0 else { return nil }
    }

    /// The only encoding.
    var encoded: [UInt8] { Self.magic + Self.bytes(port) + Self.bytes(minute) + nonce + tags.joined() }

    /// Who among a receiver's peers has sent it for this receiver; `nil` where nobody has, or it is too old or new.
    ///
    /// - Parameters:
    ///   - source: from which it came.
    ///   - keys: all of the receiver's peers.
    ///   - now: the receiver's minute.
    /// - Complexity: an authentication code for each peer.
    func sender(from source: NumericAddress, among keys: LocalKeys, at now: UInt32) -> Int? {
        let apart = minute > now ? minute - now : now - minute
        guard apart <= Self.mostMinutesApart else { return nil }
        let message = Self.message(source: source, port: port, minute: minute, nonce: nonce)
        let tags = Set(tags)
        return keys.peers.indices.first { tags.contains(keys.tag(of: message, byPeerAt: $0)) }
    }

    /// What a tag is of.
    private static func message(source: NumericAddress, port: UInt16, minute: UInt32, nonce: [UInt8]) -> [UInt8] {
        purpose + source.bytes + bytes(port) + bytes(minute) + nonce
    }

    private static func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
        stride(from: number.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> $0) }
    }
}
