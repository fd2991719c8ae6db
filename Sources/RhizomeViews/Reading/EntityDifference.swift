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

    /// One side's properties on their way.
    private struct Side {
        let isVisible: Bool
        private var first: ArraySlice<JSONObject.Member>
        private var rest: EntityProperties.AsyncIterator?

        init(_ parts: EntityParts?) {
            isVisible = parts != nil
            first = (parts?.first.properties.members ?? [])[...]
            rest = parts?.rest?.makeAsyncIterator()
        }

        mutating func next() async throws -> EntityProperties.Element? {
            if let member = first.popFirst() { return (member.name, member.value) }
            return try await rest?.next()
        }
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
        var (left, right) = (
            Side(try await before.parts(of: id, in: collection)), Side(try await after.parts(of: id, in: collection))
        )
        let visibility = Visibility(before: left.isVisible, after: right.isVisible)
        var (leftNext, rightNext) = (try await left.next(), try await right.next())
        while leftNext != nil || rightNext != nil {
            try Task.checkCancellation()
            if let old = leftNext, let new = rightNext, old.name == new.name {
                if old.value != new.value {
                    try await body(Change(property: old.name, before: old.value, after: new.value))
                }
                (leftNext, rightNext) = (try await left.next(), try await right.next())
            } else if let old = leftNext, rightNext.map({ old.name < $0.name }) ?? true {
                try await body(Change(property: old.name, before: old.value, after: nil))
                leftNext = try await left.next()
            } else if let new = rightNext {
                try await body(Change(property: new.name, before: nil, after: new.value))
                rightNext = try await right.next()
            }
        }
        return visibility
    }
}
