internal import CSodium
internal import Glibc

/// What keeps a process's memory from being read by others.
package enum ProcessSecrecy {
    /// Turns core dumps off (`RLIMIT_CORE` 0) and makes the process undumpable (`PR_SET_DUMPABLE` 0: no dumps, and no
    /// other process of the same user may trace it).
    ///
    /// - Returns: the `errno` of what failed; 0 where nothing did.
    package static func protect() -> Int32 {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none) == 0 else { return errno }
        #if RHIZOME_SANITIZERS
            // LeakSanitizer traces its own process.
            return 0
        #else
            return rhizome_forbid_dumps() == 0 ? 0 : errno
        #endif
    }
}
