internal import Bytes
internal import Locks
package import Logging

/// Tells in the log that the store can't keep or read deltas, and that it can again.
///
/// Once when it begins, and once a minute as long as it lasts, however many writes and messages of peers fail by it.
package final class StoreHealth: Sendable {
    private struct State {
        var isFailing = false
        var toldAt: Uptime?
    }

    private static let interval = Duration.seconds(60)

    private let clock: NodeClock
    private let logger: Logger
    private let state = Lock(State())

    package init(clock: NodeClock, logger: Logger) {
        self.clock = clock
        self.logger = logger
    }

    /// Something could not be kept or read; cancelled work doesn't count.
    package func failed(_ error: any Error) {
        guard !(error is CancellationError) else { return }
        let now = clock.uptime
        let isTold = state.withLock { state in
            state.isFailing = true
            if let toldAt = state.toldAt, now - toldAt < Self.interval { return true }
            state.toldAt = now
            return false
        }
        guard !isTold else { return }
        logger.error(
            "the store fails; what can be read is served, and nothing new is accepted until it works",
            metadata: ["error": "\(error)"]
        )
    }

    /// A batch was kept.
    func worked() {
        let wasFailing = state.withLock { state in
            defer { state = State() }
            return state.isFailing
        }
        if wasFailing { logger.notice("the store works again") }
    }
}
