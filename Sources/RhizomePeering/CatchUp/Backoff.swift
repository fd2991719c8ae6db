internal import Bytes

/// When to try again what came to nothing: after 10 s, doubling to 10 min (spec: admission.md).
struct Backoff: Sendable {
    private static let shortest = Duration.seconds(10)
    private static let longest = Duration.seconds(600)

    private var wait = Backoff.shortest
    private(set) var notBefore = Uptime.min

    /// Notes a failure.
    mutating func fail(now: Uptime) {
        notBefore = now + wait
        wait = min(wait * 2, Self.longest)
    }
}
