internal import Locks

/// A box that anyone may put something into without waiting, and that one reader empties whole.
///
/// What is posted is folded into one value, so the box never holds more than that value does: a queue that can't grow
/// as long as the value can't.
package final class Mailbox<Content: Sendable>: Sendable {
    private struct State {
        var content: Content
        var isPosted = false
        var isClosed = false
    }

    private let state: TaskCondition<State>
    private let empty: Content

    /// A box whose empty content is `empty`.
    package init(_ empty: Content) {
        self.empty = empty
        state = TaskCondition(State(content: empty))
    }

    /// Folds something into the content and wakes the reader.
    package func post(_ update: (inout Content) -> Void) {
        state.change { state in
            update(&state.content)
            state.isPosted = true
        }
    }

    /// Ends the reading: `take` gives nothing any more.
    package func close() { state.change { $0.isClosed = true } }

    /// Waits until something was posted or the time is over, and takes what is there.
    ///
    /// - Returns: the content, the empty one after a timeout; `nil` once the box is closed or the task cancelled.
    package func take(within timeout: Duration?, by clock: NodeClock) async -> Content? {
        if let timeout {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.wait() }
                group.addTask { try? await clock.sleep(for: timeout) }
                await group.next()
                group.cancelAll()
            }
        } else {
            await wait()
        }
        guard !Task.isCancelled else { return nil }
        return state.change { [empty] state in
            guard !state.isClosed else { return nil }
            defer { state = State(content: empty) }
            return state.content
        }
    }

    private func wait() async { _ = await state.wait { $0.isPosted || $0.isClosed ? true : nil } }
}
