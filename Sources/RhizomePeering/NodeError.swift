public import Bytes

/// Why a node can't start or go on.
public struct NodeError: CodedError {
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
}
