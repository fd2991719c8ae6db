internal import Bytes

/// Moments that a node's sessions have in common: what isn't urgent is done at the last one before it is due.
///
/// So a node with many peers is woken for several of them at once; each node has moments of its own, so that not all
/// nodes ask at the same time.
struct Rhythm: Sendable {
    /// How far the moments are apart.
    static let interval = Duration.seconds(5)

    private let phase: Duration

    /// - Parameter phase: where between two multiples of the interval the moments lie.
    init(phase: Duration = .random(upTo: Rhythm.interval)) { self.phase = phase }

    /// The last moment that isn't later than another one.
    func last(upTo moment: Uptime) -> Uptime {
        let (moment, phase, interval) = (moment.microseconds, phase.microseconds, Self.interval.microseconds)
        let past = (moment - phase) % interval
        return Uptime(microseconds: moment - (past < 0 ? past + interval : past))
    }
}
