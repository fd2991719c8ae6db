internal import Locks
package import RhizomeDatabase

/// A clock that stands still until a test moves it.
package final class ManualClock: Sendable {
    private let times: Lock<(wall: Int64, uptime: Int64)>

    package init(_ wall: Int64 = 1_735_689_600_000_000, uptime: Int64 = 1_000_000_000) {
        times = Lock((wall, uptime))
    }

    /// Moves both clocks by so many seconds.
    package func advance(_ seconds: Int64) {
        times.withLock { $0 = ($0.wall + seconds * 1_000_000, $0.uptime + seconds * 1_000_000) }
    }

    /// Sets the wall clock alone.
    package var now: Int64 {
        get { times.withLock { $0.wall } }
        set { times.withLock { $0.wall = newValue } }
    }

    package var clock: NodeClock {
        NodeClock(
            wallMicroseconds: { self.times.withLock { $0.wall } },
            monotonicMicroseconds: { self.times.withLock { $0.uptime } }
        )
    }
}
