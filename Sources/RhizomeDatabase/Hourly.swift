/// Says whether something may be told: once an hour.
package struct Hourly: Sendable {
    private var toldAt: Int64?

    /// It may be told at once, the first time.
    package init() {}

    /// Whether it may be told now, which counts as telling it.
    ///
    /// - Parameter now: µs of the clock that never goes back.
    package mutating func isDue(now: Int64) -> Bool {
        if let toldAt, now - toldAt <= 3_600_000_000 { return false }
        toldAt = now
        return true
    }
}
