public import Bytes

/// Reads deterministic CBOR, item by item, and refuses everything that ``CBORWriter`` would not have written.
///
/// The caller asks for what a place has. Nothing is allocated from a length that the input claims: lengths are held
/// against the bytes that are there first. Values of unknown shape nest at most ``deepest`` levels.
public struct CBORReader: Sendable {
    /// How deep arrays and maps may nest (spec: delta.md, "Encoding").
    public static let deepest = 16

    /// What an item is, told by its first byte.
    public enum Kind: Sendable {
        case integer, bytes, text, array, map, tag, bool, null, float
    }

    private let bytes: [UInt8]
    private let end: Int
    /// Where the next item starts.
    public private(set) var offset: Int

    /// Reads the whole of `bytes`.
    public init(_ bytes: [UInt8]) { self.init(bytes, in: bytes.indices) }

    /// Reads a part of `bytes`; offsets count from the start of `bytes`.
    public init(_ bytes: [UInt8], in range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count, "the range lies in the bytes")
        self.bytes = bytes
        offset = range.lowerBound
        end = range.upperBound
    }

    /// Whether all has been read.
    public var isAtEnd: Bool { offset == end }

    /// Refuses bytes that follow.
    public func finish() throws(CBORError) {
        guard isAtEnd else { throw error(.trailing) }
    }

    private func error(_ code: CBORError.Code) -> CBORError { CBORError(code, at: offset) }

    /// What the next item is, without reading it.
    ///
    /// - Throws: `truncated` at the end, `unsupported` for heads that the encoding doesn't have.
    public func kind() throws(CBORError) -> Kind {
        guard offset < end else { throw error(.truncated) }
        switch bytes[offset] >> 5 {
        case 0, 1: return .integer
        case 2: return .bytes
        case 3: return .text
        case 4: return .array
        case 5: return .map
        case 6: return .tag
        default:
            switch bytes[offset] {
            case 0xf4, 0xf5: return .bool
            case 0xf6: return .null
            case 0xfb: return .float
            default: throw error(.unsupported)
            }
        }
    }

    /// Reads a head of the major types 0 to 6.
    private mutating func head() throws(CBORError) -> (major: UInt8, argument: UInt64) {
        guard offset < end else { throw error(.truncated) }
        let first = bytes[offset]
        let low = first & 31
        guard low >= 24 else {
            offset += 1
            return (first >> 5, UInt64(low))
        }
        guard low <= 27 else { throw error(.unsupported) }
        let count = 1 << Int(low - 24)
        guard end - offset > count else { throw error(.truncated) }
        var argument: UInt64 = 0
        for byte in bytes[(offset + 1)...(offset + count)] { argument = argument << 8 | UInt64(byte) }
        let least: UInt64 = count == 1 ? 24 : 1 << (UInt64(count) * 4)
        guard argument >= least else { throw error(.notDeterministic) }
        offset += 1 + count
        return (first >> 5, argument)
    }

    private mutating func head(_ major: UInt8) throws(CBORError) -> UInt64 {
        guard offset < end else { throw error(.truncated) }
        guard bytes[offset] >> 5 == major else { throw error(.unexpected) }
        return try head().argument
    }

    /// The length of a string or a number of items, once that many bytes are there.
    private mutating func length(_ major: UInt8, bytesEach: UInt64 = 1) throws(CBORError) -> Int {
        let start = offset
        let argument = try head(major)
        guard argument <= UInt64(end - offset) / bytesEach else { throw CBORError(.truncated, at: start) }
        return Int(argument)
    }

    /// An integer.
    public mutating func integer() throws(CBORError) -> Int64 {
        guard offset < end else { throw error(.truncated) }
        let start = offset
        guard bytes[offset] >> 5 <= 1 else { throw error(.unexpected) }
        let (major, argument) = try head()
        guard argument <= UInt64(Int64.max) else { throw CBORError(.integerRange, at: start) }
        return major == 0 ? Int64(argument) : ~Int64(argument)
    }

    /// A byte string: where its content lies.
    public mutating func byteStringRange() throws(CBORError) -> Range<Int> {
        let count = try length(2)
        defer { offset += count }
        return offset..<offset + count
    }

    /// A byte string's content.
    public mutating func byteString() throws(CBORError) -> [UInt8] {
        Array(bytes[try byteStringRange()])
    }

    /// A byte string of exactly 32 bytes.
    public mutating func bytes32() throws(CBORError) -> Bytes32 {
        let start = offset
        guard let value = Bytes32(bytes[try byteStringRange()]) else { throw CBORError(.unexpected, at: start) }
        return value
    }

    /// A text.
    public mutating func text() throws(CBORError) -> Text {
        let start = offset
        let count = try length(3)
        guard let text = Text(utf8: bytes[offset..<offset + count]) else { throw CBORError(.notUTF8, at: start) }
        offset += count
        return text
    }

    /// The head of an array: how many items follow.
    ///
    /// Each of them needs at least a byte.
    public mutating func array() throws(CBORError) -> Int { try length(4) }

    /// The head of an array of at most `limit` items.
    ///
    /// - Throws: `limit` where it announces more, even if they are not there.
    public mutating func array(atMost limit: Int) throws(CBORError) -> Int {
        let start = offset
        let count = try head(4)
        guard count <= UInt64(limit) else { throw CBORError(.limit, at: start) }
        guard count <= UInt64(end - offset) else { throw CBORError(.truncated, at: start) }
        return Int(count)
    }

    /// The head of a map: how many pairs follow.
    public mutating func map() throws(CBORError) -> Int { try length(5, bytesEach: 2) }

    /// The number of a tag; the item that it marks follows.
    public mutating func tag() throws(CBORError) -> UInt64 { try head(6) }

    /// true or false.
    public mutating func bool() throws(CBORError) -> Bool {
        guard try kind() == .bool else { throw error(.unexpected) }
        defer { offset += 1 }
        return bytes[offset] == 0xf5
    }

    /// Reads a null where there is one.
    public mutating func readNull() throws(CBORError) -> Bool {
        guard try kind() == .null else { return false }
        offset += 1
        return true
    }

    /// A float: finite, and equal to no integer of at most 2^53.
    public mutating func float() throws(CBORError) -> Double {
        guard try kind() == .float else { throw error(.unexpected) }
        guard end - offset > 8 else { throw error(.truncated) }
        var pattern: UInt64 = 0
        for byte in bytes[(offset + 1)...(offset + 8)] { pattern = pattern << 8 | UInt64(byte) }
        let value = Double(bitPattern: pattern)
        guard value.isFinite else { throw error(.unsupported) }
        guard CBORValue.number(value) == .float(value) else { throw error(.notDeterministic) }
        offset += 9
        return value
    }

    /// A value of any shape but a tagged one.
    ///
    /// - Throws: `tooDeep` beyond ``deepest`` levels; duplicate or unsorted keys of a map are `notDeterministic`.
    public mutating func value() throws(CBORError) -> CBORValue { try value(depth: 0) }

    /// Passes over a value of any shape but a tagged one, held to the same rules, and keeps nothing of it.
    ///
    /// - Throws: as ``value()``.
    public mutating func skip() throws(CBORError) { try skip(depth: 0) }

    private mutating func skip(depth: Int) throws(CBORError) {
        switch try kind() {
        case .integer: _ = try integer()
        case .bytes: _ = try byteStringRange()
        case .text: _ = try text()
        case .bool: _ = try bool()
        case .float: _ = try float()
        case .null: offset += 1
        case .tag: throw error(.unexpected)
        case .array:
            guard depth < Self.deepest else { throw error(.tooDeep) }
            for _ in 0..<(try array()) { try skip(depth: depth + 1) }
        case .map:
            guard depth < Self.deepest else { throw error(.tooDeep) }
            var last: Range<Int>?
            for _ in 0..<(try map()) {
                let start = offset
                try skip(depth: depth + 1)
                if let last, !bytes[last].lexicographicallyPrecedes(bytes[start..<offset]) {
                    throw CBORError(.notDeterministic, at: start)
                }
                last = start..<offset
                try skip(depth: depth + 1)
            }
        }
    }

    private mutating func value(depth: Int) throws(CBORError) -> CBORValue {
        switch try kind() {
        case .integer: return .integer(try integer())
        case .bytes: return .bytes(try byteString())
        case .text: return .text(try text())
        case .bool: return .bool(try bool())
        case .float: return .float(try float())
        case .null:
            offset += 1
            return .null
        case .tag: throw error(.unexpected)
        case .array:
            guard depth < Self.deepest else { throw error(.tooDeep) }
            var items: [CBORValue] = []
            for _ in 0..<(try array()) { items.append(try value(depth: depth + 1)) }
            return .array(items)
        case .map:
            guard depth < Self.deepest else { throw error(.tooDeep) }
            var entries: [CBORValue: CBORValue] = [:]
            var last: ArraySlice<UInt8>?
            for _ in 0..<(try map()) {
                let start = offset
                let key = try value(depth: depth + 1)
                let encoded = bytes[start..<offset]
                if let last, !last.lexicographicallyPrecedes(encoded) { throw CBORError(.notDeterministic, at: start) }
                last = encoded
                entries[key] = try value(depth: depth + 1)
            }
            return .map(entries)
        }
    }
}
