public import Bytes
public import RhizomeCore
internal import SignedLog

/// Tells which entities of a collection a stretch of the log changed, as they are seen from one perspective.
///
/// Whoever reads on from position to position misses nothing and needs no memory but the position: how an entity was
/// before is computed from the log as well. An entity that several deltas of a stretch changed is told once.
public struct ChangeReader: Sendable {
    /// Deltas of a page at most.
    private static let pageDeltas = 1_000
    /// Bytes of a page's deltas after which no more are read.
    private static let pageBytes = 1 << 20
    /// Deltas that are read at once: what a page may be larger by.
    private static let batch = 32
    /// Entities that are looked up at once.
    private static let entities = 32
    /// Deltas whose negations are asked for at once.
    private static let names = 256

    private let log: any DeltaLog
    private let perspective: Perspective

    /// A reader.
    public init(log: any DeltaLog, perspective: Perspective = Perspective()) {
        self.log = log
        self.perspective = perspective
    }

    /// What the next deltas changed in a collection: up to 1,000 of them, and about 1 MiB.
    ///
    /// An entity is a member where it is visibly referenced under the name and has a value
    /// (``EntityView/hasValues``). It changes by deltas about it, by negations of them and of these, and by what makes a
    /// transaction complete or incomplete. A change of the perspective itself isn't told.
    ///
    /// - Parameter position: up to which the log was read before.
    /// - Throws: ``JSONLogicError``, `CancellationError`, and what the log throws.
    /// - Complexity: that of reading each entity of the collection that the deltas have to do with.
    @concurrent public func changes(in collection: Text, after position: Int64) async throws -> ChangePage {
        let page = try await page(after: position)
        guard let last = page.last?.position else { return ChangePage(changes: [], position: position) }
        let touched = try await touched(by: page, after: position, upTo: last)
        var changes: [EntityChange] = []
        for part in touched.chunks(of: Self.entities) {
            changes += try await self.changes(of: part, in: collection, after: position, upTo: last)
        }
        return ChangePage(changes: changes, position: last)
    }

    private func page(after position: Int64) async throws -> [StoredDelta] {
        var page: [StoredDelta] = []
        var bytes = 0
        while page.count < Self.pageDeltas, bytes < Self.pageBytes {
            let batch = try await log.deltas(after: page.last?.position ?? position, limit: Self.batch)
            page += batch
            bytes += batch.reduce(0) { $0 + $1.delta.bytes.count }
            guard batch.count == Self.batch else { break }
        }
        return page
    }

    /// The entities whose views may have changed, in the order of the deltas that did it.
    private func touched(by page: [StoredDelta], after position: Int64, upTo last: Int64) async throws -> [Text] {
        var found = TouchedEntities()
        // Those that steps 1 to 3 may leave now and didn't before.
        var shown = page.map { ViewedDelta($0.delta) }
        for delta in shown { found.add(delta) }
        for mate in try await mates(of: shown, after: position, upTo: last) where found.add(mate) { shown.append(mate) }
        if !perspective.moderators.isEmpty {
            // Once an author's own delta shows, moderators can't negate that author's negation of it any more: what else
            // it negates may be out of view again.
            for part in shown.chunks(of: Self.names) {
                let negations = try await log.read { [perspective] snapshot in
                    let lookup = EntityLookup(snapshot, from: perspective, upTo: last)
                    return try part.flatMap { try lookup.ownNegations(of: $0) }
                }
                for negation in negations { found.add(negation) }
            }
        }
        while !found.targets.isEmpty {
            try Task.checkCancellation()
            for target in try await log.deltas(found.takeTargets()) where target.position <= last {
                found.add(ViewedDelta(target.delta))
            }
        }
        return found.entities
    }

    /// What had come of a transaction before and shows only now, or shows no more.
    private func mates(of page: [ViewedDelta], after position: Int64, upTo last: Int64) async throws -> [ViewedDelta] {
        guard page.contains(where: { !$0.allTransactions.isEmpty }) else { return [] }
        return try await log.read { [perspective] snapshot in
            let before = EntityLookup(snapshot, from: perspective, upTo: position)
            let after = EntityLookup(snapshot, from: perspective, upTo: last)
            var names: [PublicKey: Set<Text>] = [:]
            for delta in page { names[delta.author, default: []].formUnion(delta.allTransactions) }
            var mates: [ViewedDelta] = []
            for (author, names) in names {
                for name in names where try before.isComplete(name, of: author) != after.isComplete(name, of: author) {
                    mates += try after.members(of: name, by: author)
                }
            }
            return mates
        }
    }

    private func changes(
        of entities: [Text],
        in collection: Text,
        after position: Int64,
        upTo last: Int64
    ) async throws -> [EntityChange] {
        try await log.read { [perspective] snapshot in
            let before = EntityLookup(snapshot, from: perspective, upTo: position)
            let after = EntityLookup(snapshot, from: perspective, upTo: last)
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
    private(set) var entities: [Text] = []
    private(set) var targets: Set<DeltaID> = []
    private var known: Set<Text> = []
    private var seen: Set<DeltaID> = []

    /// Takes in a delta; whether it is new here.
    @discardableResult
    mutating func add(_ delta: ViewedDelta) -> Bool {
        guard seen.insert(delta.id).inserted else { return false }
        targets.remove(delta.id)
        for entity in delta.pointers.lazy.compactMap({ $0.entity?.id }) where known.insert(entity).inserted {
            entities.append(entity)
        }
        for target in delta.negates where !seen.contains(target) { targets.insert(target) }
        return true
    }

    mutating func takeTargets() -> [DeltaID] {
        defer { targets = [] }
        return Array(targets)
    }
}
