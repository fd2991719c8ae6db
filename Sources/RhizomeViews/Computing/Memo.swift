internal import Locks

/// What was worked out lately and stays true, for as long as there is room.
///
/// Calls from anywhere, at once.
final class Memo<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Entry {
        let value: Value
        let cost: Int
        var lastUse: UInt64
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var cost = 0
        var clock: UInt64 = 0
    }

    private let capacity: Int
    private let state = Lock(State())

    /// An empty one.
    ///
    /// - Parameter capacity: what all that is kept may cost together; one value takes an eighth at most.
    init(capacity: Int) { self.capacity = capacity }

    /// What all that is kept costs.
    var cost: Int { state.withLock { $0.cost } }

    /// What is kept under a key.
    func value(of key: Key) -> Value? {
        state.withLock { state in
            guard let entry = state.entries[key] else { return nil }
            state.clock += 1
            state.entries[key]?.lastUse = state.clock
            return entry.value
        }
    }

    /// Keeps a value, unless it is too large; those that were used longest ago make room.
    func keep(_ value: Value, of key: Key, cost: Int) {
        guard cost <= capacity / 8 else { return }
        state.withLock { state in
            state.clock += 1
            let before = state.entries.updateValue(Entry(value: value, cost: cost, lastUse: state.clock), forKey: key)
            state.cost += cost - (before?.cost ?? 0)
            guard state.cost > capacity else { return }
            // Seldom, since a tenth goes each time.
            for (key, entry) in state.entries.sorted(by: { $0.value.lastUse < $1.value.lastUse }) {
                guard state.cost > capacity / 10 * 9 else { return }
                state.entries[key] = nil
                state.cost -= entry.cost
            }
        }
    }
}
