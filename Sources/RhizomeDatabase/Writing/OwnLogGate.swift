internal import Locks
package import SignedLog

/// Holds back the first write after a start until the peers were asked for our own log, for at most 3 s, so that a
/// restored backup heals before it forks (spec: admission.md, "Forks").
package final class OwnLogGate: Sendable {
    private struct State {
        var awaited: Set<PublicKey> = []
        var waiters: [CheckedContinuation<Void, Never>] = []
        var isOpen = true
    }

    private static let patience = Duration.seconds(3)

    private let state = Lock(State())

    /// Waits for these peers, from now on, for 3 s by the clock at most.
    package func close(until peers: Set<PublicKey>, by clock: NodeClock) {
        guard !peers.isEmpty else { return }
        state.withLock { state in
            state.awaited = peers
            state.isOpen = false
        }
        // Owner: the gate; it ends after the patience. No write's own task, since that may be cancelled, and must not
        // open the gate for the others then.
        Task {
            try? await clock.sleep(for: Self.patience)
            open()
        }
    }

    /// A peer was asked, or can't be.
    package func settled(_ peer: PublicKey) {
        let isLast = state.withLock { state in
            state.awaited.remove(peer)
            return state.awaited.isEmpty
        }
        if isLast { open() }
    }

    private func open() {
        let waiters = state.withLock { state in
            state.isOpen = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Waits until writing may begin; at once after the first time.
    ///
    /// Not shortened by cancellation: it is short enough.
    func pass() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiters.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }
}
