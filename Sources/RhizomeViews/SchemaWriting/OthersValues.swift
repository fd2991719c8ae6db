public import Bytes
public import SignedStatements
public import StrictJSON

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
