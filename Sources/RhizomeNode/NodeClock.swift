internal import Glibc

/// The node's one wall clock and its one clock for deadlines, both injected so that tests can move them.
public struct NodeClock: Sendable {
    private let wallMicroseconds: @Sendable () -> Int64
    private let monotonicMicroseconds: @Sendable () -> Int64

    /// A clock of one's own.
    public init(
        wallMicroseconds: @escaping @Sendable () -> Int64,
        monotonicMicroseconds: @escaping @Sendable () -> Int64
    ) {
        self.wallMicroseconds = wallMicroseconds
        self.monotonicMicroseconds = monotonicMicroseconds
    }

    /// The system's clocks.
    public static let system = NodeClock(
        wallMicroseconds: { read(CLOCK_REALTIME) },
        monotonicMicroseconds: { read(CLOCK_MONOTONIC) }
    )

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }

    /// µs since 1970 UTC.
    public var now: Int64 { wallMicroseconds() }

    /// µs since some moment, never going back: for deadlines and penalties.
    public var uptime: Int64 { monotonicMicroseconds() }
}
