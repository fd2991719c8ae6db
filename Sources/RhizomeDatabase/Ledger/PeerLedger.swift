internal import Locks
internal import RhizomeCore
public import SignedStatements

/// What is counted of each peer: decisions on its deltas, and the credit that bad input uses up.
///
/// Shared between the intake, the socket thread and HTTP; each call takes a lock for a moment and never waits.
public final class PeerLedger: Sendable {
    private struct Account {
        var counts = DecisionCounts()
        var credit: PeerCredit
    }

    private struct State {
        var accounts: [PublicKey?: Account] = [:]
    }

    private let clock: NodeClock
    private let metrics: DatabaseMetrics
    private let state = Lock(State())
    private let onPenalty: @Sendable (PublicKey) -> Void

    package init(clock: NodeClock, metrics: DatabaseMetrics, onPenalty: @escaping @Sendable (PublicKey) -> Void) {
        self.clock = clock
        self.metrics = metrics
        self.onPenalty = onPenalty
    }

    /// Counts a decision on deltas that a peer sent, or that were written here.
    ///
    /// Rejected input of which the sender alone can be the cause is charged to it (spec: admission.md, "What counts
    /// against whom").
    func count(_ decision: Decision, times: Int = 1, from peer: PublicKey?) {
        state.withLock { state in
            let new = Account(credit: PeerCredit(now: clock.uptime))
            state.accounts[peer, default: new].counts.count(decision, times: times)
        }
        metrics.decided(decision, times: times, from: peer)
        switch decision {
        case .reject(.limit), .reject(.malformed), .reject(.signature), .reject(.bodyMismatch):
            charge(peer, pieces: times)
        case .reject(.chain), .reject(.timeOrder), .reject(.distrusted), .accept, .duplicate, .defer: break
        }
    }

    /// Charges a peer for a message of bad input by what moving it costs: one piece, and one more for each 64 KiB of it,
    /// or one for each 4 frames where that is more.
    package func charge(_ peer: PublicKey?, bytes: Int, frames: Int = 1) {
        charge(peer, pieces: max(1 + bytes / Self.bytesOfPiece, frames / 4))
    }

    private static let bytesOfPiece = 64 * 1024

    /// Charges a peer for pieces of bad input: malformed deltas, replies or requests.
    package func charge(_ peer: PublicKey?, pieces: Int = 1) {
        guard let peer else { return }
        metrics.badInput(pieces, from: peer)
        let now = clock.uptime
        let starts = state.withLock { state in
            var account = state.accounts[peer] ?? Account(credit: PeerCredit(now: now))
            let starts = account.credit.charge(pieces, now: now)
            state.accounts[peer] = account
            return starts
        }
        if starts { onPenalty(peer) }
    }

    /// Whether a peer is turned away at this moment.
    public func isPenalised(_ peer: PublicKey) -> Bool {
        state.withLock { $0.accounts[peer]?.credit.isPenalised(now: clock.uptime) ?? false }
    }

    /// The decisions on a peer's deltas; `nil` asks for this node's own.
    public func counts(of peer: PublicKey?) -> DecisionCounts {
        state.withLock { $0.accounts[peer]?.counts ?? DecisionCounts() }
    }
}
