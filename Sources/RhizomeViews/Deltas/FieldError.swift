public import Bytes
internal import RhizomeCore

/// Why something that was asked for can't be read or written: which field, and what is wrong with it.
public struct FieldError: CodedError {
    /// What is wrong.
    public enum Code: String, Sendable {
        /// The field has to be there.
        case missing
        /// There is no such field.
        case unknown
        /// Another type of value than the field has.
        case type
        /// A value that the field can't have.
        case value
        /// Larger than delta.md allows.
        case limit
        /// More of them than there may be.
        case count
        /// A name that begins with `_`.
        case reserved
    }

    /// What is wrong, and all that equality looks at.
    public let code: Code
    /// The way to the field as people write it: `pointers[3].target`.
    ///
    /// Holds names that the sender chose: escape it for terminals.
    public let field: String
    /// What is wrong, in words, without anything from the input.
    public let message: String

    /// An error at a field.
    public init(_ code: Code, field: String, _ message: String) {
        self.code = code
        self.field = field
        self.message = message
    }

    /// The same error, seen from one level further out.
    public func inside(_ outer: String) -> FieldError {
        let separator = field.isEmpty || field.hasPrefix("[") ? "" : "."
        return FieldError(code, field: outer + separator + field, message)
    }
}

extension FieldError {
    /// Refuses a context name or an entity id that isn't 1 to 1,024 bytes long (spec: delta.md, "Limits").
    static func checkName(_ name: Text, field: String) throws(FieldError) {
        guard name.count > 0 else { throw FieldError(.value, field: field, "a name or id has at least one byte") }
        guard name.count <= DeltaLimits.nameBytes else {
            throw FieldError(.limit, field: field, "a name or id has at most \(DeltaLimits.nameBytes) bytes")
        }
    }
}
