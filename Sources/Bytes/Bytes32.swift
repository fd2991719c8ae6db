/// Thirty-two bytes, stored in place: a hash, a public key.
///
/// Equality, order and hash are those of the bytes.
public struct Bytes32: Hashable, Comparable, Sendable {
    // Big-endian words, so that comparing words in order compares bytes in order.
    @usableFromInline let words: (UInt64, UInt64, UInt64, UInt64)

    /// How many bytes there are.
    public static let count = 32

    /// Takes exactly 32 bytes; `nil` for any other count.
    ///
    /// Inlinable, so that it is specialised for what it is given: else it would cost more than decoding all around it.
    @inlinable
    public init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Self.count else { return nil }
        var iterator = bytes.makeIterator()
        func word() -> UInt64 {
            var value: UInt64 = 0
            for _ in 0..<8 { value = value << 8 | UInt64(iterator.next() ?? 0) }
            return value
        }
        words = (word(), word(), word(), word())
    }

    /// Thirty-two times the same byte.
    public init(repeating byte: UInt8) {
        let word = UInt64(byte) &* 0x0101_0101_0101_0101
        words = (word, word, word, word)
    }

    /// The bytes in order.
    public var array: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.count)
        for index in 0..<8 {
            let shift = UInt64(56 - 8 * index)
            bytes[index] = UInt8(truncatingIfNeeded: words.0 >> shift)
            bytes[index + 8] = UInt8(truncatingIfNeeded: words.1 >> shift)
            bytes[index + 16] = UInt8(truncatingIfNeeded: words.2 >> shift)
            bytes[index + 24] = UInt8(truncatingIfNeeded: words.3 >> shift)
        }
        return bytes
    }

    /// The first eight bytes as a big-endian number: enough to index by.
    public var prefix64: UInt64 { words.0 }

    /// The greatest value that comes before this one in the order of bytes; `nil` for the least.
    public var predecessor: Bytes32? {
        guard self != Bytes32(repeating: 0) else { return nil }
        var words = self.words
        // Borrow from the left as long as there is nothing to take away from.
        words.3 &-= 1
        if words.3 == .max { words.2 &-= 1 }
        if words.3 == .max, words.2 == .max { words.1 &-= 1 }
        if words.3 == .max, words.2 == .max, words.1 == .max { words.0 &-= 1 }
        return Bytes32(words: words)
    }

    private init(words: (UInt64, UInt64, UInt64, UInt64)) { self.words = words }

    /// Whether all bytes are the same.
    public static func == (left: Self, right: Self) -> Bool { left.words == right.words }

    /// Whether `left` comes first in the order of bytes.
    public static func < (left: Self, right: Self) -> Bool { left.words < right.words }

    /// Feeds all bytes.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }
}
