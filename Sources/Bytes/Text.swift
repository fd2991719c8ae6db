/// A text that is compared, ordered and hashed by its UTF-8 bytes (spec: delta.md, "Encoding").
///
/// Swift's `String` holds "é" in one and in two scalars to be equal; a signature, SQLite and every other program do
/// not. Names and values of deltas are therefore never plain strings here.
public struct Text: Hashable, Comparable, Sendable {
    /// The same text as a string, for people's eyes and for libraries that ask for one.
    ///
    /// Not for comparing.
    public let string: String

    /// Takes a string as it is: nothing is normalised.
    public init(_ string: String) {
        self.string = string
    }

    /// Takes UTF-8 bytes, or gives `nil` where they are not valid UTF-8 (overlong forms and surrogates included).
    ///
    /// Inlinable, so that it is specialised for what it is given: else it would cost more than decoding all around it.
    /// ASCII is valid as it is; to have it validated takes several times as long as to copy it.
    @inlinable
    public init?(utf8 bytes: some Collection<UInt8>) {
        let ascii: String?? = bytes.withContiguousStorageIfAvailable { bytes in
            unsafe bytes.allSatisfy { $0 < 0x80 } ? String(decoding: bytes, as: UTF8.self) : nil
        }
        if let ascii = ascii.flatMap(\.self) {
            string = ascii
            return
        }
        guard let string = String(validating: bytes, as: UTF8.self) else { return nil }
        self.string = string
    }

    /// The UTF-8 bytes.
    public var utf8: String.UTF8View { string.utf8 }

    /// How many UTF-8 bytes the text has.
    public var count: Int { string.utf8.count }

    /// Whether both have the same bytes.
    public static func == (left: Self, right: Self) -> Bool {
        let (left, right) = (left.string.utf8, right.string.utf8)
        guard left.count == right.count else { return false }
        // Byte by byte through the string's own view it takes many times as long.
        let isEqual = unsafe left.withContiguousStorageIfAvailable { left in
            unsafe right.withContiguousStorageIfAvailable { unsafe left.elementsEqual($0) }
        }
        return isEqual.flatMap(\.self) ?? left.elementsEqual(right)
    }

    /// Whether `left` comes first in the order of bytes.
    public static func < (left: Self, right: Self) -> Bool {
        let (left, right) = (left.string.utf8, right.string.utf8)
        let isLess = unsafe left.withContiguousStorageIfAvailable { left in
            unsafe right.withContiguousStorageIfAvailable { unsafe left.lexicographicallyPrecedes($0) }
        }
        return isLess.flatMap(\.self) ?? left.lexicographicallyPrecedes(right)
    }

    /// Feeds the bytes and their count.
    public func hash(into hasher: inout Hasher) {
        let bytes = string.utf8
        let isFed: Void? = unsafe bytes.withContiguousStorageIfAvailable { bytes in
            unsafe hasher.combine(bytes: UnsafeRawBufferPointer(bytes))
        }
        if isFed == nil { unsafe Array(bytes).withUnsafeBytes { unsafe hasher.combine(bytes: $0) } }
        hasher.combine(bytes.count)
    }
}

extension Text: ExpressibleByStringLiteral, CustomStringConvertible {
    /// A text written in the source.
    public init(stringLiteral value: String) { self.init(value) }

    /// The text as it is: not escaped for terminals or logs.
    public var description: String { string }
}
