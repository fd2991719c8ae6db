internal import DeterministicCBOR

/// Why bytes or content are no delta: a rejection's reason, and a sentence for people.
public struct DeltaRefusal: Error, Equatable, Sendable, CustomStringConvertible {
    /// The reason that is counted and told to the sender.
    public let reason: Rejection
    /// What is wrong.
    ///
    /// Holds nothing of the delta's content.
    public let message: String

    init(_ reason: Rejection, _ message: String) {
        self.reason = reason
        self.message = message
    }

    /// The author's key can't be an identity (spec: delta.md, identity.md).
    public static let unacceptableAuthor = Self(.malformed, "the author's key can't be an identity")

    static func malformed(_ message: String) -> Self { Self(.malformed, message) }
    static func limit(_ message: String) -> Self { Self(.limit, message) }

    /// A codec's error in one part of the delta.
    init(in part: String, _ error: CBORError) {
        self.init(error.code == .limit ? .limit : .malformed, "\(part): \(error)")
    }

    /// Whether both have the same reason.
    public static func == (left: Self, right: Self) -> Bool { left.reason == right.reason }

    /// The reason and the sentence.
    public var description: String { "\(reason.rawValue): \(message)" }
}
