/// Why a view can't be given.
public struct ViewError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public enum Code: String, Sendable {
        /// The view depends on more deltas than the limit.
        case tooLarge
    }

    /// What is wrong, and all that equality looks at.
    public let code: Code
    /// What happened and what to do.
    public let message: String

    static func tooLarge(limit: Int) -> Self {
        Self(code: .tooLarge, message: "this view depends on more than \(limit) deltas; ask for fewer entities at once")
    }

    /// Whether both have the same code.
    public static func == (left: Self, right: Self) -> Bool { left.code == right.code }

    /// The message.
    public var description: String { message }
}
