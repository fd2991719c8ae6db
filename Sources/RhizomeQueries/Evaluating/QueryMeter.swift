public import Bytes
internal import Locks
internal import RhizomeViews

/// What one query takes, and whether it may go on.
///
/// Gives all back once nobody has it any more.
public final class QueryMeter: Sendable {
    /// So many rows, of so many bytes.
    struct Weight: Sendable {
        var rows = 0
        var bytes = 0
    }

    private struct State {
        var held = Weight()
        var isCancelled = false
    }

    /// How many rows are looked at between two looks at the clock.
    static let stride = 512

    /// What rules may still cost.
    let steps: Int

    private let room: QueryRoom
    private let seconds: Int
    private let deadline: Uptime
    private let now: @Sendable () -> Uptime
    private let state = Lock(State())

    /// The meter of a query that begins now.
    ///
    /// - Parameters:
    ///   - seconds: how long it may take.
    ///   - steps: steps of JSON-Logic.
    ///   - room: what all queries share.
    ///   - now: the clock that never goes back.
    public init(
        seconds: Int,
        steps: Int = QueryBounds.steps,
        in room: QueryRoom = .shared,
        now: @escaping @Sendable () -> Uptime
    ) {
        self.seconds = seconds
        self.steps = steps
        self.room = room
        self.now = now
        deadline = now() + .seconds(seconds)
    }

    deinit { room.give(state.withLock { $0.held }) }

    /// Has whatever is at work for the query end with a `CancellationError`.
    public func cancel() { state.withLock { $0.isCancelled = true } }

    /// Whether the query may go on.
    ///
    /// - Throws: ``QueryLimit`` `seconds`; `CancellationError`.
    func check(at place: QueryParser.Place) throws {
        guard !state.withLock({ $0.isCancelled }) else { throw CancellationError() }
        guard now() < deadline else { throw QueryLimit(.seconds, most: seconds, at: place) }
    }

    /// Counts what is held from now on.
    ///
    /// - Throws: ``QueryLimit`` `rows` or `bytes`, and as ``check(at:)``.
    func take(_ weight: Weight, at place: QueryParser.Place) throws {
        try check(at: place)
        if let (code, most) = room.take(weight) { throw QueryLimit(code, most: most, at: place) }
        state.withLock { state in
            state.held.rows += weight.rows
            state.held.bytes += weight.bytes
        }
    }

    /// Counts that nothing but this is held any more.
    func keep(only weight: Weight) {
        let held = state.withLock { state in
            defer { state.held = weight }
            return state.held
        }
        room.give(Weight(rows: held.rows - weight.rows, bytes: held.bytes - weight.bytes))
    }

    /// Counts what was let go.
    func give(_ weight: Weight) {
        room.give(weight)
        state.withLock { state in
            state.held.rows -= weight.rows
            state.held.bytes -= weight.bytes
        }
    }
}
