public import Bytes
internal import RhizomeCore
internal import StrictJSON

/// The deltas that relate an entity to others, oldest first, read bit by bit from one state of the log (spec: schemas.md,
/// "Relationships").
public struct RelatedDeltas: Sendable {
    /// Which of them are meant.
    public struct Selection: Sendable {
        /// Those about this property of the entity; about any where `nil`.
        public var property: Text?
        /// Those that have another entity by this local context; by any where `nil`.
        public var role: Text?
        /// Those of this relation, in which the entity stands in one of its roles; all where `nil`.
        public var relation: SchemaRelation?

        /// Which are meant.
        public init(property: Text? = nil, role: Text? = nil, relation: SchemaRelation? = nil) {
            self.property = property
            self.role = role
            self.relation = relation
        }
    }

    private var reading: RelatedReading
    private var first: [ViewedDelta]

    /// - Parameter first: what was read of it already.
    fileprivate init(_ reading: RelatedReading, first: [ViewedDelta]) {
        self.reading = reading
        self.first = first
    }

    /// Bytes of memory that are held from one call to the next, about.
    package var heldBytes: Int { reading.heldBytes }

    /// The next deltas; none at the end.
    ///
    /// - Throws: ``JSONLogicError``, `CancellationError`, and what the log throws.
    public mutating func next() async throws -> [ViewedDelta] {
        guard first.isEmpty else {
            defer { first = [] }
            return first
        }
        return try await reading.next()
    }
}

extension EntityReader {
    /// The visible deltas about an entity that have another entity, oldest first; `nil` where it isn't visible.
    ///
    /// - Parameters:
    ///   - place: only those after it, whether or not there is one there: stable under inserts.
    ///   - limit: how many at most; all where `nil`.
    /// - Complexity: O(deltas that are read).
    public func related(
        to id: Text,
        _ selection: RelatedDeltas.Selection = RelatedDeltas.Selection(),
        after place: Moment? = nil,
        limit: Int? = nil
    ) async throws -> RelatedDeltas? {
        var reading = try await look { [log] lookup in
            try RelatedReading(lookup, of: log, id: id, selection, after: place, limit: limit)
        }
        let first = try await reading.next()
        if first.isEmpty {
            guard try await reading.state.look({ try $0.isVisible(id) }) else { return nil }
        }
        return RelatedDeltas(reading, first: first)
    }
}

/// Deltas that relate an entity to others, on their way.
private struct RelatedReading: PartedReading {
    /// Deltas of a part.
    private static let deltas = 256

    let id: Text
    var state: PinnedState
    private(set) var isOver = false
    private let selection: RelatedDeltas.Selection
    private let after: Moment?
    private var left: Int
    private var merge: WordMerge
    private var partBytes = 0

    init(
        _ lookup: EntityLookup,
        of log: any StateReading,
        id: Text,
        _ selection: RelatedDeltas.Selection,
        after: Moment?,
        limit: Int?
    ) throws {
        self.id = id
        self.selection = selection
        self.after = after
        left = limit ?? .max
        state = try PinnedState(lookup, of: log, about: id)
        merge = WordMerge(try lookup.streams(of: id, on: selection.property.map { [$0] }), from: after)
    }

    var ownBytes: Int { merge.heldBytes + partBytes }

    mutating func part(in lookup: EntityLookup) throws -> [ViewedDelta] {
        var deltas: [ViewedDelta] = []
        partBytes = 0
        repeat {
            guard try merge.opens(in: lookup) else { continue }
            guard left > 0, let (position, _) = try merge.next(in: lookup) else {
                isOver = true
                break
            }
            let delta = try lookup.delta(at: position)
            if let after, delta.moment <= after { continue }
            guard delta.relates(id, selection), try lookup.isInForce(delta) else { continue }
            deltas.append(delta)
            left -= 1
            try lookup.memory.addShown(delta.approximateBytes)
            partBytes += delta.approximateBytes
            isOver = left == 0
        } while !isOver && !lookup.isLongEnough && partBytes < PinnedState.bytes && deltas.count < Self.deltas
        return deltas
    }
}

extension ViewedDelta {
    /// Whether the delta has another entity, and is one of those that are meant.
    fileprivate func relates(_ id: Text, _ selection: RelatedDeltas.Selection) -> Bool {
        let hasOther = pointers.contains { pointer in
            guard let other = pointer.entity?.id, other != id else { return false }
            return !ControlName.isReserved(pointer.localContext)
                && selection.role.map { $0 == pointer.localContext } ?? true
        }
        guard hasOther, pointers.contains(where: { $0.entity?.id == id && !ControlName.isReserved($0.localContext) })
        else { return false }
        return selection.relation?.has(id, in: self) ?? true
    }
}

extension SchemaRelation {
    /// Whether a delta is one of the relation, in which an entity stands in one of its roles.
    public func has(_ id: Text, in delta: ViewedDelta) -> Bool {
        let stands = delta.pointers.contains { pointer in
            guard let (entity, context) = pointer.entity, entity == id else { return false }
            return places[pointer.localContext].map { roles[$0].context == context } ?? false
        }
        return stands && read(delta) != nil
    }
}
