internal import Locks
package import SignedStatements

/// Holds back the first write after a start until the peers were asked for our own log, for at most 3 s, so that a
/// restored backup heals before it forks (spec: admission.md, "Forks").
package final class OwnLogGate: Sendable {
    private static let patience = Duration.seconds(3)

    /// The peers that are waited for; writing may begin where there are none.
    private let awaited = TaskCondition<Set<PublicKey>>([])

    /// Waits for these peers, from now on, for 3 s by the clock at most.
    package func close(until peers: Set<PublicKey>, by clock: NodeClock) {
        guard !peers.isEmpty else { return }
        awaited.change { $0 = peers }
        // Owner: the gate; it ends after the patience. No write's own task, since that may be cancelled, and must not
        // open the gate for the others then.
        Task {
            try? await clock.sleep(for: Self.patience)
            awaited.change { $0 = [] }
        }
    }

    /// A peer was asked, or can't be.
    package func settled(_ peer: PublicKey) { awaited.change { _ = $0.remove(peer) } }

    /// Waits until writing may begin; at once after the first time.
    ///
    /// Not shortened by cancellation: it is short enough.
    func pass() async { await awaited.waitThroughCancellation { $0.isEmpty ? () : nil } }
}
