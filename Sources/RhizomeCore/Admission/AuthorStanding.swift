public import Bytes

/// How an author stands with this node at one moment, as far as admission asks (spec: admission.md, row 3).
public enum AuthorStanding: Hashable, Sendable {
    /// May write; the trust statement by which it may, none for the node's own identity.
    case mayWrite(trustStatement: Bytes32?)
    /// Distrusted, or past its `until`.
    case distrusted
    /// Not in the list, or may not `author`.
    case unknown
}
