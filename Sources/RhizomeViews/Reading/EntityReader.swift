public import Bytes
public import RhizomeCore

/// Reads entities from a log, as they are seen from one perspective.
///
/// Each answer shows one state of the log: what was held when it was begun, so never half of a transaction. Between
/// answers only a cache keeps something, where there is one. Computes on the shared pool what is short, else on threads of
/// its own (``LongComputing``), never on the caller's executor.
public struct EntityReader: Sendable {
    private let log: any DeltaLog
    private let perspective: Perspective
    private let limit: Int
    private let cache: ViewCache?
    /// What the perspective excludes, where that is all that it does: the cache keeps such views.
    private let exclusion: ViewCache.Exclusion?
    private var computing: LongComputing { cache?.computing ?? .shared }

    /// A reader.
    ///
    /// - Parameters:
    ///   - cache: of this log; told of all that is appended.
    ///   - limit: how many deltas one answer may depend on at most, so that no author can make it take all
    ///     memory; about half a kilobyte each.
    public init(
        log: any DeltaLog,
        perspective: Perspective = Perspective(),
        cache: ViewCache? = nil,
        limit: Int = 250_000
    ) {
        self.log = log
        self.perspective = perspective
        self.cache = cache
        exclusion = nil
        self.limit = limit
    }

    /// A reader that sees all but what trust keeps out, as of now: a node's own eyes.
    public init(
        log: any DeltaLog,
        without exclusion: ViewCache.Exclusion,
        cache: ViewCache,
        limit: Int = 250_000
    ) {
        self.log = log
        perspective = Perspective(kept: exclusion.kept, isExcluded: exclusion.isExcluded)
        self.cache = cache
        self.exclusion = exclusion
        self.limit = limit
    }

    /// What is visible of some entities.
    ///
    /// About others the result says nothing that could be relied on.
    ///
    /// - Throws: ``ViewError``, `CancellationError`, and what the log throws; the other calls likewise.
    @concurrent public func visibleDeltas(about entities: [Text]) async throws -> VisibleDeltas {
        let deltas: [DeltaID: ViewedDelta]
        if let cache, entities.count == 1, let id = entities.first {
            deltas = try await cache.deltas(of: id, log: log, limit: limit)
        } else {
            var gathered = EntityDeltas(of: entities, limit: limit)
            try await gathered.gather(from: log)
            deltas = gathered.deltas
        }
        var perspective = perspective
        if perspective.refusesForked {
            let authors = Set(deltas.values.lazy.filter(perspective.leaves).map(\.author)).filter(perspective.picks)
            perspective.forked.formUnion(
                try await ForkedAuthors.among(authors, seenAs: perspective, log: log)
            )
        }
        let cost = perspective.filters.isEmpty ? deltas.count : .max
        return try await computing.run(cost: cost) { [perspective] in
            try VisibleDeltas(among: deltas.values, seenAs: perspective).filtered(by: perspective.filters)
        }
    }

    /// An entity with its properties' values, or `nil` where it isn't visible.
    ///
    /// - Parameter collection: the name under which it is looked at, by which the perspective may choose resolvers.
    @concurrent public func entity(_ id: Text, in collection: Text? = nil) async throws -> EntityView? {
        if let cache, let exclusion {
            return try await cache.view(of: id, without: exclusion, log: log, limit: limit)
        }
        let visible = try await visibleDeltas(about: [id])
        return await computing.run(cost: visible.deltas.count) { [perspective] in
            EntityView(of: id, in: visible) { perspective.resolver(of: $0, in: collection) }
        }
    }

    /// What was said of an entity, oldest first, or `nil` where it isn't visible.
    @concurrent public func history(of id: Text) async throws -> EntityHistory? {
        let visible = try await visibleDeltas(about: [id])
        return await computing.run(cost: visible.deltas.count) { EntityHistory(of: id, in: visible) }
    }

    /// All that was said of an entity, or `nil` where nothing is left of it.
    @concurrent public func lossless(_ id: Text) async throws -> LosslessView? {
        let visible = try await visibleDeltas(about: [id])
        return await computing.run(cost: visible.deltas.count) { LosslessView(of: id, in: visible) }
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
        try await page(after: last, count: count) { visible, entity in
            switch membership {
            case .visible: visible.isVisible(entity, referencedAs: name)
            case .withValues: visible.member(entity, of: name) != nil
            }
        } candidates: { last, limit in
            try await log.entities(referencedAs: name, after: last, limit: limit)
        }
    }

    /// All visible entities, by the bytes of their ids (spec: http.md, `lossless/ids`); the parameters as above.
    @concurrent public func entities(after last: Text? = nil, count: Int) async throws -> CollectionPage {
        try await page(after: last, count: count) { visible, entity in
            visible.isVisible(entity)
        } candidates: { last, limit in
            try await log.entities(after: last, limit: limit)
        }
    }

    private func page(
        after last: Text?,
        count: Int,
        isListed: @escaping @Sendable (VisibleDeltas, Text) -> Bool,
        candidates: (_ last: Text?, _ limit: Int) async throws -> [Text]
    ) async throws -> CollectionPage {
        precondition(count > 0, "a page has room for an entity")
        let batch = min(count, 255) + 1
        var ids: [Text] = []
        var last = last
        while true {
            let candidates = try await candidates(last, batch)
            let visible = try await visibleDeltas(about: candidates)
            ids += await computing.run(cost: visible.deltas.count) { candidates.filter { isListed(visible, $0) } }
            if ids.count > count { return CollectionPage(ids: Array(ids[..<count]), hasMore: true) }
            guard candidates.count == batch, let next = candidates.last else {
                return CollectionPage(ids: ids, hasMore: false)
            }
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

extension VisibleDeltas {
    /// The view of an entity that is visibly referenced under a name and has a value; else `nil`.
    func member(_ entity: Text, of collection: Text) -> EntityView? {
        guard isVisible(entity, referencedAs: collection), let view = EntityView(of: entity, in: self), view.hasValues
        else { return nil }
        return view
    }
}
