internal import Bytes
internal import RhizomeDatabase
internal import ZeroMQ

/// Decides which packets are looked at: one of each source in 5 s, 20 a second in all (spec: meeting.md, "Local network").
///
/// What was looked at is remembered for 5 s, so it keeps 100 sources at most.
struct PacketGate: Sendable {
    static let sourceInterval = Duration.seconds(5)
    static let mostInASecond = 20
    /// How many are read in a second, to be looked at or not; the rest waits, and is lost beyond what the system keeps.
    static let mostReadInASecond = 400

    private var lastLooks: [NumericAddress: Uptime] = [:]
    private var second: Uptime?
    private var looked = 0
    private var read = 0

    /// Takes note of a packet that came, and tells whether it is looked at.
    mutating func admits(_ source: NumericAddress, now: Uptime) -> Bool {
        if second.map({ now - $0 >= .seconds(1) }) ?? true {
            second = now
            (looked, read) = (0, 0)
            lastLooks = lastLooks.filter { now - $0.value < Self.sourceInterval }
        }
        read += 1
        guard looked < Self.mostInASecond, lastLooks[source].map({ now - $0 >= Self.sourceInterval }) ?? true else {
            return false
        }
        looked += 1
        lastLooks[source] = now
        return true
    }

    /// For how long nothing is to be read; `nil` where there is room for more.
    func pause(now: Uptime) -> Duration? {
        guard read >= Self.mostReadInASecond, let second else { return nil }
        return max(second + .seconds(1) - now, .milliseconds(1))
    }
}
