internal import Bytes
internal import RhizomeCore

/// One state of a log as it is seen from one perspective, looked at bit by bit.
///
/// A log only grows, so the deltas up to a position are a state of it for ever. Each look is short, and between two
/// nothing of the log is held: whoever takes its time over what it was given keeps no connection of the store.
struct PinnedState: Sendable {
    /// Rows after which a look ends.
    static let rows = 1_000
    /// Bytes of what a look gives, about: it ends with the delta that exceeds them.
    static let bytes = 256 << 10

    /// As it was when the state was taken: who had forked then doesn't count for all of the answer.
    let perspective: Perspective
    private let log: any DeltaLog
    private let position: Int64
    private var memory: EntityLookup.Memory

    /// The state that a lookup sees.
    ///
    /// - Parameter id: the entity that is going to be looked at.
    init(_ lookup: EntityLookup, of log: any DeltaLog, about id: Text) throws {
        self.log = log
        position = lookup.position
        memory = lookup.memory
        var perspective = lookup.perspective
        if perspective.refusesForked {
            for author in try Set(lookup.allStreams(of: id).map(\.stream.author)) {
                let key = try lookup.key(of: author)
                if try lookup.isRefused(key) { perspective.forked.insert(key) }
            }
            perspective.refusesForked = false
        }
        self.perspective = perspective
    }

    /// Looks at the state.
    ///
    /// - Throws: what the body throws, ``JSONLogicError``, `CancellationError`, and what the log throws.
    func look<Value: Sendable>(_ body: @escaping @Sendable (EntityLookup) throws -> Value) async throws -> Value {
        try await log.read { [perspective, position, memory] snapshot in
            try body(EntityLookup(snapshot, from: perspective, upTo: position, remembering: memory))
        }
    }

    /// Takes over what a look has learnt.
    mutating func remember(_ lookup: EntityLookup) { memory = lookup.memory }
}

/// What is read of a state in several looks, a part in each.
protocol PartedReading: Sendable {
    /// An item of a part.
    associatedtype Item: Sendable

    /// What is read.
    var state: PinnedState { get set }
    /// Whether there are no more items.
    var isOver: Bool { get }

    /// Goes on until the look has lasted long enough; perhaps it found nothing.
    mutating func part(in lookup: EntityLookup) throws -> [Item]
}

extension PartedReading {
    /// The next items; none at the end.
    ///
    /// Looks as often as it takes to find one, each time shortly.
    ///
    /// - Throws: ``JSONLogicError``, `CancellationError`, and what the log throws.
    mutating func next() async throws -> [Item] {
        while !isOver {
            let start = self
            // A log may begin a look again, from the same place.
            let (items, end) = try await state.look { lookup in
                var reading = start
                let items = try reading.part(in: lookup)
                reading.state.remember(lookup)
                return (items, reading)
            }
            self = end
            if !items.isEmpty { return items }
        }
        return []
    }
}
