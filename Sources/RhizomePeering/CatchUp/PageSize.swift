internal import Locks

/// How large the pages of logs are that one peer is asked for, or pushed: as large as come over within seconds.
///
/// Of larger ones none would come over a slow link before its deadline, and catching up would end where it began.
final class PageSize: Sendable {
    private static let least = 16 * 1024
    private static let first = 64 * 1024
    private static let most = 1024 * 1024
    /// Pages that take less than this may be larger.
    private static let quick = Duration.seconds(2)
    /// Pages that take longer than this must be smaller.
    private static let slow = Duration.seconds(10)

    private let size = Lock(PageSize.first)

    /// Bytes of signed deltas.
    var bytes: Int { size.withLock { $0 } }

    /// Notes how long a page of that size took.
    func took(_ time: Duration, bytes: Int) {
        size.withLock { size in
            if time < Self.quick {
                size = min(Self.most, max(size, 2 * bytes))
            } else if time > Self.slow {
                size = max(Self.least, min(size, bytes / 2))
            }
        }
    }

    /// Notes that a page of that size didn't come over in time.
    func failed(bytes: Int) { size.withLock { $0 = max(Self.least, min($0, bytes / 4)) } }
}
