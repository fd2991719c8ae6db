internal import Bytes
internal import RhizomeCore

/// Deltas of many pointers that were read for one answer, and what they say, as long as there is room.
///
/// Such a delta is looked at once for each property of which it says something: reading it and running through its
/// pointers each time would take as long as all of its pointers squared.
struct WideDeltas {
    private struct Entry {
        let delta: ViewedDelta
        /// Whether all steps leave it and nothing negates it; not known yet where `nil`.
        var isInForce: Bool?
        /// Of the entity that was asked for last.
        var entity: Text?
        var statements: [Text: Statement] = [:]

        /// About how many bytes of memory it takes, with what it says.
        var bytes: Int { 2 * delta.approximateBytes }
    }

    /// Pointers of all that is kept: some 10 MiB.
    private static let most = 1 << 16

    private var entries: [Int64: Entry] = [:]
    private var positions: [DeltaID: Int64] = [:]
    private var pointers = 0

    /// A delta that was read before.
    func delta(at position: Int64) -> ViewedDelta? { entries[position]?.delta }

    /// Keeps a delta; any other ones make room.
    ///
    /// - Throws: where there is no memory for it.
    mutating func keep(_ delta: ViewedDelta, at position: Int64, _ memory: ReadingMemory) throws {
        guard delta.isWide else { return }
        pointers += delta.pointers.count
        while pointers > Self.most, let (_, entry) = entries.popFirst() {
            positions[entry.delta.id] = nil
            pointers -= entry.delta.pointers.count
            memory.remove(entry.bytes)
        }
        let entry = Entry(delta: delta)
        try memory.add(entry.bytes)
        entries[position] = entry
        positions[delta.id] = position
    }

    /// Whether a delta is in force, where that was noted.
    func isInForce(_ delta: ViewedDelta) -> Bool? { positions[delta.id].flatMap { entries[$0]?.isInForce } }

    /// Notes whether a delta is in force, where it is kept.
    mutating func note(isInForce: Bool, _ delta: ViewedDelta) {
        if let position = positions[delta.id] { entries[position]?.isInForce = isInForce }
    }

    /// What a delta says of an entity's property; `nil` where it says nothing.
    mutating func statement(of property: Text, entity: Text, in delta: ViewedDelta) -> Statement? {
        guard let position = positions[delta.id], var entry = entries[position] else {
            return delta.statement(of: property, entity: entity)
        }
        if entry.entity != entity {
            entry.entity = entity
            entry.statements = Dictionary(
                uniqueKeysWithValues: delta.statements(of: entity).map { ($0.property, $0) }
            )
            entries[position] = entry
        }
        return entry.statements[property]
    }
}
