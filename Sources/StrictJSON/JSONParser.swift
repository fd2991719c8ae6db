internal import Bytes

extension JSONValue {
    /// Parses one JSON value with white space around it, and refuses everything that could mean two things.
    ///
    /// - Parameters:
    ///   - bytes: UTF-8.
    ///   - limits: looked at before memory is spent.
    /// - Throws: ``JSONError`` with the first error's place.
    /// - Complexity: O(count).
    public init(parsing bytes: [UInt8], limits: JSONLimits = .standard) throws(JSONError) {
        guard bytes.count <= limits.bytes else { throw JSONError(.tooLarge, at: limits.bytes, in: bytes) }
        var parser = JSONParser(bytes: bytes, levelsLeft: limits.depth)
        self = try parser.document()
    }
}

/// A recursive descent over the bytes.
///
/// Texts are taken whole, never built character by character.
private struct JSONParser {
    let bytes: [UInt8]
    var offset = 0
    var levelsLeft: Int

    init(bytes: [UInt8], levelsLeft: Int) {
        self.bytes = bytes
        self.levelsLeft = levelsLeft
    }

    /// Beyond this many members duplicates are looked up in a set.
    private static let linearSearch = 12

    func error(_ code: JSONError.Code) -> JSONError { error(code, at: offset) }

    func error(_ code: JSONError.Code, at offset: Int) -> JSONError { JSONError(code, at: offset, in: bytes) }

    mutating func document() throws(JSONError) -> JSONValue {
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { throw error(.byteOrderMark) }
        let value = try value()
        skipSpace()
        guard offset == bytes.count else { throw error(.trailing) }
        return value
    }

