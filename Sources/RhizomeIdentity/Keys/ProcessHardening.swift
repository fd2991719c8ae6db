internal import Sodium

/// What every command does first: no core dumps, no tracing by other processes (spec: identity.md, "Keys").
///
/// libzmq keeps a copy of the transport secret on the plain heap, where no lock protects it.
public enum ProcessHardening {
    /// Sets `RLIMIT_CORE` to 0 and `PR_SET_DUMPABLE` to 0.
    ///
    /// - Throws: ``IdentityError`` `unprotectedProcess` where the system refuses.
    public static func apply() throws(IdentityError) {
        let number = ProcessSecrecy.protect()
        guard number == 0 else {
            throw IdentityError(
                .unprotectedProcess,
                "core dumps can't be turned off (errno \(number)); check the limits of this process (ulimit -c)"
            )
        }
    }
}
