internal import Bytes
internal import DequeModule
internal import RhizomeCore
internal import SignedStatements
internal import Sodium

/// Deltas that wait, as bytes in bounded memory: keyed by the hash of all of them (spec: admission.md).
///
/// At most 10,000 deltas or 64 MiB in all and no peer more than an eighth of either, its own oldest going first. Who
/// brings a delta that waits already holds it as well, and it stays as long as one of its holders has room for it. Where
/// the whole is full, the oldest of whoever holds most goes. Not durable: what is evicted comes again by catching up.
///
/// When what a delta waits for has come it is *ready*, and stays here until the intake takes it up, a portion at a time.
package struct DeferredPool {
    /// How much the pool may hold.
    package struct Limits {
        let deltas: Int
        let bytes: Int
        /// What part of either one peer may take: an eighth.
        let share: Int

        /// Limits; by default those of the specification.
        package init(deltas: Int = 10_000, bytes: Int = 64 << 20, share: Int = 8) {
            self.deltas = deltas
            self.bytes = bytes
            self.share = share
        }
    }

    /// What a delta waits for.
    enum Wait {
        /// Trust in its author; the delta is not verified.
        case trust
        /// These deltas before it.
        case gap([DeltaID])
        /// This moment, µs since 1970.
        case due(Timestamp)

        var reason: Deferral {
            switch self {
            case .trust: .unknownAuthor
            case .gap: .gap
            case .due: .future
            }
        }
    }

    private struct Holder {
        /// Oldest first; what is gone, or came anew since, is passed over.
        var order: [(number: UInt64, key: Bytes32)] = []
        var next = 0
        var count = 0
        var bytes = 0
    }

    private struct Kept {
        let bytes: [UInt8]
        let id: DeltaID
        let author: PublicKey
        /// None once it is ready.
        var wait: Wait?
        /// Who holds it, the first one first, and the number under which it stands in that one's order.
        var holders: [(source: PublicKey?, number: UInt64)]

        func number(of source: PublicKey?) -> UInt64? { holders.first { $0.source == source }?.number }
    }

    private let limits: Limits
    private var kept: [Bytes32: Kept] = [:]
    private var holders: [PublicKey?: Holder] = [:]
    private var waitingForID: [DeltaID: Set<Bytes32>] = [:]
    private var waitingForTrust: [PublicKey: Set<Bytes32>] = [:]
    private var waitingForTime: Set<Bytes32> = []
    /// Each after what it waited for; what is gone is passed over.
    private var ready: Deque<Bytes32> = []
    private var lastNumber: UInt64 = 0
    private(set) var bytes = 0
    /// How many were dropped to make room.
    private(set) var evicted = 0

    init(limits: Limits = Limits()) { self.limits = limits }

    /// How many deltas wait.
    var count: Int { kept.count }

    /// Whether something waits for a moment.
    var waitsForTime: Bool { !waitingForTime.isEmpty }

    /// Whether something waits to be taken up.
    var hasReady: Bool { ready.contains { isReady($0) } }

    private func isReady(_ key: Bytes32) -> Bool { kept[key].map { $0.wait == nil } ?? false }

    // MARK: - Adding

    /// Adds a delta, or further holders of one that waits already.
    ///
    /// - Parameter sources: who brought these bytes.
    mutating func insert(_ delta: SignedDelta, of sources: [PublicKey?], waitingFor wait: Wait) {
        let key = SHA256.hash(delta.bytes)
        if kept[key] == nil {
            kept[key] = Kept(bytes: delta.bytes, id: delta.id, author: delta.author, wait: wait, holders: [])
            bytes += delta.bytes.count
            register(key)
        } else if !isReady(key) {
            // Judged anew: what it waits for now is what counts. What is ready is looked at soon in any case.
            unregister(key)
            kept[key]?.wait = wait
            register(key)
        }
        for source in sources { hold(key, source) }
        for source in sources {
            while let holder = holders[source],
                holder.count > limits.deltas / limits.share || holder.bytes > limits.bytes / limits.share
            {
                releaseOldest(of: source)
            }
        }
        while kept.count > limits.deltas { releaseOldest { ($0.count, $0.bytes) } }
        while bytes > limits.bytes { releaseOldest { ($0.bytes, $0.count) } }
    }

    private mutating func hold(_ key: Bytes32, _ source: PublicKey?) {
        guard let delta = kept[key], delta.number(of: source) == nil else { return }
        lastNumber += 1
        kept[key]?.holders.append((source, lastNumber))
        holders[source, default: Holder()].order.append((lastNumber, key))
        holders[source]?.count += 1
        holders[source]?.bytes += delta.bytes.count
    }

    private mutating func register(_ key: Bytes32) {
        guard let delta = kept[key] else { return }
        switch delta.wait {
        case .trust: waitingForTrust[delta.author, default: []].insert(key)
        case .gap(let missing): for id in missing { waitingForID[id, default: []].insert(key) }
        case .due: waitingForTime.insert(key)
        case nil: ready.append(key)
        }
    }

    private mutating func unregister(_ key: Bytes32) {
        guard let delta = kept[key] else { return }
        switch delta.wait {
        case .trust: Self.drop(key, at: delta.author, from: &waitingForTrust)
        case .gap(let missing): for id in missing { Self.drop(key, at: id, from: &waitingForID) }
        case .due: waitingForTime.remove(key)
        case nil: break
        }
    }

    private static func drop<Index>(_ key: Bytes32, at index: Index, from table: inout [Index: Set<Bytes32>]) {
        table[index]?.remove(key)
        if table[index]?.isEmpty == true { table[index] = nil }
    }

    // MARK: - Making room

    /// Takes the oldest delta from whoever holds most by that measure; of several who do, the oldest of all.
    private mutating func releaseOldest(byMost measure: (Holder) -> (Int, Int)) {
        guard let most = holders.values.map(measure).max(by: <) else {
            preconditionFailure("what is over a limit is held by somebody")
        }
        let holding = holders.filter { measure($0.value) == most }
        let oldest = holding.min { number(ofOldest: $0) < number(ofOldest: $1) }
        if let oldest { releaseOldest(of: oldest.key) }
    }

    private func number(ofOldest holder: (key: PublicKey?, value: Holder)) -> UInt64 {
        holder.value.order[holder.value.next...].first { isHeld($0, by: holder.key) }?.number ?? .max
    }

    private func isHeld(_ place: (number: UInt64, key: Bytes32), by source: PublicKey?) -> Bool {
        kept[place.key]?.number(of: source) == place.number
    }

    /// Takes its oldest delta from a holder; it is gone where nobody else holds it.
    private mutating func releaseOldest(of source: PublicKey?) {
        guard var holder = holders[source] else { return }
        while holder.next < holder.order.count, !isHeld(holder.order[holder.next], by: source) { holder.next += 1 }
        guard holder.next < holder.order.count else {
            preconditionFailure("a holder's deltas stand in its order")
        }
        let key = holder.order[holder.next].key
        holder.next += 1
        holders[source] = holder
        if kept[key]?.holders.count == 1 {
            remove(key)
            evicted += 1
        } else {
            release(key, by: source)
        }
    }

    private mutating func release(_ key: Bytes32, by source: PublicKey?) {
        guard let delta = kept[key], var holder = holders[source] else { return }
        kept[key]?.holders.removeAll { $0.source == source }
        holder.count -= 1
        holder.bytes -= delta.bytes.count
        // Places of deltas that are gone would pile up where a peer's deltas are taken before they get old.
        if holder.order.count > 2 * holder.count + 64 {
            holder.order = holder.order[holder.next...].filter { isHeld($0, by: source) }
            holder.next = 0
        }
        holders[source] = holder.count == 0 ? nil : holder
    }

    private mutating func remove(_ key: Bytes32) {
        guard let delta = kept[key] else { return }
        unregister(key)
        for (source, _) in delta.holders { release(key, by: source) }
        kept[key] = nil
        bytes -= delta.bytes.count
    }

    // MARK: - Taking up

    /// These deltas are held now: what waited for nothing else is ready, and what waited for nothing but that as well.
    ///
    /// So a chain that waited for its first delta is taken up whole, in its order. What it waited for in vain, since one
    /// of them doesn't fit, it waits for again once it has been judged.
    mutating func makeReady(waitingFor held: [DeltaID]) {
        var arrived = held[...]
        var seen: Set<DeltaID> = []
        var missing: [Bytes32: Int] = [:]
        while let id = arrived.popFirst() {
            guard seen.insert(id).inserted else { continue }
            for key in (waitingForID[id] ?? []).sorted() {
                guard let delta = kept[key], case .gap(let ids) = delta.wait else { continue }
                let left = (missing[key] ?? ids.count) - 1
                missing[key] = left
                guard left == 0 else { continue }
                makeReady(key)
                arrived.append(delta.id)
            }
        }
        // What still waits for others doesn't wait for what is held.
        for id in held {
            for key in waitingForID[id] ?? [] {
                guard case .gap(let ids)? = kept[key]?.wait else { continue }
                kept[key]?.wait = .gap(ids.filter { $0 != id })
            }
            waitingForID[id] = nil
        }
    }

    /// What waited for trust in authors who are known by now is ready.
    mutating func makeReady(where isKnown: (PublicKey) -> Bool) {
        for author in waitingForTrust.keys.filter(isKnown) {
            for key in (waitingForTrust[author] ?? []).sorted() { makeReady(key) }
        }
    }

    /// What was to wait until this moment is ready.
    mutating func makeReady(dueAt now: Timestamp) {
        let due = waitingForTime.filter { key in
            guard case .due(let time)? = kept[key]?.wait else { return false }
            return time <= now
        }
        for key in due.sorted() { makeReady(key) }
    }

    private mutating func makeReady(_ key: Bytes32) {
        unregister(key)
        kept[key]?.wait = nil
        register(key)
    }

    /// Takes out what is ready, in its order, as far as it was brought by the same peer.
    ///
    /// - Parameter weight: what they may weigh together (``Submission/weight``); one is taken whatever it weighs.
    /// - Returns: none where nothing is ready.
    mutating func takeReady(weighing weight: Int) -> [Submission] {
        var taken: [Submission] = []
        var sum = 0
        while let key = ready.first {
            guard let next = kept[key], next.wait == nil else {
                _ = ready.popFirst()
                continue
            }
            let submission = Submission(bytes: next.bytes, sources: next.holders.map(\.source))
            sum += submission.weight
            guard taken.isEmpty || taken[0].source == submission.source && sum <= weight else { break }
            _ = ready.popFirst()
            remove(key)
            taken.append(submission)
        }
        return taken
    }
}