    private mutating func skipSpace() {
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x20, 0x09, 0x0a, 0x0d: offset += 1
            default: return
            }
        }
    }

    /// The next byte that is not white space, without taking it.
    private mutating func peek() throws(JSONError) -> UInt8 {
        skipSpace()
        guard offset < bytes.count else { throw error(.truncated) }
        return bytes[offset]
    }

    private mutating func value() throws(JSONError) -> JSONValue {
        switch try peek() {
        case UInt8(ascii: "{"): return .object(try object())
        case UInt8(ascii: "["): return .array(try array())
        case UInt8(ascii: "\""): return .text(try text())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw error(.syntax)
        }
    }

    private mutating func literal(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        for expected in word.description.utf8 {
            guard offset < bytes.count else { throw error(.truncated) }
            guard bytes[offset] == expected else { throw error(.syntax) }
            offset += 1
        }
        return value
    }

    // MARK: - Arrays and objects

    private mutating func enter() throws(JSONError) {
        guard levelsLeft > 0 else { throw error(.tooDeep) }
        levelsLeft -= 1
        offset += 1
    }

    private mutating func leave() {
        levelsLeft += 1
        offset += 1
    }

    private mutating func array() throws(JSONError) -> [JSONValue] {
        try enter()
        var items: [JSONValue] = []
        if try peek() == UInt8(ascii: "]") {
            leave()
            return items
        }
        while true {
            do { items.append(try value()) } catch { throw error.inside(.item(items.count)) }
            switch try peek() {
            case UInt8(ascii: ","): offset += 1
            case UInt8(ascii: "]"):
                leave()
                return items
            default: throw error(.syntax)
            }
        }
    }

    private mutating func object() throws(JSONError) -> JSONObject {
        try enter()
        var object = JSONObject()
        var names: Set<Text> = []
        if try peek() == UInt8(ascii: "}") {
            leave()
            return object
        }
        while true {
            guard try peek() == UInt8(ascii: "\"") else { throw error(.syntax) }
            let start = offset
            let name = try text()
            if object.count < Self.linearSearch {
                guard object[name] == nil else { throw error(.duplicateName, at: start).inside(.member(name)) }
            } else {
                if names.isEmpty { names = Set(object.members.map(\.name)) }
                guard names.insert(name).inserted else {
                    throw error(.duplicateName, at: start).inside(.member(name))
                }
            }
            guard try peek() == UInt8(ascii: ":") else { throw error(.syntax) }
            offset += 1
            do { object.append(name, try value()) } catch { throw error.inside(.member(name)) }
            switch try peek() {
            case UInt8(ascii: ","): offset += 1
            case UInt8(ascii: "}"):
                leave()
                return object
            default: throw error(.syntax)
            }
        }
    }

    // MARK: - Texts

    private mutating func text() throws(JSONError) -> Text {
        offset += 1
        let start = offset
        while offset < bytes.count {
            switch bytes[offset] {
            case UInt8(ascii: "\""):
                let text = try text(bytes[start..<offset], from: start)
                offset += 1
                return text
            case UInt8(ascii: "\\"): return try escapedText(from: start)
            case 0..<0x20: throw error(.controlCharacter)
            default: offset += 1
            }
        }
        throw error(.truncated)
    }

    /// A text with escapes, of which the bytes from `start` to here are read.
    private mutating func escapedText(from start: Int) throws(JSONError) -> Text {
        var content = Array(bytes[start..<offset])
        while offset < bytes.count {
            let byte = bytes[offset]
            switch byte {
            case UInt8(ascii: "\""):
                let text = try text(content[...], from: start)
                offset += 1
                return text
            case UInt8(ascii: "\\"): try escape(into: &content)
            case 0..<0x20: throw error(.controlCharacter)
            default:
                content.append(byte)
                offset += 1
            }
        }
        throw error(.truncated)
    }

    private func text(_ content: ArraySlice<UInt8>, from start: Int) throws(JSONError) -> Text {
        guard let text = Text(utf8: content) else { throw error(.notUTF8, at: start) }
        return text
    }

    private mutating func escape(into content: inout [UInt8]) throws(JSONError) {
        guard offset + 1 < bytes.count else { throw error(.truncated, at: bytes.count) }
        switch bytes[offset + 1] {
        case UInt8(ascii: "\""): content.append(0x22)
        case UInt8(ascii: "\\"): content.append(0x5c)
        case UInt8(ascii: "/"): content.append(0x2f)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0c)
        case UInt8(ascii: "n"): content.append(0x0a)
        case UInt8(ascii: "r"): content.append(0x0d)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "u"):
            content.append(contentsOf: String(try scalar()).utf8)
            return
        default: throw error(.escape)
        }
        offset += 2
    }

    /// The character of `\uXXXX`, or of two of them that are a surrogate pair.
    private mutating func scalar() throws(JSONError) -> Unicode.Scalar {
        let start = offset
        let unit = try codeUnit()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard UTF16.isLeadSurrogate(UInt16(unit)) else { throw error(.unpairedSurrogate, at: start) }
        // Where the input ends instead of going on with `\u`, more of it could still have made a pair.
        for expected in [UInt8(ascii: "\\"), UInt8(ascii: "u")].enumerated() {
            guard offset + expected.offset < bytes.count else { throw error(.truncated, at: bytes.count) }
            guard bytes[offset + expected.offset] == expected.element else {
                throw error(.unpairedSurrogate, at: start)
            }
        }
        let second = try codeUnit()
        guard 0xdc00...0xdfff ~= second,
            let scalar = Unicode.Scalar(0x10000 + (unit - 0xd800) << 10 + (second - 0xdc00))
        else { throw error(.unpairedSurrogate, at: start) }
        return scalar
    }

    /// The 16 bits of one `\uXXXX`.
    private mutating func codeUnit() throws(JSONError) -> UInt32 {
        let start = offset
        offset += 2
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard offset < bytes.count else { throw error(.truncated) }
            let digit: UInt8
            switch bytes[offset] {
            case let byte where 0x30...0x39 ~= byte: digit = byte - 0x30
            case let byte where 0x41...0x46 ~= byte: digit = byte - 0x41 + 10
            case let byte where 0x61...0x66 ~= byte: digit = byte - 0x61 + 10
            default: throw error(.escape, at: start)
            }
            unit = unit << 4 | UInt32(digit)
            offset += 1
        }
        return unit
    }

    // MARK: - Numbers

    private var digit: UInt8? {
        guard offset < bytes.count, 0x30...0x39 ~= bytes[offset] else { return nil }
        return bytes[offset] - 0x30
    }

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = offset
        let isNegative = bytes[offset] == UInt8(ascii: "-")
        if isNegative { offset += 1 }
        let firstDigit = offset
        // Counted below zero, where Int64 has one more.
        var negated: Int64? = 0
        try digits { digit in
            guard let value = negated else { return }
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflowed) = tens.subtractingReportingOverflow(Int64(digit))
            negated = overflow || overflowed ? nil : sum
        }
        guard bytes[firstDigit] != UInt8(ascii: "0") || offset == firstDigit + 1 else {
            throw error(.number, at: start)
        }
        let hasFraction = try skipFraction()
        let hasExponent = try skipExponent()
        if hasFraction || hasExponent { return try float(start) }
        guard let negated, isNegative || negated != .min else { throw error(.integerRange, at: start) }
        return .integer(isNegative ? negated : -negated)
    }

    /// One digit or more.
    private mutating func digits(_ take: (UInt8) -> Void = { _ in }) throws(JSONError) {
        guard let first = digit else { throw error(offset < bytes.count ? .number : .truncated) }
        take(first)
        offset += 1
        while let next = digit {
            take(next)
            offset += 1
        }
    }

    private mutating func skipFraction() throws(JSONError) -> Bool {
        guard offset < bytes.count, bytes[offset] == UInt8(ascii: ".") else { return false }
        offset += 1
        try digits()
        return true
    }

    private mutating func skipExponent() throws(JSONError) -> Bool {
        guard offset < bytes.count, bytes[offset] | 0x20 == UInt8(ascii: "e") else { return false }
        offset += 1
        if offset < bytes.count, bytes[offset] == UInt8(ascii: "+") || bytes[offset] == UInt8(ascii: "-") {
            offset += 1
        }
        try digits()
        return true
    }

    private func float(_ start: Int) throws(JSONError) -> JSONValue {
        // The standard library rounds to the nearest, and to infinity where the number is beyond the greatest.
        guard let number = Double(String(decoding: bytes[start..<offset], as: UTF8.self)) else {
            throw error(.number, at: start)
        }
        guard let value = JSONValue.number(number) else { throw error(.floatRange, at: start) }
        return value
    }
}
