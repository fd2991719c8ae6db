internal import RhizomeCore

/// What the time stamps of `hello` tell of a peer's clock, as NTP computes it (RFC 5905, section 8): best of the last 8.
struct ClockSamples: Sendable {
    /// A peer's clock against ours.
    struct Estimate: Hashable, Sendable {
        /// How far the peer's clock is ahead of ours, µs.
        let offsetMicroseconds: Int64
        /// How long a request and its reply were on their way, µs.
        let roundTripMicroseconds: Int64
    }

    private static let kept = 8
    private var samples: [Estimate] = []

    /// Adds the four stamps of one exchange: asked (our clock), received and answered (the peer's), and the reply's
    /// arrival (ours).
    ///
    /// Stamps that can't be, a reply before its request or a time outside 0 ..< 2^53, are left out.
    mutating func add(asked: Int64, received: Int64, answered: Int64, arrived: Int64) {
        // Within these bounds nothing below can overflow, whatever a peer says.
        let times = 0..<DeltaLimits.time
        guard times.contains(asked), times.contains(received), times.contains(answered), times.contains(arrived),
            received <= answered, asked <= arrived
        else { return }
        let roundTrip = (arrived - asked) - (answered - received)
        guard roundTrip >= 0 else { return }
        let offset = ((received - asked) + (answered - arrived)) / 2
        samples.append(Estimate(offsetMicroseconds: offset, roundTripMicroseconds: roundTrip))
        if samples.count > Self.kept { samples.removeFirst() }
    }

    /// The sample with the shortest way: the one that queues distorted least.
    var best: Estimate? { samples.min { $0.roundTripMicroseconds < $1.roundTripMicroseconds } }
}
