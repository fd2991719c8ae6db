public import Bytes
public import RhizomeCore
internal import StrictJSON

/// Reads entities from a log, as they are seen from one perspective.
///
/// Each answer shows one state of the log: what was held when it was begun, so never half of a transaction; a list, one
/// state for each stretch of entities. Between answers only a cache keeps something, where there is one. Looks things up
/// off Swift's pool, never on the caller's executor.
///
/// What an answer costs depends on what it shows, not on all that was ever said (spec: views.md).
public struct EntityReader: Sendable {
    let log: any AcceptanceOrder & StateReading
    let perspective: Perspective
    let cache: ViewCache?
    /// What the perspective excludes, where that is all that it does: the cache keeps such views.
    private let exclusion: Exclusion?

    /// A reader.
    ///
    /// - Parameter cache: of this log; keeps how far resolvers have come that look at all that was said of a property,
    ///   where trust alone (``Exclusion``) says what the perspective excludes and it has no filter.
    public init(
        log: any AcceptanceOrder & StateReading,
        perspective: Perspective = Perspective(),
        cache: ViewCache? = nil
    ) {
        self.log = log
        self.perspective = perspective
        self.cache = cache
        exclusion = nil
    }

    /// A reader that sees all but what trust keeps out, as of now: a node's own eyes.
    ///
    /// - Parameter cache: of this log; told of all that is appended.
    public init(log: any AcceptanceOrder & StateReading, without exclusion: Exclusion, cache: ViewCache) {
        self.log = log
        perspective = Perspective(without: exclusion)
        self.cache = cache
        self.exclusion = exclusion
    }

    @concurrent func look<Value: Sendable>(
        _ body: @escaping @Sendable (EntityLookup) throws -> Value
    ) async throws -> Value {
        try await log.look(from: perspective, body)
    }

    /// What is visible of some entities.
    ///
    /// About others the result says nothing that could be relied on.
    ///
    /// - Throws: ``JSONLogicError``, `CancellationError`, and what the log throws; the other calls likewise.
    /// - Complexity: O(what was said of them) in time and memory.
    public func visibleDeltas(about entities: [Text]) async throws -> VisibleDeltas {
        try await look { try $0.visibleDeltas(about: entities) }
    }

    /// An entity with its properties' values, or `nil` where it isn't visible.
    ///
    /// - Parameter collection: the name under which it is looked at, by which the perspective may choose resolvers.
    /// - Complexity: that of what it shows, in memory too.
    public func entity(_ id: Text, in collection: Text? = nil) async throws -> EntityView? {
        guard let parts = try await parts(of: id, in: collection) else { return nil }
        guard parts.rest != nil else { return parts.first }
        // In one look: who waits for memory in the middle would keep what others wait for.
        return try await look { [perspective] lookup in
            try lookup.view(of: id) { perspective.resolver(of: $0, in: collection) }
        }
    }

    /// The same in parts, so that one with many large properties never is in memory as a whole.
    public func parts(of id: Text, in collection: Text? = nil) async throws -> EntityParts? {
        if let cache, let exclusion { return try await cache.parts(of: id, without: exclusion, log: log) }
        guard let cache, let eyes = perspective.eyes, !perspective.resolvers.named.isEmpty else {
            return try await look { [log] in try $0.parts(of: id, in: collection, log: log) }
        }
        cache.folds.begin()
        do {
            let (parts, folds) = try await look { [log] lookup in
                let keeper = FoldKeeper(cache.folds, epoch: log.epoch, eyes: eyes)
                lookup.keeper = keeper
                return (try lookup.parts(of: id, in: collection, log: log), keeper.made)
            }
            cache.folds.end(keeping: folds)
            return parts
        } catch {
            cache.folds.end()
            throw error
        }
    }

    /// What a PUT that goes through no schema is held against.
    public func current(for put: EntityPut) async throws -> EntityPut.Current {
        try await look { try $0.current(for: put) }
    }

    /// An entity as it was seen within a transaction.
    package struct Glimpse: Sendable {
        /// The entity; none where it isn't visible.
        package let view: EntityView?
        fileprivate let id: Text
        fileprivate let looked: ViewCache.Looked?
    }

    /// An entity of a state that is lent, where it takes little memory: ``keep(_:)`` it once that state is durable.
    ///
    /// - Throws: as well where it takes much.
    package func glimpse(of id: Text, in snapshot: any LogSnapshot) throws -> Glimpse {
        let lookup = lookup(snapshot)
        let view = try lookup.view(of: id) { [perspective] in perspective.resolver(of: $0, in: nil) }
        return Glimpse(view: view, id: id, looked: cache == nil ? nil : ViewCache.Looked(view, of: id, in: lookup))
    }

