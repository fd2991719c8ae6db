/// An error that programs tell apart by a code, and people by a sentence.
///
/// Two of a type are equal where their codes are: a test or a `catch` asks for a code, whatever the sentence says.
public protocol CodedError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What can be wrong; names that stay, the same in logs, metrics and answers.
    associatedtype Code: Hashable, Sendable

    /// What is wrong.
    var code: Code { get }
    /// What happened and what to do, in one line, without anything secret.
    var message: String { get }
}

extension CodedError {
    /// Whether both have the same code.
    public static func == (left: Self, right: Self) -> Bool { left.code == right.code }

    /// The message.
    public var description: String { message }
}
