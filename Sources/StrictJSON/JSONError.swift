public import Bytes

/// Why bytes are not the strict JSON that was expected (RFC 8259; spec: delta.md, "JSON form").
public struct JSONError: CodedError {
    /// What is wrong.
    public enum Code: String, Sendable {
        /// The input ends within a value, or is empty.
        case truncated
        /// More than white space follows the value.
        case trailing
        /// A character that cannot stand here.
        case syntax
        /// More bytes than the limit.
        case tooLarge
        /// Arrays and objects nested deeper than the limit.
        case tooDeep
        /// The input starts with a byte order mark.
        case byteOrderMark
        /// A text that is not UTF-8.
        case notUTF8
        /// A control character in a text that is not escaped.
        case controlCharacter
        /// A backslash with something after it that JSON doesn't have.
        case escape
        /// Half a surrogate pair.
        case unpairedSurrogate
        /// A name that the object has already.
        case duplicateName
        /// Not a number as JSON writes them: leading zeros, a sign or point without digits.
        case number
        /// A number without fraction and exponent outside Int64.
        case integerRange
        /// A number beyond what 64-bit floats hold.
        case floatRange
    }

    /// A step on the way from the outermost value to where the error is.
    public enum Step: Hashable, Sendable {
        /// Into the member of that name.
        case member(Text)
        /// Into the item at that index, counted from 0.
        case item(Int)
    }

    /// What is wrong, and all that equality looks at.
    public let code: Code
    /// Where: bytes from the start.
    public let offset: Int
    /// The line, counted from 1.
    public let line: Int
    /// The byte within the line, counted from 1.
    public let column: Int
    /// The way from the outermost value to the one in which the error is.
    ///
    /// Holds names that the sender chose.
    public private(set) var path: [Step] = []

    init(_ code: Code, at offset: Int, in bytes: [UInt8]) {
        self.code = code
        self.offset = offset
        let before = bytes[..<min(offset, bytes.count)]
        line = 1 + before.count { $0 == UInt8(ascii: "\n") }
        column = 1 + offset - (before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0)
    }

    /// The same error, seen from one level further out.
    func inside(_ step: Step) -> JSONError {
        var error = self
        error.path.insert(step, at: 0)
        return error
    }

    /// Steps as a JSON pointer (RFC 6901): `/and/1/foo`; empty at the outermost value.
    ///
    /// Holds names that the sender chose: escape it for terminals.
    public static func pointer(_ steps: [Step]) -> String {
        steps.reduce(into: "") { pointer, step in
            pointer.append("/")
            switch step {
            case .item(let index): pointer.append(index.description)
            case .member(let name):
                for scalar in name.string.unicodeScalars {
                    switch scalar {
                    case "~": pointer.append("~0")
                    case "/": pointer.append("~1")
                    default: pointer.unicodeScalars.append(scalar)
                    }
                }
            }
        }
    }

    /// The path as people write it: `pointers[3].target`; empty at the outermost value.
    ///
    /// Holds names that the sender chose: escape it for terminals.
    public var field: String {
        var field = ""
        for step in path {
            switch step {
            case .member(let name): field += (field.isEmpty ? "" : ".") + name.string
            case .item(let index): field += "[\(index)]"
            }
        }
        return field
    }

    /// What is wrong, in words, without anything from the input.
    public var message: String {
        switch code {
        case .truncated: "the JSON ends before its value is complete"
        case .trailing: "something follows the JSON value"
        case .syntax: "this character cannot stand here in JSON"
        case .tooLarge: "the JSON is larger than the limit"
        case .tooDeep: "arrays and objects are nested too deeply"
        case .byteOrderMark: "JSON starts without a byte order mark"
        case .notUTF8: "the text is not valid UTF-8"
        case .controlCharacter: "a control character in a text must be escaped"
        case .escape: "there is no such escape in JSON"
        case .unpairedSurrogate: "half a surrogate pair is not a character"
        case .duplicateName: "a name occurs twice in one object"
        case .number: "this is not a number as JSON writes them"
        case .integerRange: "an integer must lie within 64 bits; a larger number needs a point or an exponent"
        case .floatRange: "the number is beyond what a 64-bit float holds"
        }
    }

    /// The message and the place.
    public var description: String { "\(message) (line \(line), column \(column))" }
}
