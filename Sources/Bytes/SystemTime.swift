internal import Glibc

/// The system's clocks, read here alone: whatever runs for long is given its clock.
public enum SystemTime {
    /// The wall clock.
    public static var now: Timestamp { Timestamp(microseconds: read(CLOCK_REALTIME)) }

    /// The clock that never goes back.
    public static var uptime: Uptime { Uptime(microseconds: read(CLOCK_MONOTONIC)) }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
}
