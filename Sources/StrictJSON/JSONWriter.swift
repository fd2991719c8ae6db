internal import Bytes

extension JSONValue {
    /// The value as JSON: compact, in UTF-8, the same bytes each time.
    ///
    /// Parsing them gives the same value.
    public var encoded: [UInt8] {
        var bytes: [UInt8] = []
        write(to: &bytes)
        return bytes
    }

    /// Appends the value as JSON.
    ///
    /// Texts escape quotes, backslashes, control characters, and what would change how a terminal shows the rest: C1
    /// controls, marks and overrides of direction, zero-width characters. A float always shows a `.` or an exponent (spec: delta.md, "JSON form"); the shortest digits that give it back are taken.
    public func write(to bytes: inout [UInt8]) {
        switch self {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(let bool): bytes.append(contentsOf: (bool ? "true" : "false").utf8)
        case .integer(let integer): bytes.append(contentsOf: integer.description.utf8)
        case .float(let float):
            precondition(float.isFinite, "a float in JSON is finite")
            bytes.append(contentsOf: float.description.utf8)
        case .text(let text): Self.write(text, to: &bytes)
        case .array(let items):
            bytes.append(UInt8(ascii: "["))
            for (index, item) in items.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                item.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let object):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in object.members.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                Self.write(member.name, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                member.value.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    private static func write(_ text: Text, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        // Nearly all texts are plain and are copied whole.
        if text.utf8.allSatisfy(isPlain) {
            bytes.append(contentsOf: text.utf8)
        } else {
            for scalar in text.string.unicodeScalars { write(scalar, to: &bytes) }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        (0x20..<0x7f).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    private static func write(_ scalar: Unicode.Scalar, to bytes: inout [UInt8]) {
        switch scalar.value {
        case 0x22, 0x5c: bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(scalar.value)])
        case 0x08: bytes.append(contentsOf: "\\b".utf8)
        case 0x09: bytes.append(contentsOf: "\\t".utf8)
        case 0x0a: bytes.append(contentsOf: "\\n".utf8)
        case 0x0c: bytes.append(contentsOf: "\\f".utf8)
        case 0x0d: bytes.append(contentsOf: "\\r".utf8)
        case 0..<0x20, 0x7f...0x9f, 0x200b...0x200f, 0x2028...0x202e, 0x2060...0x206f, 0xfeff:
            let value = UInt16(scalar.value)
            bytes.append(contentsOf: "\\u\(Hex.encode([UInt8(value >> 8), UInt8(value & 0xff)]))".utf8)
        default: bytes.append(contentsOf: scalar.utf8)
        }
    }
}

extension JSONValue: CustomStringConvertible {
    /// The value as JSON.
    public var description: String { String(decoding: encoded, as: UTF8.self) }
}
