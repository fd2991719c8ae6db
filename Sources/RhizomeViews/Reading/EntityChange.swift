public import Bytes

/// How an entity of a collection was before some deltas, and how it is after them.
public struct EntityChange: Equatable, Sendable {
    /// The entity.
    public let id: Text
    /// How it was; `nil` where it wasn't a member.
    public let before: EntityView?
    /// How it is; `nil` where it isn't a member any more.
    public let after: EntityView?

    init(id: Text, before: EntityView?, after: EntityView?) {
        self.id = id
        self.before = before
        self.after = after
    }
}

/// What a stretch of the log changed in a collection.
public struct ChangePage: Sendable {
    /// Each entity that changed, once, in the order of the deltas that did it.
    public let changes: [EntityChange]
    /// Where to go on from; where it was begun if nothing has come since.
    public let position: Int64
}
