public import Bytes

/// Thrown where an answer would be larger than any may be: never a part of it is passed off as the whole (spec: schemas.md).
public struct ReadLimit: CodedError {
    /// Of what there would be too many.
    public enum Code: String, Sendable {
        /// Entities and deltas that are shown.
        case nodes
        /// Schemas that are needed, or what they take.
        case schemas
    }

    /// Of what there would be too many, and all that equality looks at.
    public let code: Code
    /// How many there may be.
    public let most: Int
    /// What to do.
    public var message: String {
        "this would show more \(code.rawValue) than the \(most) that there may be; ask for fewer levels"
    }

    /// A limit that was reached.
    init(_ code: Code, most: Int) {
        self.code = code
        self.most = most
    }
}
