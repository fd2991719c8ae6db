public import Bytes
internal import RhizomeCore
public import StrictJSON

/// How an entity is seen otherwise by one reader than by another: property by property, in the order of their names.
public struct EntityDifference: Sendable {
    /// A property whose value differs.
    public struct Change: Hashable, Sendable {
        /// The property.
        public let property: Text
        /// Its value as the first reader sees it; `nil` where it has none, which is another thing than null.
        public let before: JSONValue?
        /// The same as the second reader sees it.
        public let after: JSONValue?
    }

    /// Whether the entity is visible.
    public struct Visibility: Hashable, Sendable {
        /// To the first reader.
        public let before: Bool
        /// To the second.
        public let after: Bool
    }

    private let before: EntityReader
    private let after: EntityReader

    /// What the second reader sees otherwise than the first: of one log, in one state of it.
    public init(from before: EntityReader, to after: EntityReader) {
        self.before = before
        self.after = after
    }

    /// Tells each property that differs.
    ///
    /// - Parameter collection: the name under which the entity is looked at, by which a perspective may choose resolvers.
    /// - Complexity: that of reading the entity twice; holds a part of it at a time.
    public func forEachChange(
        of id: Text,
        in collection: Text? = nil,
        _ body: (Change) async throws -> Void
    ) async throws -> Visibility {
        let old = try await before.parts(of: id, in: collection)
        let new = try await after.parts(of: id, in: collection)
        var pairs = PropertyPairs(PropertyStream(old), PropertyStream(new))
        while let (name, left, right) = try await pairs.next() {
            try Task.checkCancellation()
            if left != right { try await body(Change(property: name, before: left, after: right)) }
        }
        return Visibility(before: old != nil, after: new != nil)
    }
}
