internal import Bytes
internal import Locks
internal import RhizomeCore
internal import SignedStatements

/// Where the folds over much that was said of properties have come to, so that the next reading goes on from there
/// (spec: views.md, "What an answer costs").
///
/// A fold is kept with what its state depends on (``FoldBasis``). Whoever appends tells of each batch, in order: a delta
/// about the entity is folded in by the next reading; one that may change how what was folded counts lets the fold go,
/// and it is begun anew. Nothing else touches it, however much is appended. Calls from anywhere, at once.
final class KeptFolds: Sendable {
    fileprivate struct Entry {
        var fold: KeptFold
        var lastUse: UInt64
    }

    fileprivate struct State {
        var entries: [KeptFold.Key: Entry] = [:]
        /// The folds over what was said of an entity.
        var keys: [Text: Set<KeptFold.Key>] = [:]
        var bytes = 0
        var clock: UInt64 = 0
        /// The last position that was told of.
        var position: Int64 = 0
        /// Readings that may end with a fold.
        var readings = 0
        /// What was appended while there were any, by position.
        var recent: [FoldImpact] = []
        /// The position up to which ``recent`` knows nothing.
        var forgotten: Int64 = 0
    }

    /// Folds that are kept at most: each delta that negates, or is of a transaction, is held against all of them.
    private static let most = 256
    /// Deltas that are remembered while folds are being made.
    private static let mostRecent = 1 << 16

    /// Words after which it is worth keeping where a fold has come to.
    let worthKeeping: Int
    private let capacity: Int
    private let state = Lock(State())

    /// None is kept yet.
    ///
    /// - Parameters:
    ///   - capacity: bytes that all may take together, about.
    ///   - worthKeeping: words after which it is worth keeping where a fold has come to.
    init(capacity: Int, worthKeeping: Int) {
        self.capacity = capacity
        self.worthKeeping = worthKeeping
    }

    /// About how many bytes of memory they take.
    var bytes: Int { state.withLock { $0.bytes } }
    /// How many are kept.
    var count: Int { state.withLock { $0.entries.count } }

    /// Takes note of appended deltas, each once and in the order of positions.
    func note(_ appended: [StoredDelta]) {
        state.withLock { state in
            guard let last = appended.last?.position else { return }
            defer { state.position = last }
            guard state.readings > 0 || !state.entries.isEmpty else { return }
            for stored in appended {
                let impact = FoldImpact(ViewedDelta(stored.delta), at: stored.position)
                state.apply(impact)
                if state.readings > 0 { state.recent.append(impact) }
            }
            // Seldom, since what is left is moved.
            if state.recent.count > 2 * Self.mostRecent {
                let excess = state.recent.count - Self.mostRecent
                state.forgotten = state.recent[excess - 1].position
                state.recent.removeFirst(excess)
            }
        }
    }

    // MARK: - Reading

    /// Tells that a reading begins that may end with a fold: what is appended from now on is remembered for it.
    func begin() {
        state.withLock { state in
            if state.readings == 0 { state.forgotten = state.position }
            state.readings += 1
        }
    }

    /// Tells that such a reading has ended, and keeps what it folded, unless what came meanwhile has changed it.
    func end(keeping folds: [KeptFold] = []) {
        state.withLock { state in
            for fold in folds { keep(fold, &state) }
            state.readings -= 1
            if state.readings == 0 { state.recent = [] }
        }
    }

    /// A fold as far as it was told of what was appended.
    ///
    /// - Returns: also the position up to which that is.
    func fold(_ key: KeptFold.Key) -> (fold: KeptFold, position: Int64)? {
        state.withLock { state in
            guard var entry = state.entries[key] else { return nil }
            state.clock += 1
            entry.lastUse = state.clock
            state.entries[key] = entry
            return (entry.fold, max(state.position, entry.fold.position))
        }
    }

    private func keep(_ fold: KeptFold, _ state: inout State) {
        guard fold.bytes <= capacity, fold.position >= state.forgotten,
            state.entries[fold.key].map({ $0.fold.position < fold.position }) ?? true
        else { return }
        var fold = fold
        for impact in state.recent where impact.position > fold.position {
            guard fold.take(impact) else { return }
        }
        state.remove(fold.key)
        state.clock += 1
        state.entries[fold.key] = Entry(fold: fold, lastUse: state.clock)
        state.keys[fold.key.entity, default: []].insert(fold.key)
        state.bytes += fold.bytes
        while state.bytes > capacity || state.entries.count > Self.most,
            let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse })?.key
        {
            state.remove(oldest)
        }
    }
}

extension KeptFolds.State {
    /// Tells all folds of a delta.
    fileprivate mutating func apply(_ impact: FoldImpact) {
        for entity in impact.entities {
            for key in keys[entity] ?? [] { take(impact, key) }
        }
        for key in entries.keys where !impact.names.isEmpty || !key.eyes.moderators.isEmpty { take(impact, key) }
    }

    private mutating func take(_ impact: FoldImpact, _ key: KeptFold.Key) {
        guard let before = entries[key]?.fold.bytes, let isKept = entries[key]?.fold.take(impact) else { return }
        guard isKept, let after = entries[key]?.fold.bytes else { return remove(key) }
        bytes += after - before
    }

    fileprivate mutating func remove(_ key: KeptFold.Key) {
        guard let entry = entries.removeValue(forKey: key) else { return }
        bytes -= entry.fold.bytes
        keys[key.entity]?.remove(key)
        if keys[key.entity]?.isEmpty == true { keys[key.entity] = nil }
    }
}
