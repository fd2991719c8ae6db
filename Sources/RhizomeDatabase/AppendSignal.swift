internal import Locks

/// Tells any number of readers that deltas were appended to the log.
///
/// Nothing is queued: the signal knows the last position alone. Readers have a position of their own, read the log
/// themselves, each at its pace, and wait here once they have come to its end.
final class AppendSignal: Sendable {
    private struct State {
        var last: Int64
        var isClosed = false
    }

    private let state: TaskCondition<State>

    /// A signal for a log whose last position is this one.
    init(last position: Int64) { state = TaskCondition(State(last: position)) }

    /// The last position of which the signal was told.
    var last: Int64 { state.withLock { $0.last } }

    /// Says that the log goes to this position now, and wakes who waits.
    func post(_ position: Int64) { state.change { $0.last = position } }

    /// Says that nothing more will come; who waits is woken.
    func close() { state.change { $0.isClosed = true } }

    /// Waits until the log goes beyond a position.
    ///
    /// - Returns: false where that won't come: the signal is closed or the task cancelled.
    func wait(beyond position: Int64) async -> Bool {
        await state.wait { $0.isClosed ? false : $0.last > position ? true : nil } ?? false
    }
}
