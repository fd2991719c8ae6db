internal import Bytes
internal import Locks
internal import RhizomeCore
internal import SignedStatements

/// The greatest time of this node's own deltas, by which it is known without asking the store whether it can write
/// (spec: admission.md, "Clocks").
final class OwnLogTime: Sendable {
    private let own: PublicKey
    private let latest: Lock<Timestamp>

    /// - Parameter heads: of the own log: nothing in it is later than the latest of them.
    init(of own: PublicKey, heads: [Head]) {
        self.own = own
        latest = Lock(heads.map(\.timeCreated).max() ?? .min)
    }

    /// Takes note of what was accepted.
    func note(_ batch: [StoredDelta]) {
        let times = batch.lazy.filter { $0.delta.author == self.own }.map(\.delta.header.timeCreated)
        guard let time = times.max() else { return }
        latest.withLock { $0 = max($0, time) }
    }

    /// Why nothing can be written at this moment; `nil` where the clock isn't in the way.
    func error(now: Timestamp) -> WriteError? {
        let after = latest.withLock { $0 }
        return WriteError.clock(forWritingAt: after.next, now: now)
    }
}
