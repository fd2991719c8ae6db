internal import Locks

/// Tells any number of readers that deltas were appended to the log.
///
/// Nothing is queued: the signal knows the last position alone. Readers have a position of their own, read the log
/// themselves, each at its pace, and wait here once they have come to its end.
final class AppendSignal: Sendable {
    private struct State {
        var last: Int64
        var isClosed = false
        var waiting: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var lastTicket: UInt64 = 0

        mutating func takeWaiting() -> [CheckedContinuation<Void, Never>] {
            defer { waiting = [:] }
            return Array(waiting.values)
        }
    }

    private let state: Lock<State>

    /// A signal for a log whose last position is this one.
    init(last position: Int64) { state = Lock(State(last: position)) }

    /// The last position of which the signal was told.
    var last: Int64 { state.withLock { $0.last } }

    /// Says that the log goes to this position now, and wakes who waits.
    func post(_ position: Int64) {
        let waiting = state.withLock { state in
            state.last = position
            return state.takeWaiting()
        }
        for reader in waiting { reader.resume() }
    }

    /// Says that nothing more will come; who waits is woken.
    func close() {
        let waiting = state.withLock { state in
            state.isClosed = true
            return state.takeWaiting()
        }
        for reader in waiting { reader.resume() }
    }

    /// Waits until the log goes beyond a position.
    ///
    /// - Returns: false where that won't come: the signal is closed or the task cancelled.
    func wait(beyond position: Int64) async -> Bool {
        while true {
            let (last, isClosed) = state.withLock { ($0.last, $0.isClosed) }
            if isClosed || Task.isCancelled { return false }
            if last > position { return true }
            await change(beyond: position)
        }
    }

    private func change(beyond position: Int64) async {
        let ticket = state.withLock { state in
            state.lastTicket += 1
            return state.lastTicket
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    guard state.last <= position, !state.isClosed, !Task.isCancelled else { return true }
                    state.waiting[ticket] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: ticket) }?.resume()
        }
    }
}
