internal import Bytes
internal import Locks
public import RhizomeCore
public import SignedLog

/// The deltas and views of entities that were read lately, kept up to date by what is appended to the log.
///
/// Whoever appends tells the cache of each batch, in order, before the write is answered: so a reader sees its own
/// writes. A new delta goes to the entities that depend on it by name, and is worked into their views when they are
/// read next. What isn't read for long makes room. Calls from anywhere, at once.
public final class ViewCache: Sendable {
    /// What the cache holds and has done.
    public struct Statistics: Hashable, Sendable {
        /// Entities held.
        public var entities = 0
        /// Bytes that they take, about.
        public var bytes = 0
        /// Reads that needed nothing of the log.
        public var hits = 0
        /// Reads for which something was asked of the log.
        public var misses = 0
        /// Entities that made room for others.
        public var evictions = 0
    }

    /// Whose deltas trust keeps out, as a value that can be told from another.
    ///
    /// Two of the same number are the same.
    public struct Exclusion: Sendable {
        /// Another one for each state of the trusted-peer list.
        public let number: Int
        /// The ids that `keep` names, of each distrusted author who has any: these and all before them stay.
        public let kept: [PublicKey: [DeltaID]]
        /// Whether trust keeps a delta out.
        public let isExcluded: @Sendable (ViewedDelta) -> Bool

        /// An exclusion.
        public init(
            number: Int,
            kept: [PublicKey: [DeltaID]] = [:],
            isExcluded: @escaping @Sendable (ViewedDelta) -> Bool
        ) {
            self.number = number
            self.kept = kept
            self.isExcluded = isExcluded
        }
    }

    /// An entity's deltas and the node's own view of it.
    fileprivate struct Content {
        var deltas: EntityDeltas
        var live: LiveView<LastWriteWins>
        var view: EntityView?
        /// By which exclusion the view was made; none yet where `nil`.
        var exclusion: Int?
        /// What a new delta must point to, or be, to have to do with the entity.
        var keys: Set<Int>
    }

    fileprivate struct Entry {
        /// None while a reader is working what is pending into it.
        var content: Content?
        /// Up to which position the content is, or will be.
        var position: Int64
        /// Appended since, and pointing to one of the names.
        var pending: [ViewedDelta] = []
        var lastRead: UInt64
        var keys: Set<Int>
        var bytes: Int
    }

    fileprivate struct State {
        var entries: [Text: Entry] = [:]
        /// Which entities depend on a name.
        var dependents: [Int: Set<Text>] = [:]
        /// The names to which the last deltas point, by position: what was gathered before they came may depend on them.
        var recent: [(position: Int64, keys: [Int])] = []
        /// The position up to which ``recent`` knows nothing.
        var forgotten: Int64 = 0
        var lastTold: Int64 = 0
        var clock: UInt64 = 0
        var statistics = Statistics()
    }

    /// What waits for one entity at most; what is written more often than read is gathered anew.
    fileprivate static let mostPending = 256
    private static let mostRecent = 4_096

    /// The definitions of contexts that were read lately, by the bytes of their texts.
    ///
    /// One that has the most authors takes 0.4 s to read, since each key is checked. Two hundred of these are kept.
    let definitions = Memo<DefinitionKey, StoredContext.Reading>(capacity: 64 << 20)

    /// Where what takes long is computed.
    package let computing: LongComputing

    private let capacity: Int
    private let state = Lock(State())

    /// An empty cache.
    ///
    /// - Parameter bytes: how much it may hold, about; no entity takes more than an eighth of it.
    public convenience init(bytes: Int = 64 << 20) { self.init(bytes: bytes, computing: .shared) }

    /// An empty cache that computes elsewhere than all others.
    package init(bytes: Int = 64 << 20, computing: LongComputing) {
        capacity = bytes
        self.computing = computing
    }

    /// What it holds and has done.
    public var statistics: Statistics { state.withLock { $0.statistics } }

