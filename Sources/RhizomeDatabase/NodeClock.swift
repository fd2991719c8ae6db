internal import HomeFiles

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
        wallMicroseconds: { SystemTime.now },
        monotonicMicroseconds: { SystemTime.uptime }
    )

    /// µs since 1970 UTC.
    public var now: Int64 { wallMicroseconds() }

    /// µs since some moment, never going back: for deadlines and penalties.
    public var uptime: Int64 { monotonicMicroseconds() }
}
