public import SignedStatements

/// Something that an audit found wrong with what is stored: tampering, a failing disk, or a fault of ours.
///
/// Forks, stalls and odd times are reported beside the findings: they are what authors did, not what became of it.
public struct AuditFinding: Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public enum Code: String, Sendable, CaseIterable {
        /// Positions are missing: entries were removed.
        case positionGap
        /// The running hash isn't that of what came when: an entry was changed, moved or put in.
        case runningHash
        /// The same delta lies at two positions.
        case duplicate
        /// What is stored is no delta.
        case undecodable
        /// A delta isn't the one as which it is filed.
        case idMismatch
        /// The signature isn't the author's.
        case signature
        /// The body isn't the one that was signed.
        case bodyMismatch
        /// A delta before this one isn't held, or lies after it.
        case missingPrevious
        /// The sequence doesn't fit the deltas before it, or one of them is by another author.
        case chain
        /// Not later than the deltas before it.
        case timeOrder
        /// What was noted to fit nowhere isn't signed by its author, or would fit.
        case stall
        /// The author's key can't be an identity.
        case unacceptableAuthor
        /// What finds the entries doesn't fit the entries.
        case index
        /// The database itself is damaged.
        case database
        /// The store isn't what the witness outside of it has seen.
        case witness
    }

    /// What is wrong.
    public let code: Code
    /// At which position, where it is about one.
    public let position: Int64?
    /// Whose log it is about, where that can be told.
    public let author: PublicKey?
    /// What was found, in one sentence.
    public let message: String

    /// A finding.
    public init(_ code: Code, position: Int64? = nil, author: PublicKey? = nil, _ message: String) {
        self.code = code
        self.position = position
        self.author = author
        self.message = message
    }

    /// The code, the place and the sentence.
    public var description: String {
        "\(code.rawValue)\(position.map { " at position \($0)" } ?? ""): \(message)"
    }
}
