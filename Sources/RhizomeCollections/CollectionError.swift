public import Bytes

/// Why what happened in a collection can't be told.
public struct CollectionError: CodedError {
    /// What is wrong.
    public enum Code: String, Sendable {
        /// The cursor is of another store, or of this one before it was restored or mended.
        case cursor
        /// There is no schema of the name that the type has.
        case schema
    }

    /// What is wrong, and all that equality looks at.
    public let code: Code
    /// What happened and what to do.
    public let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
