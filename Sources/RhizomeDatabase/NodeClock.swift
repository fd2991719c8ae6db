public import Bytes

/// The node's one clock: what time it is, how long something took, and waiting.
///
/// It is injected, so that tests can move it. Two readings that can't be mixed up: ``now`` is for what is signed, stored and shown, ``uptime`` for deadlines.
public struct NodeClock: Sendable {
    private let readNow: @Sendable () -> Timestamp
    private let readUptime: @Sendable () -> Uptime
    private let wait: @Sendable (Duration) async throws -> Void

    /// A clock of one's own; what isn't given is the system's.
    ///
    /// - Parameter sleep: returns after so long, and throws `CancellationError` as soon as its task is cancelled.
    public init(
        now: @escaping @Sendable () -> Timestamp = { SystemTime.now },
        uptime: @escaping @Sendable () -> Uptime = { SystemTime.uptime },
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        readNow = now
        readUptime = uptime
        wait = sleep
    }

    /// The system's clocks.
    public static let system = NodeClock()

    /// The moment by the wall clock, which may jump both ways.
    public var now: Timestamp { readNow() }

    /// The moment by the clock that never goes back: for deadlines and penalties.
    public var uptime: Uptime { readUptime() }

    /// Waits so long.
    ///
    /// - Throws: `CancellationError` where the task is cancelled, at once.
    public func sleep(for duration: Duration) async throws { try await wait(duration) }
}
