internal import Bytes
internal import RhizomeCore

/// Fetches all deltas on which the view of some entities depends.
///
/// Those are, each asked for once: the deltas about the entities, those that negate them, those that negate these, and
/// so on; and for every member of a transaction among them all deltas about that transaction. Where moderators have a
/// say, also what the negating ones negate: whether an author took back something of its own depends on it.
struct DeltaGatherer {
    /// How many names are asked for at once.
    private static let batch = 256

    private let log: any DeltaLog
    private let needsTargets: Bool
    /// Deltas that were appended after the gathering started are left out, or half a transaction could show.
    private let lastPosition: Int64
    private let limit: Int

    private var gathered: [DeltaID: ViewedDelta] = [:]
    private var examined: Set<DeltaID> = []
    private var asked: Set<Text> = []
    private var names: [Text] = []
    private var transactions: Set<Text> = []
    private var targets: Set<DeltaID> = []

    init(log: any DeltaLog, perspective: Perspective, limit: Int) async throws {
        self.log = log
        self.limit = limit
        needsTargets = !perspective.moderators.isEmpty
        lastPosition = try await log.count()
    }

    /// The deltas that the view of these entities depends on, and perhaps others.
    ///
    /// - Throws: ``ViewError/tooLarge`` beyond the limit, `CancellationError`, and what the log throws.
    mutating func deltas(about entities: [Text]) async throws -> [ViewedDelta] {
        for page in entities.chunked(Self.batch) {
            for delta in try await fetch(page) { examine(delta) }
        }
        while !names.isEmpty {
            let page = names.suffix(Self.batch)
            names.removeLast(page.count)
            for delta in try await fetch(Array(page)) where delta.negates.contains(where: examined.contains) {
                examine(delta)
            }
        }
        try await gatherTargets()
        for page in Array(transactions).chunked(Self.batch) { _ = try await fetch(page) }
        return Array(gathered.values)
    }

    /// Notes what the fate of a delta depends on.
    private mutating func examine(_ delta: ViewedDelta) {
        guard examined.insert(delta.id).inserted else { return }
        names.append(Text(delta.id.description))
        transactions.formUnion(delta.transactions)
        if needsTargets { targets.formUnion(delta.negates) }
    }

    private mutating func gatherTargets() async throws {
        let missing = targets.filter { gathered[$0] == nil }
        for page in Array(missing).chunked(Self.batch) {
            for delta in try await keep(log.deltas(page)) { transactions.formUnion(delta.transactions) }
        }
    }

    private mutating func fetch(_ entities: [Text]) async throws -> [ViewedDelta] {
        let new = entities.filter { asked.insert($0).inserted }
        guard !new.isEmpty else { return [] }
        return try keep(try await log.deltas(aboutAny: new))
    }

    private mutating func keep(_ found: [StoredDelta]) throws -> [ViewedDelta] {
        try Task.checkCancellation()
        let kept = found.filter { $0.position <= lastPosition }.map { ViewedDelta($0.delta) }
        for delta in kept { gathered[delta.id] = delta }
        guard gathered.count <= limit else { throw ViewError.tooLarge(limit: limit) }
        return kept
    }
}

extension [Text] {
    fileprivate func chunked(_ size: Int) -> [[Text]] { Self.chunks(of: self, size) }
}

extension [DeltaID] {
    fileprivate func chunked(_ size: Int) -> [[DeltaID]] { Self.chunks(of: self, size) }
}

extension Array {
    fileprivate static func chunks(of items: [Element], _ size: Int) -> [[Element]] {
        stride(from: 0, to: items.count, by: size).map { Array(items[$0..<Swift.min($0 + size, items.count)]) }
    }
}
