public import Bytes

/// Why bytes are not the deterministic CBOR that was expected (RFC 8949, section 4.2.1; spec: delta.md, "Encoding").
public struct CBORError: CodedError {
    /// What is wrong.
    public enum Code: String, Sendable {
        /// The item needs more bytes than there are.
        case truncated
        /// Bytes follow where the item should end.
        case trailing
        /// A well-formed item that the deterministic encoding writes in another way.
        case notDeterministic
        /// Something CBOR has and this encoding doesn't: indefinite lengths, half floats, undefined, reserved heads.
        case unsupported
        /// Text that is not UTF-8.
        case notUTF8
        /// An integer outside Int64.
        case integerRange
        /// Arrays and maps nested deeper than ``CBORReader/deepest``.
        case tooDeep
        /// More items than this place allows.
        case limit
        /// Another type or length than this place has.
        case unexpected
    }

    /// What is wrong.
    ///
    /// Equality is that of the codes.
    public let code: Code
    /// Where: bytes from the start of what is decoded.
    public let offset: Int

    init(_ code: Code, at offset: Int) {
        self.code = code
        self.offset = offset
    }

    /// Another type, length or content than this place has.
    public static func unexpected(at offset: Int) -> CBORError { CBORError(.unexpected, at: offset) }

    /// The code and the place.
    public var message: String { "CBOR: \(code.rawValue) at byte \(offset)" }
}
