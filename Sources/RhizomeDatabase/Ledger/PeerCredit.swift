/// How much bad input a peer may still send: 1,000 pieces, refilled at 10 a second; at zero it is turned away for 15 s,
/// doubling to 10 min (spec: admission.md).
///
/// A pure value: times are µs of a clock that never goes back.
struct PeerCredit: Sendable {
    private static let full = 1_000.0
    private static let perMicrosecond = 10.0 / 1_000_000
    /// From nothing to full, µs.
    private static let refillTime: Int64 = 100_000_000
    private static let firstPenalty: Int64 = 15_000_000
    private static let longestPenalty: Int64 = 600_000_000

    private var credit = PeerCredit.full
    private var updated: Int64
    private var penalty = PeerCredit.firstPenalty
    /// Until when the peer is turned away.
    private(set) var penalisedUntil: Int64 = .min

    init(now: Int64) { updated = now }

    /// Whether the peer is turned away at this moment.
    func isPenalised(now: Int64) -> Bool { now < penalisedUntil }

    /// Takes away credit for bad input.
    ///
    /// - Returns: whether a penalty starts with it.
    mutating func charge(_ pieces: Int, now: Int64) -> Bool {
        let refilled = min(Self.full, credit + Double(max(0, now - updated)) * Self.perMicrosecond)
        // Credit full again, not by the silence of the penalty itself, shows that it has helped.
        if refilled == Self.full, now >= penalisedUntil + Self.refillTime { penalty = Self.firstPenalty }
        updated = now
        credit = max(0, refilled - Double(pieces))
        guard credit < 1, !isPenalised(now: now) else { return false }
        penalisedUntil = now + penalty
        penalty = min(penalty * 2, Self.longestPenalty)
        return true
    }
}
