package import Bytes

/// Says whether something may be told: once an hour.
package struct Hourly: Sendable {
    private var toldAt: Uptime?

    /// It may be told at once, the first time.
    package init() {}

    /// Whether it may be told now, which counts as telling it.
    package mutating func isDue(now: Uptime) -> Bool {
        if let toldAt, now - toldAt <= .seconds(3_600) { return false }
        toldAt = now
        return true
    }
}
