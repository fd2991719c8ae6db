internal import Locks
internal import RhizomeCore
public import SignedLog

/// What is counted of each peer: decisions on its deltas, and the credit that bad input uses up.
///
/// Shared between the intake, the socket thread and HTTP; each call takes a lock for a moment and never waits.
public final class PeerLedger: Sendable {
    private struct Account {
        var counts = DecisionCounts()
        var credit: PeerCredit
        var badInput: Int64 = 0
    }

    private struct State {
        var accounts: [PublicKey?: Account] = [:]
        var total = DecisionCounts()
    }

    private let clock: NodeClock
    private let state = Lock(State())
    private let onPenalty: @Sendable (PublicKey) -> Void

    init(clock: NodeClock, onPenalty: @escaping @Sendable (PublicKey) -> Void) {
        self.clock = clock
        self.onPenalty = onPenalty
    }

    /// Counts a decision on a delta that a peer sent, or that was written here.
    ///
    /// Rejected input of which the sender alone can be the cause is charged to it (spec: admission.md, "What counts
    /// against whom").
    func count(_ decision: Decision, from peer: PublicKey?) {
        state.withLock { state in
            state.accounts[peer, default: Account(credit: PeerCredit(now: clock.uptime))].counts.count(decision)
            state.total.count(decision)
        }
        switch decision {
        case .reject(.limit), .reject(.malformed), .reject(.signature), .reject(.bodyMismatch): charge(peer)
        case .reject(.chain), .reject(.timeOrder), .reject(.distrusted), .accept, .duplicate, .defer: break
        }
    }

    /// Charges a peer for a piece of bad input: a malformed frame or request, an unanswerable message.
    func charge(_ peer: PublicKey?, pieces: Int = 1) {
        guard let peer else { return }
        let now = clock.uptime
        let starts = state.withLock { state in
            var account = state.accounts[peer] ?? Account(credit: PeerCredit(now: now))
            account.badInput += Int64(pieces)
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

    /// The decisions on all deltas since the start.
    public var total: DecisionCounts { state.withLock { $0.total } }

    /// How many pieces of bad input came since the start.
    public var badInput: Int64 { state.withLock { $0.accounts.values.reduce(0) { $0 + $1.badInput } } }
}
