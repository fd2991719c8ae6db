public import Bytes
internal import DeterministicCBOR
internal import RhizomeCore

/// Why bytes prove nothing, or a proof can't be made.
public struct ProofError: CodedError {
    /// What is wrong.
    public enum Code: String, Sendable {
        /// More than ``Proof/maximumBytes``.
        case size
        /// Another form than proof.md gives, byte for byte.
        case form
        /// A signature isn't its author's by the pinned rule, or the author's key can't be an identity.
        case signature
        /// A body isn't the one that was signed.
        case body
        /// A delta isn't linked to a stated head of its author, or the links break a rule of logs.
        case links
        /// The proof says that it is complete, and isn't.
        case incomplete
        /// The evidence gives another value than the claim.
        case value
        /// What is asked for can't be proved to others.
        case unprovable
    }

    /// What is wrong, and all that equality looks at.
    public let code: Code
    /// What is wrong, for people.
    ///
    /// Holds names that the proof's maker chose: escape it for terminals.
    public let message: String

    /// An error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// A codec's error in one part of the proof.
    init(in part: String, _ error: CBORError) {
        self.init(.form, "\(part): \(error)")
    }

    /// A delta's or header's own error.
    init(in part: String, _ refusal: DeltaRefusal) {
        let code: Code =
            switch refusal.reason {
            case .signature: .signature
            case .bodyMismatch: .body
            default: .form
            }
        self.init(code, "\(part): \(refusal.message)")
    }

    /// The code and the message.
    public var description: String { "\(code.rawValue): \(message)" }
}
