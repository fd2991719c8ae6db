internal import SignedLog
internal import Synchronization

/// Holds back the first write after a start until the peers were asked for our own log, for at most 3 s, so that a
/// restored backup heals before it forks (spec: admission.md, "Forks").
final class OwnLogGate: Sendable {
    private struct State {
        var awaited: Set<PublicKey>
        var waiters: [CheckedContinuation<Void, Never>] = []
        var isOpen: Bool
    }

    private static let patience = Duration.seconds(3)
    private let state: Mutex<State>
    private let opening: ContinuousClock.Instant

    /// Waits for these peers, from now on.
    init(peers: Set<PublicKey>) {
        state = Mutex(State(awaited: peers, isOpen: peers.isEmpty))
        opening = ContinuousClock.now + Self.patience
    }

    /// A peer was asked, or can't be.
    func settled(_ peer: PublicKey) {
        let waiters = state.withLock { state in
            state.awaited.remove(peer)
            return state.awaited.isEmpty ? Self.open(&state) : []
        }
        for waiter in waiters { waiter.resume() }
    }

    private static func open(_ state: inout State) -> [CheckedContinuation<Void, Never>] {
        state.isOpen = true
        defer { state.waiters = [] }
        return state.waiters
    }

    /// Waits until writing may begin; at once after the first time.
    func pass() async {
        guard !state.withLock({ $0.isOpen }) else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [self] in
                await withCheckedContinuation { continuation in
                    let isOpen = state.withLock { state in
                        if !state.isOpen { state.waiters.append(continuation) }
                        return state.isOpen
                    }
                    if isOpen { continuation.resume() }
                }
            }
            group.addTask { [self] in
                try? await Task.sleep(until: opening)
                let waiters = state.withLock { Self.open(&$0) }
                for waiter in waiters { waiter.resume() }
            }
            await group.next()
            group.cancelAll()
        }
    }
}
