internal import Bytes
internal import RhizomeCore
internal import SignedLog

/// Deltas that wait, in bounded memory: keyed by the hash of all their bytes (spec: admission.md).
///
/// At most 10,000 deltas or 64 MiB in all and no peer more than an eighth of either, its own oldest going first; where
/// the whole is full, the oldest of whoever holds most goes. Not durable: what is evicted comes again by catching up.
struct DeferredPool {
    /// How much the pool may hold.
    struct Limits {
        var deltas = 10_000
        var bytes = 64 * 1024 * 1024
        /// What part of either one peer may take: an eighth.
        var share = 8
    }

    /// What a delta waits for.
    enum Wait {
        /// Trust in its author; the delta is not verified.
        case trust
        /// These deltas before it.
        case gap([DeltaID])
        /// This moment, µs since 1970.
        case due(Int64)

        var reason: Deferral {
            switch self {
            case .trust: .unknownAuthor
            case .gap: .gap
            case .due: .future
            }
        }
    }

    /// A delta that waits.
    struct Entry {
        let key: Bytes32
        let delta: SignedDelta
        /// None while its author isn't trusted.
        let verified: VerifiedDelta?
        let source: PublicKey?
        let wait: Wait

        /// The same delta of the same peer, waiting for something else.
        func waiting(for wait: Wait) -> Entry {
            Entry(key: key, delta: delta, verified: verified, source: source, wait: wait)
        }
    }

    private struct Kept {
        let entry: Entry
        let number: UInt64
    }

    private struct Holder {
        /// Oldest first; what is gone, or came anew since, is passed over.
        var order: [(number: UInt64, key: Bytes32)] = []
        var next = 0
        var count = 0
        var bytes = 0
    }

    private let limits: Limits
    private var entries: [Bytes32: Kept] = [:]
    private var holders: [PublicKey?: Holder] = [:]
    private var waitingForID: [DeltaID: Set<Bytes32>] = [:]
    private var waitingForTrust: [PublicKey: Set<Bytes32>] = [:]
    private var waitingForTime: Set<Bytes32> = []
    private var inserted: UInt64 = 0
    private(set) var bytes = 0
    /// How many were dropped to make room.
    private(set) var evicted = 0

    init(limits: Limits = Limits()) { self.limits = limits }

    /// How many deltas wait.
    var count: Int { entries.count }

    /// Whether this very delta waits already.
    func contains(_ key: Bytes32) -> Bool { entries[key] != nil }

    /// The authors who wait for trust.
    var unknownAuthors: [PublicKey] { Array(waitingForTrust.keys) }

    /// Adds a delta, unless the same bytes wait for the same kind of thing already.
    ///
    /// Whoever brought it first goes on holding it: else a peer could take over what others hold and have it evicted.
    mutating func insert(_ entry: Entry) {
        var source = entry.source
        if let old = entries[entry.key]?.entry {
            guard old.wait.reason != entry.wait.reason else { return }
            source = old.source
            _ = remove(entry.key)
        }
        add(
            Entry(key: entry.key, delta: entry.delta, verified: entry.verified, source: source, wait: entry.wait)
        )
        while let holder = holders[source],
            holder.count > limits.deltas / limits.share || holder.bytes > limits.bytes / limits.share
        {
            evictOldest(of: source)
        }
        while entries.count > limits.deltas { evictOldest { ($0.count, $0.bytes) } }
        while bytes > limits.bytes { evictOldest { ($0.bytes, $0.count) } }
    }

    private mutating func add(_ entry: Entry) {
        inserted += 1
        let size = entry.delta.bytes.count
        var holder = holders[entry.source] ?? Holder()
        holder.order.append((inserted, entry.key))
        holder.count += 1
        holder.bytes += size
        holders[entry.source] = holder
        bytes += size
        entries[entry.key] = Kept(entry: entry, number: inserted)
        switch entry.wait {
        case .trust: waitingForTrust[entry.delta.author, default: []].insert(entry.key)
        case .gap(let missing): for id in missing { waitingForID[id, default: []].insert(entry.key) }
        case .due: waitingForTime.insert(entry.key)
        }
    }

    /// Drops the oldest delta of whoever holds most by that measure; of several who do, the oldest of all.
    private mutating func evictOldest(byMost measure: (Holder) -> (Int, Int)) {
        guard let most = holders.values.map(measure).max(by: <) else {
            preconditionFailure("what is over a limit is held by somebody")
        }
        let holding = holders.filter { measure($0.value) == most }
        let oldest = holding.min { number(ofOldest: $0.value) < number(ofOldest: $1.value) }
        if let oldest { evictOldest(of: oldest.key) }
    }

    private func number(ofOldest holder: Holder) -> UInt64 {
        holder.order[holder.next...].first { isKept($0) }?.number ?? .max
    }

    private mutating func evictOldest(of source: PublicKey?) {
        guard var holder = holders[source] else { return }
        while holder.next < holder.order.count, !isKept(holder.order[holder.next]) { holder.next += 1 }
        guard holder.next < holder.order.count else {
            preconditionFailure("a holder's deltas stand in its order")
        }
        let key = holder.order[holder.next].key
        holder.next += 1
        holders[source] = holder
        _ = remove(key)
        evicted += 1
    }

    private func isKept(_ place: (number: UInt64, key: Bytes32)) -> Bool {
        entries[place.key]?.number == place.number
    }

    private mutating func remove(_ key: Bytes32) -> Entry? {
        guard let entry = entries.removeValue(forKey: key)?.entry else { return nil }
        let size = entry.delta.bytes.count
        bytes -= size
        if var holder = holders[entry.source] {
            holder.count -= 1
            holder.bytes -= size
            if holder.count == 0 {
                holders[entry.source] = nil
            } else {
                // Places of deltas that are gone would pile up where a peer's deltas are taken before they get old.
                if holder.order.count > 2 * holder.count + 64 {
                    holder.order = holder.order[holder.next...].filter { isKept($0) }
                    holder.next = 0
                }
                holders[entry.source] = holder
            }
        }
        switch entry.wait {
        case .trust: Self.drop(key, at: entry.delta.author, from: &waitingForTrust)
        case .gap(let missing): for id in missing { Self.drop(key, at: id, from: &waitingForID) }
        case .due: waitingForTime.remove(key)
        }
        return entry
    }

    private static func drop<Index>(_ key: Bytes32, at index: Index, from table: inout [Index: Set<Bytes32>]) {
        table[index]?.remove(key)
        if table[index]?.isEmpty == true { table[index] = nil }
    }

    /// Takes out what waits for a delta.
    mutating func take(waitingFor id: DeltaID) -> [Entry] {
        (waitingForID[id] ?? []).sorted().compactMap { remove($0) }
    }

    /// Takes out what waits for trust in an author.
    mutating func take(waitingForTrustIn author: PublicKey) -> [Entry] {
        (waitingForTrust[author] ?? []).sorted().compactMap { remove($0) }
    }

    /// Takes out what was to wait until this moment.
    mutating func take(dueAt now: Int64) -> [Entry] {
        let due = waitingForTime.filter { key in
            guard case .due(let time)? = entries[key]?.entry.wait else { return false }
            return time <= now
        }
        return due.sorted().compactMap { remove($0) }
    }
}
