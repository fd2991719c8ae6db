internal import Glibc

/// How many descriptors the process may have: each connection takes one, and libzmq can't cap those it accepts.
package enum DescriptorLimit {
    /// Raises the limit to the most that the system allows this process (`RLIMIT_NOFILE`, soft to hard).
    ///
    /// - Returns: the limit that holds then.
    @discardableResult
    package static func raise() -> UInt64 {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
        limit.rlim_cur = limit.rlim_max
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        _ = unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return UInt64(limit.rlim_cur)
    }
}
