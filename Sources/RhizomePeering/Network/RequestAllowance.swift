internal import Bytes

/// How much a peer may ask for: 40,000 units, refilled at 8,000 a second.
///
/// A request takes one, and one more for each 16 KiB of it and of its answer. So a peer may be given 128 MiB a second
/// for ever, or 8,000 small answers, which is more than a node can verify and store that catches up: only one that asks
/// for the sake of asking comes to the end of it. A request beyond those that may be under way takes 20, since no node
/// that waits for answers sends any. At the end of it a peer is answered `busy`, which costs as much as any request;
/// whoever still goes on, 2,000 units further, is charged for each (``PeerCredit``).
///
/// A pure value.
struct RequestAllowance: Sendable {
    /// What becomes of a request.
    enum Answer: Sendable {
        /// It is worked on.
        case serve
        /// It is answered `busy`.
        case busy
        /// It is answered `busy`, and counts as bad input.
        case charge
    }

    private static let full = 40_000.0
    private static let perSecond = 8_000.0
    private static let bytesPerUnit = 16.0 * 1024
    private static let beyondLimit = 20.0
    /// How far below nothing it goes before requests are charged.
    private static let patience = 2_000.0

    private var units = RequestAllowance.full
    private var updated: Uptime

    init(now: Uptime) { updated = now }

    /// Takes away what a request costs, whatever becomes of it.
    ///
    /// - Parameter hasRoom: whether fewer are under way than may be.
    mutating func ask(bytes: Int, hasRoom: Bool, now: Uptime) -> Answer {
        units = min(Self.full, units + max(.zero, now - updated) / .seconds(1) * Self.perSecond)
        updated = max(updated, now)
        let isUsedUp = units < 1
        units = max(units - (hasRoom ? 1 : Self.beyondLimit) - Double(bytes) / Self.bytesPerUnit, -Self.patience)
        guard isUsedUp else { return hasRoom ? .serve : .busy }
        return units <= -Self.patience ? .charge : .busy
    }

    /// Takes away what an answer costs, which is known when it is there; answers alone bring nobody below nothing.
    mutating func spend(bytes: Int) { units = max(units - Double(bytes) / Self.bytesPerUnit, min(units, 0)) }
}
