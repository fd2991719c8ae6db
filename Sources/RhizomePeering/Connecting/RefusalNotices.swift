internal import Bytes
internal import RhizomeDatabase

/// Chooses which of the refused keys are logged, so that a person can decide to trust: a pure value.
///
/// Each key once as long as it is remembered as refused, and at most ten of all a minute, since a stranger makes keys as
/// it likes; the rest is told by its number.
struct RefusalNotices {
    /// What is to be logged now.
    struct Lines {
        var keys: [RefusedKey] = []
        /// How many more there were for which there is no line; told once a minute.
        var others = 0
    }

    private static let most = 10
    private static let interval = Duration.seconds(60)

    private var told: Set<Bytes32> = []
    private var windowStart = Uptime.min
    private var lines = 0
    private var others = 0

    /// What is to be logged of these, which are all that are remembered.
    mutating func next(_ refused: [RefusedKey], now: Uptime) -> Lines {
        var next = Lines()
        if now - windowStart >= Self.interval {
            next.others = others
            windowStart = now
            lines = 0
            others = 0
        }
        // Who was let in meanwhile and is refused again is told again.
        told.formIntersection(refused.map(\.transportKey))
        for key in refused where told.insert(key.transportKey).inserted {
            if lines < Self.most {
                lines += 1
                next.keys.append(key)
            } else {
                others += 1
            }
        }
        return next
    }
}
