/// Why a node can't start or go on.
public struct NodeError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public enum Code: String, Sendable {
        /// A socket can't listen where it should.
        case address
        /// The process may have too few descriptors.
        case descriptors
    }

    /// What is wrong.
    public let code: Code
    /// What happened and what to do.
    public let message: String

    /// An error; the message says what happened and what to do.
    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Whether both have the same code.
    public static func == (left: Self, right: Self) -> Bool { left.code == right.code }

    /// The message.
    public var description: String { message }
}
