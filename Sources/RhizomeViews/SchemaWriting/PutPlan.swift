public import Bytes
public import SignedStatements
public import StrictJSON

/// What a PUT comes to: what is to be written, or why nothing may be.
///
/// A value, since it is found within the log's transaction, which others' writes share.
package enum PutPlan: Sendable {
    /// Deltas, in this order, all or none; none where nothing changes.
    case write([PlannedDelta])
    /// Why it is refused: ``FieldError``, ``SchemaViolations``, ``OthersValues`` or ``JSONLogicError``.
    case refused(any Error)

    /// What is to be written.
    package var deltas: [PlannedDelta] {
        switch self {
        case .write(let deltas): deltas
        case .refused: []
        }
    }
}

/// Thrown where values should go that only another author could take back (spec: schemas.md, "Writing through a schema").
public struct OthersValues: CodedError {
    /// What is wrong.
    public enum Code: String, Sendable {
        /// Others assert it.
        case others
    }

    /// What is wrong, and all that equality looks at.
    public let code = Code.others
    /// The property.
    public let property: Text
    /// The values.
    public let values: [JSONValue]
    /// Who asserts them.
    public let creators: [PublicKey]

    /// Of which property, and how many values.
    public var message: String {
        "of \(property), \(values.count) of the values that should go were given by others, who alone can take them back"
    }
}
