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
    }

    private struct Holder {
        /// Oldest first; keys that are gone are passed over.
        var order: [Bytes32] = []
        var next = 0
        var count = 0
        var bytes = 0
    }

    private let limits: Limits
    private var entries: [Bytes32: Entry] = [:]
    private var holders: [PublicKey?: Holder] = [:]
    private var waitingForID: [DeltaID: Set<Bytes32>] = [:]
    private var waitingForTrust: [PublicKey: Set<Bytes32>] = [:]
    private var waitingForTime: Set<Bytes32> = []
    private(set) var bytes = 0
    /// How many were dropped to make room.
    private(set) var evicted = 0

    init(limits: Limits = Limits()) { self.limits = limits }

    /// How many deltas wait.
    var count: Int { entries.count }

    /// The earliest moment for which a delta waits.
    var nextDue: Int64? {
        waitingForTime.compactMap { key in
            guard case .due(let time)? = entries[key]?.wait else { return nil }
            return time
        }.min()
    }

    /// Whether this very delta waits already.
    func contains(_ key: Bytes32) -> Bool { entries[key] != nil }

    /// The authors who wait for trust.
    var unknownAuthors: [PublicKey] { Array(waitingForTrust.keys) }

    /// Adds a delta; one with the same bytes takes its place.
    mutating func insert(_ entry: Entry) {
        _ = remove(entry.key)
        let size = entry.delta.bytes.count
        var holder = holders[entry.source] ?? Holder()
        holder.order.append(entry.key)
        holder.count += 1
        holder.bytes += size
        holders[entry.source] = holder
        bytes += size
        entries[entry.key] = entry
        switch entry.wait {
        case .trust: waitingForTrust[entry.delta.author, default: []].insert(entry.key)
        case .gap(let missing): for id in missing { waitingForID[id, default: []].insert(entry.key) }
        case .due: waitingForTime.insert(entry.key)
        }
        while let holder = holders[entry.source],
            holder.count > limits.deltas / limits.share || holder.bytes > limits.bytes / limits.share
        {
            evictOldest(of: entry.source)
        }
        while entries.count > limits.deltas || bytes > limits.bytes {
            let most = holders.max { ($0.value.bytes, $0.value.count) < ($1.value.bytes, $1.value.count) }
            guard let most else { break }
            evictOldest(of: most.key)
        }
    }

    private mutating func evictOldest(of source: PublicKey?) {
        guard var holder = holders[source] else { return }
        while holder.next < holder.order.count, entries[holder.order[holder.next]] == nil { holder.next += 1 }
        guard holder.next < holder.order.count else {
            holders[source] = nil
            return
        }
        let key = holder.order[holder.next]
        holder.next += 1
        holders[source] = holder
        _ = remove(key)
        evicted += 1
    }

    private mutating func remove(_ key: Bytes32) -> Entry? {
        guard let entry = entries.removeValue(forKey: key) else { return nil }
        let size = entry.delta.bytes.count
        bytes -= size
        if var holder = holders[entry.source] {
            holder.count -= 1
            holder.bytes -= size
            if holder.count == 0 {
                holders[entry.source] = nil
            } else {
                // Keys that are gone would pile up where a peer's deltas are taken before they get old.
                if holder.order.count > 2 * holder.count + 64 {
                    holder.order = holder.order[holder.next...].filter { entries[$0] != nil }
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
            guard case .due(let time)? = entries[key]?.wait else { return false }
            return time <= now
        }
        return due.sorted().compactMap { remove($0) }
    }

    /// The ids that deltas of one author wait for.
    func missing(of author: PublicKey) -> [DeltaID] {
        waitingForID.filter { _, keys in keys.contains { entries[$0]?.delta.author == author } }.map(\.key)
    }
}
