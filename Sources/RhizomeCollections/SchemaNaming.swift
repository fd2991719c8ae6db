/// A type whose values are written and read through a schema (spec: schemas.md).
///
///     struct User: Codable, Identifiable, SchemaNaming {
///         static let schema = "user"
///         var id: String
///         var name: String
///         var friends: [String]
///     }
///
/// A property of many values is an array, a reference the id of what it refers to. What the schema derives is read and
/// never written; where nothing was said its defaults stand in.
public protocol SchemaNaming {
    /// What the schema is called: NAME for one of this node's own, `NAME@did` for another's.
    static var schema: String { get }
}
