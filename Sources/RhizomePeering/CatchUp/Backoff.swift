/// When to try again what came to nothing: after 10 s, doubling to 10 min (spec: admission.md).
struct Backoff: Sendable {
    private static let shortest: Int64 = 10_000_000
    private static let longest: Int64 = 600_000_000

    private var wait = Backoff.shortest
    /// µs of the clock that never goes back.
    private(set) var notBefore = Int64.min

    /// Notes a failure.
    mutating func fail(now: Int64) {
        notBefore = now + wait
        wait = min(wait * 2, Self.longest)
    }
}
