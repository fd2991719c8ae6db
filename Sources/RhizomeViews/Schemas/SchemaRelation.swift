public import Bytes

/// Which pointers one delta has that says how several entities are related (spec: schemas.md, "The document").
public struct SchemaRelation: Sendable {
    /// A pointer of such a delta.
    public struct Role: Sendable {
        /// The local context.
        public let name: Text
        /// What its value is.
        public let kind: SchemaProperty.Kind
        /// The target context where it points to an entity; `nil` where it holds a plain value.
        public let context: Text?
        /// The schema of the entity.
        public let schema: Text?
        /// Whether a delta of the relation has to have it.
        public let isRequired: Bool
        /// Whether it may have several.
        public let isMany: Bool
    }

    /// The relation's name.
    public let name: Text
    /// Its roles, in the order in which they were written.
    public let roles: [Role]
    /// What it is for.
    public let description: Text?
    /// The roles' places by their names.
    let places: [Text: Int]

    /// The role of a name; `nil` where the relation has none.
    public func role(_ name: Text) -> Role? { places[name].map { roles[$0] } }
}
