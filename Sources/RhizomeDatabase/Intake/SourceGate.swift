internal import Locks

/// Bounds what several sources have under way at the same time, in bytes or in pieces: what there is no room for waits,
/// a piece of each source in its turn.
///
/// Of the whole everybody may take what is free, and each source a little at any time, so that nobody who brings a few
/// small things waits for those who bring much.
package final class SourceGate<Source: Hashable & Sendable>: Sendable {
    private struct Waiting {
        let weight: Int
        let ticket: TaskTicket
    }

    private struct State {
        var taken = 0
        var takenBy: [Source: Int] = [:]
        var waiting = Turns<Source, Waiting>()
        /// Those whose turn has come, and who don't know it yet.
        var entering: Set<TaskTicket> = []
    }

    private let room: Int
    private let own: Int
    private let state = TaskCondition(State())

    /// - Parameters:
    ///   - room: how much may be taken in all.
    ///   - own: how much each source may take besides, whatever the others have: no piece that weighs more than this has
    ///     its place for certain.
    package init(room: Int = 0, own: Int) {
        self.room = room
        self.own = own
    }

    /// How many pieces wait.
    var waiting: Int { state.withLock { $0.waiting.count } }

    /// Waits until there is room for so much and runs the work, which doesn't wait for others at this gate.
    ///
    /// What alone weighs more than there is room for runs alone. Not shortened by cancellation: the work is told of it.
    package func run<Result: Sendable>(
        as source: Source,
        weighing weight: Int = 1,
        _ work: @Sendable () async throws -> Result
    ) async rethrows -> Result {
        await enter(source, weight)
        defer { leave(source, weight) }
        return try await work()
    }

    private func enter(_ source: Source, _ weight: Int) async {
        let ticket = state.newTicket()
        await state.waitThroughCancellation(as: ticket) { state in
            if state.entering.remove(ticket) != nil { return () }
            if take(source, weight, isNext: state.waiting.count == 0, &state) { return () }
            state.waiting.append(Waiting(weight: weight, ticket: ticket), of: source)
            return nil
        }
    }

    /// Takes room where there is some.
    ///
    /// - Parameter isNext: whether it is this source's turn; else it may take what is its own alone, so that what is
    ///   large gets its turn.
    private func take(_ source: Source, _ weight: Int, isNext: Bool, _ state: inout State) -> Bool {
        let hasOwn = state.takenBy[source, default: 0] + weight <= own
        guard hasOwn || isNext && (state.taken == 0 || state.taken + weight <= room) else { return false }
        state.taken += weight
        state.takenBy[source, default: 0] += weight
        return true
    }

    private func leave(_ source: Source, _ weight: Int) {
        state.wake { state in
            state.taken -= weight
            state.takenBy[source, default: 0] -= weight
            if state.takenBy[source] == 0 { state.takenBy[source] = nil }
            var entering: [TaskTicket] = []
            var isNext = true
            var before: Int
            repeat {
                before = entering.count
                for source in state.waiting.sources {
                    guard let next = state.waiting.first(of: source) else { continue }
                    if take(source, next.weight, isNext: isNext, &state) {
                        _ = state.waiting.next(of: source)
                        entering.append(next.ticket)
                    } else {
                        isNext = false
                    }
                }
            } while entering.count > before
            state.entering.formUnion(entering)
            return entering
        }
    }
}
