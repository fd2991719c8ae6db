public import Bytes
public import RhizomeCore

/// Why a stored definition can't be used.
public struct DefinitionError: CodedError {
    /// What is wrong.
    public enum Code: String, Sendable {
        /// The definition isn't the JSON that the specification describes.
        case malformed
    }

    /// What is wrong, and all that equality looks at.
    public let code: Code
    /// Of which kind it is: `context`.
    public let kind: String
    /// Whose definition it is, and under which name.
    public let name: DefinitionName
    /// Which delta holds it.
    public let delta: DeltaID
    /// The way to the fault; empty at the whole definition.
    ///
    /// Holds names that the author chose: escape it for terminals.
    public let field: String
    /// What is wrong and what to do.
    public let message: String

    init(_ name: DefinitionName, _ delta: DeltaID, kind: String, field: String, _ reason: String) {
        code = .malformed
        self.kind = kind
        self.name = name
        self.delta = delta
        self.field = field
        message = "this \(kind)'s stored definition can't be used, its author has to write another: \(reason)"
    }
}
