/// A value under a lock, and tasks that wait until it is as they need it: a condition variable for tasks.
///
/// No thread waits. Nobody who waits misses a change: looking and beginning to wait are one step under the lock.
package final class TaskCondition<Value: Sendable>: Sendable {
    private struct State {
        var value: Value
        var waiting: [TaskTicket: CheckedContinuation<Void, Never>] = [:]
        var lastTicket: UInt64 = 0
    }

    private let state: Lock<State>

    /// Guards a value.
    package init(_ value: Value) { state = Lock(State(value: value)) }

    /// Lends the value, whose changes wake nobody; `body` must be short and must not come back here.
    package func withLock<Result: Sendable>(_ body: (inout Value) -> Result) -> Result {
        state.withLock { body(&$0.value) }
    }

    /// The same, and wakes all who wait: each looks again.
    package func change<Result: Sendable>(_ body: (inout Value) -> Result) -> Result {
        let (result, woken) = state.withLock { state in
            let result = body(&state.value)
            defer { state.waiting = [:] }
            return (result, Array(state.waiting.values))
        }
        for continuation in woken { continuation.resume() }
        return result
    }

    /// The same, and wakes those alone whom `body` names: for queues, in which a change concerns the next one only.
    package func wake(_ body: (inout Value) -> [TaskTicket]) {
        let woken = state.withLock { state in
            let tickets = body(&state.value)
            return tickets.compactMap { state.waiting.removeValue(forKey: $0) }
        }
        for continuation in woken { continuation.resume() }
    }

    /// Waits until the value is as it is needed.
    ///
    /// - Parameters:
    ///   - ticket: of this wait, where the value or another task has to know it.
    ///   - body: what is looked for, `nil` where it isn't there; may change the value, which wakes nobody.
    /// - Returns: what was found; `nil` where the task is cancelled, whatever has become of the value meanwhile.
    package func wait<Result: Sendable>(
        as ticket: TaskTicket? = nil,
        for body: (inout Value) -> Result?
    ) async -> Result? {
        let ticket = ticket ?? newTicket()
        while !Task.isCancelled {
            var found: Result?
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let waits = state.withLock { state in
                        found = body(&state.value)
                        guard found == nil, !Task.isCancelled else { return false }
                        state.waiting[ticket] = continuation
                        return true
                    }
                    if !waits { continuation.resume() }
                }
            } onCancel: {
                state.withLock { $0.waiting.removeValue(forKey: ticket) }?.resume()
            }
            if let found { return found }
        }
        return nil
    }

    /// The same for what comes soon by itself: cancelling the task doesn't shorten it.
    package func waitThroughCancellation<Result: Sendable>(
        as ticket: TaskTicket? = nil,
        for body: (inout Value) -> Result?
    ) async -> Result {
        let ticket = ticket ?? newTicket()
        while true {
            var found: Result?
            await withCheckedContinuation { continuation in
                let waits = state.withLock { state in
                    found = body(&state.value)
                    if found == nil { state.waiting[ticket] = continuation }
                    return found == nil
                }
                if !waits { continuation.resume() }
            }
            if let found { return found }
        }
    }

    /// A ticket for one wait.
    package func newTicket() -> TaskTicket {
        state.withLock { state in
            state.lastTicket += 1
            return TaskTicket(number: state.lastTicket)
        }
    }
}
