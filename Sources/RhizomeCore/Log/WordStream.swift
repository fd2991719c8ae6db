/// What one author says of an entity in one role.
///
/// A delta stands in each stream once; in several where it names the entity in several ways.
public struct WordStream: Hashable, Sendable {
    /// The entity's number.
    public let entity: Int64
    /// The author's number.
    public let author: Int64
    /// How the words name it.
    public let role: WordRole

    /// A stream.
    public init(entity: Int64, author: Int64, role: WordRole) {
        self.entity = entity
        self.author = author
        self.role = role
    }
}
