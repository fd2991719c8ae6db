public import Bytes
public import RhizomeCore
public import SignedStatements
public import StrictJSON

/// What was said of an entity's properties, oldest first (spec: http.md, `history`).
///
/// The changes in force, by (timeCreated, id bytes), those of one delta in the order of its pointers. They are read from
/// the log as they are asked for, a few at a time, and all show one state of it.
///
///     for try await change in history { print(change.property, change.value) }
public struct EntityHistory: AsyncSequence, Sendable {
    /// One delta's word on one property.
    public struct Change: Hashable, Sendable {
        /// The property.
        public let property: Text
        /// Its value from then on, in the eyes of last-write-wins.
        public let value: Value
        /// Who said so.
        public let creator: PublicKey
        /// When, in µs since 1970.
        public let timeCreated: Timestamp
        /// By which delta.
        public let delta: DeltaID
        /// Which of its delta's changes of the entity it is, from 0.
        let index: Int

        /// Where it stands in the history.
        public var place: Place { Place(moment: Moment(timeCreated: timeCreated, id: delta), index: index) }
    }

    /// A change's place in a history: stays the same, whatever comes.
    public struct Place: Hashable, Comparable, Sendable {
        /// Its delta's.
        public let moment: Moment
        /// Which of its delta's changes of the entity it is, from 0.
        public let index: Int

        /// A place.
        public init(moment: Moment, index: Int) {
            self.moment = moment
            self.index = index
        }

        /// Whether `left` is earlier.
        public static func < (left: Self, right: Self) -> Bool {
            (left.moment, left.index) < (right.moment, right.index)
        }
    }

    /// Reads the changes.
    public struct AsyncIterator: AsyncIteratorProtocol, Sendable {
        private var reading: HistoryReading
        private var part: ArraySlice<Change>

        fileprivate init(_ history: EntityHistory) {
            reading = history.reading
            part = history.first
        }

        /// Bytes of memory that are held from one change to the next, about.
        package var heldBytes: Int { reading.heldBytes }

        /// The next change; `nil` at the end.
        ///
        /// - Throws: ``JSONLogicError``, `CancellationError`, and what the log throws.
        public mutating func next() async throws -> Change? {
            if part.isEmpty { part = try await reading.next()[...] }
            return part.popFirst()
        }
    }

    /// The entity's id.
    public let id: Text
    private let first: ArraySlice<Change>
    private let reading: HistoryReading

    /// - Parameter first: what was read of it already.
    init(_ reading: HistoryReading, first: [Change]) {
        id = reading.id
        self.first = first[...]
        self.reading = reading
    }

    /// Reads the changes from the first one on.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }
}

/// An entity's changes on their way.
struct HistoryReading: PartedReading {
    /// Changes of a part, but for the rest of a delta's.
    private static let changes = 256

    let id: Text
    var state: PinnedState
    private(set) var isOver = false
    private let properties: Set<Text>?
    private let after: EntityHistory.Place?
    private var left: Int
    private var merge: WordMerge
    private var partBytes = 0

    /// - Parameters:
    ///   - properties: those whose changes are read; all where `nil`.
    ///   - after: the place after which to begin.
    ///   - limit: how many changes at most.
    init(
        _ lookup: EntityLookup,
        of log: any StateReading,
        id: Text,
        on properties: Set<Text>?,
        after: EntityHistory.Place?,
        limit: Int?
    ) throws {
        self.id = id
        self.properties = properties
        self.after = after
        left = limit ?? .max
        state = try PinnedState(lookup, of: log, about: id)
        merge = WordMerge(
            try lookup.streams(of: id, on: properties).filter(\.stream.role.hasValue),
            from: after?.moment
        )
    }

    var ownBytes: Int { merge.heldBytes + partBytes }

    mutating func part(in lookup: EntityLookup) throws -> [EntityHistory.Change] {
        var changes: [EntityHistory.Change] = []
        partBytes = 0
        repeat {
            guard try merge.opens(in: lookup) else { continue }
            guard left > 0, let (position, _) = try merge.next(in: lookup) else {
                isOver = true
                break
            }
            let delta = try lookup.delta(at: position)
            if let after, delta.moment < after.moment { continue }
            guard try lookup.isInForce(delta) else { continue }
            let said = delta.changes(of: id).filter { change in
                properties?.contains(change.property) != false && after.map { $0 < change.place } ?? true
            }.prefix(left)
            left -= said.count
            changes += said
            try lookup.memory.addShown(said.reduce(0) { $0 + $1.approximateBytes })
            partBytes += delta.approximateBytes
            isOver = left == 0
        } while !isOver && !lookup.isLongEnough && partBytes < PinnedState.bytes && changes.count < Self.changes
        return changes
    }
}

extension ViewedDelta {
    /// What the delta says of an entity's properties, in the order of its pointers.
    func changes(of id: Text) -> [EntityHistory.Change] {
        statements(of: id).filter { $0.value != nil }.enumerated().compactMap { index, statement in
            statement.value.map { value in
                EntityHistory.Change(
                    property: statement.property,
                    value: value,
                    creator: author,
                    timeCreated: timeCreated,
                    delta: self.id,
                    index: index
                )
            }
        }
    }
}

extension EntityHistory.Change {
    /// One item of a history.
    public var json: JSONValue {
        [
            "property": .text(property),
            "value": value.json,
            "creator": creator.json,
            "timeCreated": .integer(timeCreated.microseconds),
            "delta": delta.json,
        ]
    }
}
