internal import Locks
internal import Logging
internal import NIOCore

/// Logs that other users of this machine ask without the token: the first time in a minute, with the user's number.
///
/// More often would let anybody who can log in fill the owner's disk.
final class StrangerLog: Sendable {
    private struct State {
        var last: NIODeadline?
        /// Refusals for which there was no line.
        var others = 0
    }

    private static let interval = TimeAmount.minutes(1)

    private let logger: Logger
    private let state = Lock(State())

    init(_ logger: Logger) { self.logger = logger }

    /// Takes note of a request that was refused for want of the token.
    ///
    /// - Parameter user: whose it was; `nil` where the kernel didn't tell.
    func refused(user: UInt32?, now: NIODeadline = .now()) {
        let others = state.withLock { state -> Int? in
            if let last = state.last, now - last < Self.interval {
                state.others += 1
                return nil
            }
            defer { state = State(last: now) }
            return state.others
        }
        guard let others else { return }
        logger.notice(
            "another user of this machine asked the HTTP API without the token and was refused",
            metadata: ["user": user.map { "\($0)" } ?? "unknown", "refusals.before": "\(others)"]
        )
    }
}
