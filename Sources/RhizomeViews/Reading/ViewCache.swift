internal import Bytes
internal import Locks
public import RhizomeCore
internal import SignedStatements
internal import StrictJSON

/// A node's own views of entities that were read lately, until something is appended that changes them.
///
/// Whoever appends tells the cache of each batch, in order, before the write is answered: so a reader sees its own
/// writes. A new delta lets go of the views that depend on a name to which it points; they are looked up anew when they
/// are read next, which costs no more than they show. Calls from anywhere, at once.
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

    fileprivate struct Entry {
        let view: EntityView?
        /// By which exclusion the view was made.
        let exclusion: Int
        let keys: [Int]
        let bytes: Int
        var lastRead: UInt64
    }

    fileprivate struct State {
        var entries: [Text: Entry] = [:]
        /// Which entities depend on a name.
        var dependents: [Int: Set<Text>] = [:]
        /// The names to which the last deltas point, by position: what was looked up before they came may depend on them.
        var recent: [(position: Int64, keys: [Int])] = []
        /// The position up to which ``recent`` knows nothing.
        var forgotten: Int64 = 0
        var clock: UInt64 = 0
        var statistics = Statistics()
    }

    private static let mostRecent = 4_096
    /// A name's places, about.
    private static let bytesPerKey = 72

    /// The definitions that were read lately, of all kinds, by the bytes of their texts.
    ///
    /// A context that has the most authors takes 0.4 s to read, since each key is checked. Two hundred of these are kept.
    let definitions = Memo<DefinitionKey, any Sendable>(capacity: 64 << 20)

    /// How far resolvers have come that look at all that was said of a property.
    let folds: KeptFolds

    /// Where what takes long is computed.
    package let computing: LongComputing

    private let capacity: Int
    private let state = Lock(State())

    /// An empty cache.
    ///
    /// - Parameter bytes: how much it may hold, about; no entity takes more than an eighth of it.
    public convenience init(bytes: Int = 64 << 20) { self.init(bytes: bytes, computing: .shared) }

    /// An empty cache.
    ///
    /// - Parameters:
    ///   - computing: where it computes, else where all others do.
    ///   - words: after how many words of a property it is worth keeping how far a resolver has come: a thousand are about
    ///     a millisecond's work.
    package init(bytes: Int = 64 << 20, computing: LongComputing = .shared, keepingFoldsOver words: Int = 1_000) {
        capacity = bytes
        self.computing = computing
        folds = KeptFolds(capacity: bytes / 2, worthKeeping: words)
    }

    /// What it holds and has done.
    public var statistics: Statistics { state.withLock { $0.statistics } }

    /// Takes note of appended deltas, each once and in the order of positions.
    public func note(_ appended: [StoredDelta]) {
        folds.note(appended)
        state.withLock { state in
            for stored in appended {
                let keys = Self.keys(of: stored.delta)
                for key in keys { for id in state.dependents[key] ?? [] { state.remove(id) } }
                state.recent.append((stored.position, keys))
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
    ///
    /// Of one that is given in parts nothing is kept.
    func parts(of id: Text, without exclusion: Exclusion, log: any StateReading) async throws -> EntityParts? {
        let ready = state.withLock { state -> Entry? in
            guard let entry = state.ready(id), entry.exclusion == exclusion.number else {
                state.statistics.misses += 1
                return nil
            }
            state.statistics.hits += 1
            return entry
        }
        if let ready {
            // It will be encoded, and wait for the socket.
            try await AnswerMemory.current?.reserve(2 * ready.bytes)
            return ready.view.map { EntityParts($0) }
        }
        let (parts, looked) = try await log.look(from: Perspective(without: exclusion)) { lookup in
            let parts = try lookup.parts(of: id, in: nil, log: log)
            return (parts, parts?.rest == nil ? Looked(parts?.first, of: id, in: lookup) : nil)
        }
        if let looked { keep(looked, of: id, without: exclusion) }
        return parts
    }

    /// A view that was looked up, and what the cache needs to know of it.
    struct Looked: Sendable {
        /// The view; none where the entity isn't visible.
        let view: EntityView?
        fileprivate let keys: [Int]
        fileprivate let bytes: Int
        fileprivate let position: Int64

        /// - Returns: `nil` where it depends on too much to be kept.
        init?(_ view: EntityView?, of id: Text, in lookup: EntityLookup) {
            guard let dependencies = lookup.dependencies.all else { return nil }
            self.view = view
            keys = dependencies.map { ViewCache.key($0) }
            bytes =
                200 + 2 * id.count + (view?.properties.approximateBytes ?? 0) + keys.count * ViewCache.bytesPerKey
            position = lookup.position
        }
    }

    /// Keeps a view that was looked up, unless something has come since that it depends on.
    func keep(_ looked: Looked, of id: Text, without exclusion: Exclusion) {
        guard looked.bytes <= capacity / 8 else { return }
        let capacity = capacity
        state.withLock { $0.keep(looked, of: id, exclusion: exclusion.number, capacity: capacity) }
    }

    // MARK: - Names

    /// What a delta points to and is called, as numbers.
    private static func keys(of delta: SignedDelta) -> [Int] {
        var keys = delta.body.pointers.compactMap { $0.entity.map { key(.name($0.id)) } }
        keys += delta.body.pointers.negates.map { key(.delta($0)) }
        keys.append(key(.delta(delta.id)))
        return keys
    }

    /// Names that share a number only cost time: what comes is looked up again.
    private static func key(_ dependency: Dependency) -> Int {
        var hasher = Hasher()
        hasher.combine(dependency)
        return hasher.finalize()
    }
}

extension ViewCache.State {
    /// What is kept of an entity.
    fileprivate mutating func ready(_ id: Text) -> ViewCache.Entry? {
        guard let entry = entries[id] else { return nil }
        clock += 1
        entries[id]?.lastRead = clock
        return entry
    }

    /// Keeps a view, unless something has come since it was looked up that it depends on.
    fileprivate mutating func keep(_ looked: ViewCache.Looked, of id: Text, exclusion: Int, capacity: Int) {
        guard looked.position >= forgotten else { return }
        let since = recent.reversed().prefix { $0.position > looked.position }
        if !since.isEmpty {
            let names = Set(looked.keys)
            guard !since.contains(where: { $0.keys.contains(where: names.contains) }) else { return }
        }
        remove(id)
        clock += 1
        entries[id] = ViewCache.Entry(
            view: looked.view,
            exclusion: exclusion,
            keys: looked.keys,
            bytes: looked.bytes,
            lastRead: clock
        )
        for key in looked.keys { dependents[key, default: []].insert(id) }
        statistics.entities = entries.count
        statistics.bytes += looked.bytes
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
