public import Bytes
public import RhizomeCore
public import SignedLog

/// What was said of an entity's properties, oldest first (spec: http.md, `history`).
public struct EntityHistory: Hashable, Sendable {
    /// One delta's word on one property.
    public struct Change: Hashable, Sendable {
        /// The property.
        public let property: Text
        /// Its value from then on, in the eyes of last-write-wins.
        public let value: Value
        /// Who said so.
        public let creator: PublicKey
        /// When, in µs since 1970.
        public let timeCreated: Int64
        /// By which delta.
        public let delta: DeltaID
    }

    /// The entity's id.
    public let id: Text
    /// The changes in force, by (timeCreated, id bytes), those of one delta in the order of its pointers.
    public let changes: [Change]

    /// The history of an entity, or `nil` where it isn't visible.
    public init?(of id: Text, in visible: VisibleDeltas) {
        guard visible.isVisible(id) else { return nil }
        self.init(id: id, changes: visible.deltas(about: id).flatMap { $0.changes(of: id) })
    }

    init(id: Text, changes: [Change]) {
        self.id = id
        self.changes = changes
    }
}

extension ViewedDelta {
    /// What the delta says of an entity's properties, in the order of its pointers.
    func changes(of id: Text) -> [EntityHistory.Change] {
        statements(of: id).compactMap { statement in
            statement.value.map { value in
                EntityHistory.Change(
                    property: statement.property,
                    value: value,
                    creator: author,
                    timeCreated: timeCreated,
                    delta: self.id
                )
            }
        }
    }
}
