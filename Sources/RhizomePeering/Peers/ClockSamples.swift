internal import Bytes
internal import RhizomeCore

/// What the time stamps of `hello` tell of a peer's clock, as NTP computes it (RFC 5905, section 8): best of the last 8.
struct ClockSamples: Sendable {
    /// A peer's clock against ours.
    struct Estimate: Hashable, Sendable {
        /// How far the peer's clock is ahead of ours.
        let offset: Duration
        /// How long a request and its reply were on their way.
        let roundTrip: Duration
    }

    private static let kept = 8
    private var samples: [Estimate] = []

    /// Adds the four stamps of one exchange: asked (our clock), received and answered (the peer's), and the reply's
    /// arrival (ours).
    ///
    /// Stamps that can't be, a reply before its request or a time outside 0 ..< 2^53, are left out.
    mutating func add(asked: Timestamp, received: Timestamp, answered: Timestamp, arrived: Timestamp) {
        // Whatever a peer says, nothing is believed that no clock shows.
        let times = Timestamp(microseconds: 0)..<DeltaLimits.time
        guard times.contains(asked), times.contains(received), times.contains(answered), times.contains(arrived),
            received <= answered, asked <= arrived
        else { return }
        let roundTrip = (arrived - asked) - (answered - received)
        guard roundTrip >= .zero else { return }
        let offset = ((received - asked) + (answered - arrived)) / 2
        samples.append(Estimate(offset: offset, roundTrip: roundTrip))
        if samples.count > Self.kept { samples.removeFirst() }
    }

    /// The sample with the shortest way: the one that queues distorted least.
    var best: Estimate? { samples.min { $0.roundTrip < $1.roundTrip } }
}
