internal import Bytes

/// How much bad input a peer may still send: 1,000 pieces, refilled at 10 a second; at zero it is turned away for 15 s,
/// doubling to 10 min (spec: admission.md).
///
/// A pure value.
struct PeerCredit: Sendable {
    private static let full = 1_000.0
    private static let perSecond = 10.0
    /// From nothing to full.
    private static let refillTime = Duration.seconds(100)
    private static let firstPenalty = Duration.seconds(15)
    private static let longestPenalty = Duration.seconds(600)

    private var credit = PeerCredit.full
    private var updated: Uptime
    private var penalty = PeerCredit.firstPenalty
    /// Until when the peer is turned away.
    private(set) var penalisedUntil = Uptime.min

    init(now: Uptime) { updated = now }

    /// Whether the peer is turned away at this moment.
    func isPenalised(now: Uptime) -> Bool { now < penalisedUntil }

    /// Takes away credit for bad input.
    ///
    /// - Returns: whether a penalty starts with it.
    mutating func charge(_ pieces: Int, now: Uptime) -> Bool {
        let refilled = min(Self.full, credit + max(.zero, now - updated) / .seconds(1) * Self.perSecond)
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
