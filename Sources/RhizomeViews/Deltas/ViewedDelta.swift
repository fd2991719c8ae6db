public import Bytes
public import RhizomeCore
public import SignedStatements

/// A delta as views look at it: what it says, who said it and when.
///
/// Its signature was verified before it was stored; no view looks at it again.
public struct ViewedDelta: Hashable, Sendable {
    /// The delta's id.
    public let id: DeltaID
    /// Who signed it.
    public let author: PublicKey
    /// The node on which it was made, where that isn't the author's own.
    public let host: PublicKey?
    /// Its place in the author's log.
    public let sequence: Int64
    /// µs since 1970.
    public let timeCreated: Timestamp
    /// What it says.
    public let pointers: [Pointer]

    /// A delta by its parts.
    public init(
        id: DeltaID,
        author: PublicKey,
        host: PublicKey? = nil,
        sequence: Int64 = 0,
        timeCreated: Timestamp,
        pointers: [Pointer]
    ) {
        self.id = id
        self.author = author
        self.host = host
        self.sequence = sequence
        self.timeCreated = timeCreated
        self.pointers = pointers
    }

    /// What views need of a delta.
    public init(_ delta: SignedDelta) {
        self.init(
            id: delta.id,
            author: delta.author,
            host: delta.body.host,
            sequence: delta.header.sequence,
            timeCreated: delta.header.timeCreated,
            pointers: delta.body.pointers
        )
    }

    /// Where it stands among others: by (timeCreated, id bytes), as all of views.md orders.
    public var moment: Moment { Moment(timeCreated: timeCreated, id: id) }

    /// Whether the delta has a pointer to the entity with this local context.
    func refers(to entity: Text, as localContext: Text) -> Bool {
        pointers.contains { $0.localContext == localContext && $0.entity?.id == entity }
    }

    /// What the delta says of an entity's property (spec: views.md, "Lossy"); `nil` where it gives it no value.
    public func value(of property: Text, entity: Text) -> Value? { pointers.value(of: property, entity: entity) }
}

/// The order of deltas in every view: by time, then by the bytes of the id (spec: views.md).
public struct Moment: Hashable, Comparable, Sendable {
    /// µs since 1970.
    public let timeCreated: Timestamp
    /// The delta's id, which settles ties.
    public let id: DeltaID

    /// A place in the order.
    public init(timeCreated: Timestamp, id: DeltaID) {
        self.timeCreated = timeCreated
        self.id = id
    }

    /// Whether `left` is earlier.
    public static func < (left: Self, right: Self) -> Bool {
        (left.timeCreated, left.id) < (right.timeCreated, right.id)
    }
}
