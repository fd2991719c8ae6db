public import Bytes
public import RhizomeCore
internal import SignedStatements

/// Tells which entities of a collection a stretch of the log changed, as they are seen from one perspective.
///
/// Whoever reads on from position to position misses nothing and needs no memory but the position: how an entity was
/// before is computed from the log as well. An entity that several deltas of a stretch changed is told once.
public struct ChangeReader: Sendable {
    /// Deltas of a page at most.
    public static let pageDeltas = 1_000
    /// Bytes of a page's deltas after which no more are read.
    private static let pageBytes = 1 << 20
    /// Deltas that are read at once: what a page may be larger by.
    private static let batch = 32
    /// Entities that are looked up at once.
    private static let entities = 32

    private let log: any AcceptanceOrder & StateReading
    private let perspective: Perspective

    /// A reader.
    public init(log: any AcceptanceOrder & StateReading, perspective: Perspective = Perspective()) {
        self.log = log
        self.perspective = perspective
    }

    /// What the next deltas changed in a collection: up to 1,000 of them, and about 1 MiB.
    ///
    /// An entity is a member where it is visibly referenced under the name and has a value
    /// (``EntityView/hasValues``). It changes by deltas about it, by negations of them and of these, and by what makes a
    /// transaction complete or incomplete. A change of the perspective itself isn't told.
    ///
    /// - Parameters:
    ///   - position: up to which the log was read before.
    ///   - limit: how many deltas at most.
    /// - Throws: ``JSONLogicError``, `CancellationError`, and what the log throws.
    /// - Complexity: that of reading each entity of the collection that the deltas have to do with.
    @concurrent public func changes(
        in collection: Text,
        after position: Int64,
        limit: Int = pageDeltas
    ) async throws -> ChangePage {
        let page = try await page(after: position, limit: min(limit, Self.pageDeltas))
        guard let last = page.last?.position else { return ChangePage(changes: [], position: position) }
        let touched = try await touched(by: page, after: position, upTo: last)
        var changes: [EntityChange] = []
        for part in touched.chunks(of: Self.entities) {
            changes += try await self.changes(of: part, in: collection, after: position, upTo: last)
        }
        return ChangePage(changes: changes, position: last)
    }

    private func page(after position: Int64, limit: Int) async throws -> [StoredDelta] {
        var page: [StoredDelta] = []
        var bytes = 0
        while page.count < limit, bytes < Self.pageBytes {
            let wanted = min(Self.batch, limit - page.count)
            let batch = try await log.deltas(after: page.last?.position ?? position, limit: wanted)
            page += batch
            bytes += batch.reduce(0) { $0 + $1.delta.bytes.count }
            guard batch.count == wanted else { break }
        }
        return page
    }

    /// The entities whose views may have changed, in the order of the deltas that did it.
    private func touched(by page: [StoredDelta], after position: Int64, upTo last: Int64) async throws -> [Text] {
        try await AnswerMemory.reading(log) { [perspective] snapshot, memory in
            let before = EntityLookup(snapshot, from: perspective, memory: memory, upTo: position)
            let after = EntityLookup(snapshot, from: perspective, memory: memory, upTo: last)
            var found = TouchedEntities(memory: memory)
            // Those that steps 1 to 3 may leave now and didn't before.
            func show(_ delta: ViewedDelta) throws {
                guard try found.add(delta), !perspective.moderators.isEmpty else { return }
                // Once an author's own delta shows, moderators can't negate that author's negation of it any more: what
                // else it negates may be out of view again.
                try after.forEachOwnNegation(of: delta) { _ = try found.add($0) }
            }
            var names: [PublicKey: Set<Text>] = [:]
            for stored in page {
                let delta = ViewedDelta(stored.delta)
                try show(delta)
                let transactions = delta.allTransactions
                if !transactions.isEmpty { names[delta.author, default: []].formUnion(transactions) }
            }
            // What had come of a transaction before and shows only now, or shows no more.
            for (author, names) in names {
                for name in names where try before.isComplete(name, of: author) != after.isComplete(name, of: author) {
                    try after.forEachMember(of: name, by: author, show)
                }
            }
            while let target = found.takeTarget() {
                try Task.checkCancellation()
                if let delta = try after.delta(target) { try found.add(delta) }
            }
            return found.entities
        }
    }

    private func changes(
        of entities: [Text],
        in collection: Text,
        after position: Int64,
        upTo last: Int64
    ) async throws -> [EntityChange] {
        try await AnswerMemory.reading(log) { [perspective] snapshot, memory in
            let before = EntityLookup(snapshot, from: perspective, memory: memory, upTo: position)
            let after = EntityLookup(snapshot, from: perspective, memory: memory, upTo: last)
            return try entities.compactMap { entity in
                let change = EntityChange(
                    id: entity,
                    before: try before.member(entity, of: collection),
                    after: try after.member(entity, of: collection)
                )
                return change.before == change.after ? nil : change
            }
        }
    }
}

/// Entities that deltas are about, and what is still to be looked at because they negate it.
private struct TouchedEntities {
    /// Bytes of an id in a set, about, and of an entity besides its name.
    private static let idBytes = 70
    private static let entityBytes = 80

    let memory: ReadingMemory
    private(set) var entities: [Text] = []
    private var targets: Set<DeltaID> = []
    private var known: Set<Text> = []
    private var seen: Set<DeltaID> = []

    init(memory: ReadingMemory) { self.memory = memory }

    /// Takes in a delta; whether it is new here.
    @discardableResult
    mutating func add(_ delta: ViewedDelta) throws -> Bool {
        guard seen.insert(delta.id).inserted else { return false }
        targets.remove(delta.id)
        var bytes = Self.idBytes
        for entity in delta.pointers.lazy.compactMap({ $0.entity?.id }) where known.insert(entity).inserted {
            entities.append(entity)
            bytes += Self.entityBytes + entity.count
        }
        for target in delta.negates where !seen.contains(target) && targets.insert(target).inserted {
            bytes += Self.idBytes
        }
        try memory.add(bytes)
        return true
    }

    mutating func takeTarget() -> DeltaID? { targets.popFirst() }
}