    /// Takes note of appended deltas, each once and in the order of positions.
    public func note(_ appended: [StoredDelta]) {
        state.withLock { state in
            for stored in appended {
                let keys = Self.keys(of: stored.delta)
                var touched: Set<Text> = []
                for key in keys { if let dependents = state.dependents[key] { touched.formUnion(dependents) } }
                if !touched.isEmpty {
                    let delta = ViewedDelta(stored.delta)
                    for id in touched { state.wait(delta, at: stored.position, for: id) }
                }
                state.recent.append((stored.position, keys))
                state.lastTold = stored.position
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

    /// The node's own view of an entity: the last write of each property, without what trust keeps out.
    func view(
        of id: Text,
        without exclusion: Exclusion,
        log: any DeltaLog,
        limit: Int
    ) async throws -> EntityView? {
        let ready = state.withLock { state -> EntityView?? in
            guard let content = state.ready(id), content.exclusion == exclusion.number else { return .none }
            return .some(content.view)
        }
        if let ready { return ready }
        return try await content(of: id, exclusion: exclusion, log: log, limit: limit).view
    }

    /// All deltas on which views of an entity depend.
    func deltas(of id: Text, log: any DeltaLog, limit: Int) async throws -> [DeltaID: ViewedDelta] {
        if let ready = state.withLock({ $0.ready(id)?.deltas.deltas }) { return ready }
        return try await content(of: id, exclusion: nil, log: log, limit: limit).deltas.deltas
    }

    private func content(of id: Text, exclusion: Exclusion?, log: any DeltaLog, limit: Int) async throws -> Content {
        let taken = state.withLock { $0.checkOut(id) }
        var content: Content
        if let (held, pending, last) = taken {
            content = held
            do {
                try await bring(&content, pending, upTo: last, id: id, exclusion: exclusion, log: log)
            } catch {
                // Half brought up to date: gathered anew when it is read next.
                state.withLock { $0.remove(id) }
                throw error
            }
        } else {
            var deltas = EntityDeltas(of: [id], limit: limit)
            try await deltas.gather(from: log)
            content = Content(deltas: deltas, live: LiveView(of: id, by: LastWriteWins()), keys: [])
            if let exclusion { content = await computed(content, id, exclusion) }
        }
        content.keys = await computing.run(cost: content.deltas.deltas.count) { [deltas = content.deltas] in
            Self.keys(of: id, deltas)
        }
        let capacity = capacity
        state.withLock { [content] state in
            state.checkIn(id, content, capacity: capacity, wasHeld: taken != nil)
        }
        return content
    }

    private func bring(
        _ content: inout Content,
        _ pending: [ViewedDelta],
        upTo last: Int64,
        id: Text,
        exclusion: Exclusion?,
        log: any DeltaLog
    ) async throws {
        let growth = try await content.deltas.take(pending, upTo: last, from: log)
        guard let exclusion else {
            // Another perspective asked: the view is made when it is asked for.
            if !growth.added.isEmpty { content.exclusion = nil }
            return
        }
        guard content.exclusion == exclusion.number, growth.isIndependent else {
            content = await computed(content, id, exclusion)
            return
        }
        content.live.add(growth.added, seenAs: Perspective(isExcluded: exclusion.isExcluded))
        content.view = content.live.view
    }

    private func computed(_ content: Content, _ id: Text, _ exclusion: Exclusion) async -> Content {
        await computing.run(cost: content.deltas.deltas.count) {
            var content = content
            content.compute(id, exclusion)
            return content
        }
    }

    // MARK: - Names

    /// What a delta points to and is called, as numbers.
    private static func keys(of delta: SignedDelta) -> [Int] {
        var keys = delta.body.pointers.compactMap { $0.entity.map { key($0.id) } }
        keys.append(key(Text(delta.id.description)))
        return keys
    }

    /// What an entity depends on, as numbers.
    private static func keys(of id: Text, _ deltas: EntityDeltas) -> Set<Int> {
        var keys: Set<Int> = [key(id)]
        for transaction in deltas.transactions { keys.insert(key(transaction)) }
        for delta in deltas.examined { keys.insert(key(Text(delta.description))) }
        for delta in deltas.targets { keys.insert(key(Text(delta.description))) }
        return keys
    }

    /// Names that share a number only cost time: what comes is looked at again.
    private static func key(_ name: Text) -> Int {
        var hasher = Hasher()
        hasher.combine(name)
        return hasher.finalize()
    }
}

extension ViewCache.Content {
    /// Makes the view from all deltas.
    fileprivate mutating func compute(_ id: Text, _ exclusion: ViewCache.Exclusion) {
        live = LiveView(of: id, by: LastWriteWins())
        live.add(deltas.deltas.values, seenAs: Perspective(isExcluded: exclusion.isExcluded))
        view = live.view
        self.exclusion = exclusion.number
    }
}

extension ViewCache.State {
    /// A name's place in ``dependents``, about.
    private static let bytesPerKey = 64

    /// The content of an entity that is up to date.
    fileprivate mutating func ready(_ id: Text) -> ViewCache.Content? {
        guard let entry = entries[id], entry.pending.isEmpty, let content = entry.content else { return nil }
        clock += 1
        entries[id]?.lastRead = clock
        statistics.hits += 1
        return content
    }

    fileprivate mutating func wait(_ delta: ViewedDelta, at position: Int64, for id: Text) {
        guard let entry = entries[id], position > entry.position else { return }
        guard entry.pending.count < ViewCache.mostPending else { return remove(id) }
        let bytes = delta.approximateBytes
        entries[id]?.pending.append(delta)
        entries[id]?.bytes += bytes
        statistics.bytes += bytes
    }

    /// Lends an entity's content to a reader, with what is pending for it.
    fileprivate mutating func checkOut(_ id: Text) -> (ViewCache.Content, [ViewedDelta], upTo: Int64)? {
        statistics.misses += 1
        guard let entry = entries[id], let content = entry.content else { return nil }
        clock += 1
        entries[id]?.content = nil
        entries[id]?.pending = []
        entries[id]?.position = max(entry.position, lastTold)
        entries[id]?.lastRead = clock
        return (content, entry.pending, max(entry.position, lastTold))
    }

    /// Takes content in or back, unless something may have come meanwhile that it depends on and wasn't told of.
    fileprivate mutating func checkIn(_ id: Text, _ content: ViewCache.Content, capacity: Int, wasHeld: Bool) {
        let position = content.deltas.position
        // Another reader's content is as good; a reader that had none takes no other's place.
        if let held = entries[id], !wasHeld || held.content != nil || held.position != position {
            if wasHeld, held.content == nil { remove(id) }
            return
        }
        // Gone meanwhile: too much came for it.
        if wasHeld, entries[id] == nil { return }
        let pending = entries[id]?.pending ?? []
        let known = entries[id]?.keys ?? []
        let bytes = content.deltas.byteCount + content.keys.count * Self.bytesPerKey
        let isMissed =
            position < forgotten
            || recent.reversed().prefix { $0.position > position }.contains { _, keys in
                keys.contains { content.keys.contains($0) && !known.contains($0) }
            }
        remove(id)
        guard !isMissed, bytes <= capacity / 8 else { return }
        clock += 1
        entries[id] = .init(
            content: content,
            position: position,
            pending: pending,
            lastRead: clock,
            keys: content.keys,
            bytes: bytes + pending.reduce(0) { $0 + $1.approximateBytes }
        )
        for key in content.keys { dependents[key, default: []].insert(id) }
        statistics.entities = entries.count
        statistics.bytes += entries[id]?.bytes ?? 0
        if statistics.bytes > capacity { makeRoom(capacity) }
    }

    fileprivate mutating func remove(_ id: Text) {
        guard let entry = entries.removeValue(forKey: id) else { return }
        for key in entry.keys {
            dependents[key]?.remove(id)
            if dependents[key]?.isEmpty == true { dependents[key] = nil }
        }
        statistics.bytes -= entry.bytes
        statistics.entities = entries.count
    }

    /// Lets a tenth go, those first that were read longest ago; so it is done once for many reads.
    private mutating func makeRoom(_ capacity: Int) {
        for (id, _) in entries.map({ ($0.key, $0.value.lastRead) }).sorted(by: { $0.1 < $1.1 }) {
            guard statistics.bytes > capacity / 10 * 9 else { return }
            remove(id)
            statistics.evictions += 1
        }
    }
}