    /// Has the cache keep what was seen, where there is one for the reader's perspective.
    package func keep(_ glimpse: Glimpse) {
        guard let cache, let exclusion, let looked = glimpse.looked else { return }
        cache.keep(looked, of: glimpse.id, without: exclusion)
    }

    func lookup(_ snapshot: any LogSnapshot) -> EntityLookup {
        EntityLookup(snapshot, from: perspective, memory: ReadingMemory())
    }

    /// What was said of an entity, oldest first, or `nil` where it isn't visible.
    ///
    /// - Parameters:
    ///   - properties: those whose changes are told; all where `nil`.
    ///   - place: where to go on: only changes after it, whether or not there is one there. Stable under inserts.
    ///   - limit: how many changes at most; all where `nil`.
    /// - Complexity: O(changes that are read); to begin with, O(authors × properties).
    public func history(
        of id: Text,
        on properties: Set<Text>? = nil,
        after place: EntityHistory.Place? = nil,
        limit: Int? = nil
    ) async throws -> EntityHistory? {
        var reading = try await look { [log] in
            try HistoryReading($0, of: log, id: id, on: properties, after: place, limit: limit)
        }
        let first = try await reading.next()
        if first.isEmpty {
            guard try await reading.state.look({ try $0.isVisible(id) }) else { return nil }
        }
        return EntityHistory(reading, first: first)
    }

    /// All that was said of an entity, delta by delta, or `nil` where nothing is left of it.
    ///
    /// It is looked through once before it is given, since what is told of all its deltas comes first.
    ///
    /// - Parameters:
    ///   - place: where to go on: only deltas after it, whether or not there is one there. Stable under inserts.
    ///   - limit: how many deltas at most, one that stands under several properties each time; all where `nil`.
    /// - Complexity: O(deltas that are read); to begin with, O(authors × properties).
    public func lossless(
        _ id: Text,
        after place: LosslessView.Place? = nil,
        limit: Int? = nil
    ) async throws -> LosslessView? {
        let start = try await look { [log] in
            try LosslessReading($0, of: log, id: id, after: place, limit: limit)
        }
        var survey = start.survey()
        var isEmpty = true
        while try await !survey.next().isEmpty { isEmpty = false }
        if isEmpty, survey.isComplete {
            guard place != nil, try await lossless(id, limit: 1) != nil else { return nil }
        }
        return LosslessView(start, &survey)
    }

    /// Which entities of a collection are meant.
    public enum Membership: Sendable {
        /// All that are visibly referenced under its name, those without any value too.
        case visible
        /// Those of them that have a value: see ``EntityView/hasValues``.
        case withValues
    }

    /// The entities that are visibly referenced under a name, by the bytes of their ids (spec: http.md, `ids`).
    ///
    /// - Parameters:
    ///   - last: only entities after this one, whether or not it is in the collection: stable under inserts.
    ///   - count: how many at most; 1 or more.
    @concurrent public func collection(
        _ name: Text,
        after last: Text? = nil,
        count: Int,
        _ membership: Membership = .visible
    ) async throws -> CollectionPage {
        try await page(of: name, after: last, count: count) { lookup, entity in
            switch membership {
            case .visible: try lookup.isVisible(entity, referencedAs: name)
            case .withValues: try lookup.member(entity, of: name) != nil
            }
        }
    }

    /// All visible entities, by the bytes of their ids (spec: http.md, `lossless/ids`); the parameters as above.
    @concurrent public func entities(after last: Text? = nil, count: Int) async throws -> CollectionPage {
        try await page(of: nil, after: last, count: count) { lookup, entity in try lookup.isVisible(entity) }
    }

    private func page(
        of collection: Text?,
        after last: Text?,
        count: Int,
        isListed: @escaping @Sendable (EntityLookup, Text) throws -> Bool
    ) async throws -> CollectionPage {
        precondition(count > 0, "a page has room for an entity")
        let batch = min(count, 255) + 1
        var ids: [Text] = []
        var last = last
        while true {
            let (listed, next) = try await look { [last] lookup in
                let candidates = try lookup.entities(referredToBy: collection, after: last, limit: batch)
                let listed = try candidates.filter { try isListed(lookup, $0) }
                return (listed, candidates.count == batch ? candidates.last : nil)
            }
            ids += listed
            if ids.count > count { return CollectionPage(ids: Array(ids[..<count]), hasMore: true) }
            guard let next else { return CollectionPage(ids: ids, hasMore: false) }
            last = next
        }
    }
}

/// A part of a collection's entities.
public struct CollectionPage: Hashable, Sendable {
    /// The entities' ids, by their bytes.
    public let ids: [Text]
    /// Whether more follow after the last of them.
    public let hasMore: Bool

    /// A page.
    public init(ids: [Text], hasMore: Bool) {
        self.ids = ids
        self.hasMore = hasMore
    }
}
