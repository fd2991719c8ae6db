/// Why a pattern is none of I-Regexp.
public struct IRegexpError: Error, Equatable, CustomStringConvertible {
    /// What is wrong.
    public enum Code: String, Sendable {
        /// Not the grammar of RFC 9485, section 4.
        case syntax
        /// Longer, deeper or with larger counts than is taken.
        case size
    }

    /// What is wrong.
    public let code: Code
    /// Where: the number of the scalar.
    public let offset: Int
    /// What is wrong, in words, without anything from the pattern.
    public let message: String

    init(_ code: Code, at offset: Int, _ message: String) {
        self.code = code
        self.offset = offset
        self.message = message
    }

    /// The message with the place.
    public var description: String { "\(message) (at character \(offset + 1))" }
}
