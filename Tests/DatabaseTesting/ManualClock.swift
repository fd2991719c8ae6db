package import Bytes
internal import Locks
package import RhizomeDatabase
internal import RhizomeTesting

/// A clock that stands still until a test moves it; who sleeps by it wakes once it was moved that far.
package final class ManualClock: Sendable {
    private struct Sleeper {
        let end: Uptime
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var wall: Timestamp
        var uptime: Uptime
        var sleepers: [UInt64: Sleeper] = [:]
        var lastTicket: UInt64 = 0
    }

    private let state: Lock<State>

    package init(_ wall: Timestamp = 1_735_689_600_000_000, uptime: Uptime = 1_000_000_000) {
        state = Lock(State(wall: wall, uptime: uptime))
    }

    /// Moves both clocks by so many seconds.
    package func advance(_ seconds: Int64) { advance(.seconds(seconds)) }

    /// Moves both clocks, and wakes who has slept for long enough then.
    package func advance(_ duration: Duration) {
        let woken = state.withLock { state in
            state.wall = state.wall + duration
            state.uptime = state.uptime + duration
            let due = state.sleepers.filter { $0.value.end <= state.uptime }
            for ticket in due.keys { state.sleepers[ticket] = nil }
            return due.values.map(\.continuation)
        }
        for continuation in woken { continuation.resume() }
    }

    /// Sets the wall clock alone.
    package var now: Timestamp {
        get { state.withLock { $0.wall } }
        set { state.withLock { $0.wall = newValue } }
    }

    /// How many sleep by it.
    package var sleeperCount: Int { state.withLock { $0.sleepers.count } }

    package var clock: NodeClock {
        NodeClock(
            now: { self.state.withLock { $0.wall } },
            uptime: { self.state.withLock { $0.uptime } },
            sleep: { try await self.sleep(for: $0) }
        )
    }

    /// The same for a node that runs: who sleeps by it does so in real time, and looks then how far it was moved.
    package var awakeClock: NodeClock {
        NodeClock(now: { self.state.withLock { $0.wall } }, uptime: { self.state.withLock { $0.uptime } })
    }

    private func sleep(for duration: Duration) async throws {
        let ticket = state.withLock { state in
            state.lastTicket += 1
            return state.lastTicket
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let isOver = state.withLock { state -> Result<Void, any Error>? in
                    if Task.isCancelled { return .failure(CancellationError()) }
                    guard duration > .zero else { return .success(()) }
                    state.sleepers[ticket] = Sleeper(end: state.uptime + duration, continuation: continuation)
                    return nil
                }
                if let isOver { continuation.resume(with: isOver) }
            }
        } onCancel: {
            state.withLock { $0.sleepers.removeValue(forKey: ticket) }?.continuation
                .resume(throwing: CancellationError())
        }
    }
}
