internal import Glibc

/// The system's clocks, in µs.
package enum SystemTime {
    /// The wall clock: µs since 1970 UTC.
    package static var now: Int64 { read(CLOCK_REALTIME) }

    /// µs since some moment, never going back.
    package static var uptime: Int64 { read(CLOCK_MONOTONIC) }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
}
