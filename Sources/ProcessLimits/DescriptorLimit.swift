internal import Glibc

/// How many descriptors the process may have: each connection takes one, and libzmq can't cap those it accepts.
///
/// Without any left, libdispatch ends the process (it looks into `/proc` each second), SQLite fails, and libzmq aborts
/// where it starts. So the last ones are kept free: no socket is opened with one, and no connection stays on one.
package enum DescriptorLimit {
    /// Raises the limit to the most that the system allows this process (`RLIMIT_NOFILE`, soft to hard).
    ///
    /// - Returns: the limit that holds then.
    @discardableResult
    package static func raise() -> Int {
        var limit = limits
        limit.rlim_cur = limit.rlim_max
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return current
    }

    /// The limit as it is.
    package static var current: Int { Int(clamping: limits.rlim_cur) }

    private static var limits: rlimit {
        var limit = rlimit()
        // Can't fail with these arguments; without a limit none is kept to.
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return rlimit(rlim_cur: .max, rlim_max: .max)
        }
        return limit
    }

    /// Whether a descriptor is one of the last, which are kept free: an eighth of all, 32 at least and 1,024 at most.
    ///
    /// The system gives out the least that is free, so a number tells how many are in use, at least.
    package static func isLast(_ descriptor: Int32, of limit: Int) -> Bool {
        Int(descriptor) >= limit - min(max(limit / 8, 32), 1_024)
    }
}
