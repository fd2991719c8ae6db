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
    private let log: any StateReading
    private let position: Int64
    private var settled: EntityLookup.Settled

    /// The state that a lookup sees.
    ///
    /// - Parameter id: the entity that is going to be looked at.
    init(_ lookup: EntityLookup, of log: any StateReading, about id: Text) throws {
        self.log = log
        position = lookup.position
        settled = lookup.settled
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

    /// Bytes that are held from one look to the next, about.
    var heldBytes: Int { settled.bytes }

    /// Looks at the state, in the memory of the answer that the task makes.
    ///
    /// - Parameter held: bytes of what the caller holds from earlier looks.
    /// - Throws: ``DeltaLogError`` `busy` as well, where others have all memory for 10 s; what the body throws, ``JSONLogicError``, `CancellationError`, and what the log throws.
    func look<Value: Sendable>(
        holding held: Int = 0,
        _ body: @escaping @Sendable (EntityLookup) throws -> Value
    ) async throws -> Value {
        try await AnswerMemory.reading(log, holding: held + heldBytes) {
            [perspective, position, settled] snapshot, memory in
            try body(
                EntityLookup(snapshot, from: perspective, memory: memory, upTo: position, remembering: settled)
            )
        }
    }

    /// Takes over what a look has learnt.
    mutating func remember(_ lookup: EntityLookup) { settled = lookup.settled }
}

/// What is read of a state in several looks, a part in each.
protocol PartedReading: Sendable {
    /// An item of a part.
    associatedtype Item: Sendable

    /// What is read.
    var state: PinnedState { get set }
    /// Whether there are no more items.
    var isOver: Bool { get }
    /// Bytes that are held from one part to the next besides the state, about, the items of the last part with them.
    var ownBytes: Int { get }

    /// Goes on until the look has lasted long enough; perhaps it found nothing.
    mutating func part(in lookup: EntityLookup) throws -> [Item]
}

extension PartedReading {
    /// Bytes that are held from one part to the next, about.
    var heldBytes: Int { state.heldBytes + ownBytes }

    /// The next items; none at the end.
    ///
    /// Looks as often as it takes to find one, each time shortly.
    ///
    /// - Throws: ``JSONLogicError``, `CancellationError`, and what the log throws.
    mutating func next() async throws -> [Item] {
        while !isOver {
            let start = self
            // A log may begin a look again, from the same place.
            let (items, end) = try await state.look(holding: ownBytes) { lookup in
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
