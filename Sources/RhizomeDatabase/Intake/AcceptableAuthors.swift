internal import Locks
internal import SignedStatements

/// Remembers which keys can be identities, so that a liar can't make us compute that again and again.
///
/// Checking a key costs nearly a verification (spec: admission.md, row 1). Bounded: when one half is full the older half
/// is forgotten.
final class AcceptableAuthors: Sendable {
    private struct State {
        var recent: [PublicKey: Bool] = [:]
        var older: [PublicKey: Bool] = [:]
    }

    private static let half = 4096
    private let state = Lock(State())

    /// How many keys are remembered.
    var remembered: Int { state.withLock { $0.recent.count + $0.older.count } }

    /// Whether the key can be an identity.
    func isAcceptable(_ key: PublicKey) -> Bool {
        if let known = state.withLock({ $0.recent[key] ?? $0.older[key] }) { return known }
        let answer = key.isAcceptable
        state.withLock { state in
            if state.recent.count >= Self.half {
                state.older = state.recent
                state.recent = [:]
            }
            state.recent[key] = answer
        }
        return answer
    }
}
