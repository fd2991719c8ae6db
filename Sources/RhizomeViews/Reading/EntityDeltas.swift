internal import Bytes
internal import RhizomeCore
internal import SignedLog

/// All deltas on which the views of some entities depend, whatever the perspective; gathered from a log, and kept up to
/// date with what is appended to it.
///
/// Those are, each asked for once: the deltas about the entities, those that negate them, those that negate these, and
/// so on; for every member of a transaction among them all deltas about that transaction; and what the negating ones
/// negate, since moderators may not take back what an author took back itself.
struct EntityDeltas: Sendable {
    /// What has come to a set of deltas.
    struct Growth {
        /// The deltas that weren't there before.
        private(set) var added: [ViewedDelta] = []
        private var ids: Set<DeltaID> = []
        /// Whether none of them has to do with what was there before but being about the same entity.
        ///
        /// Neither negates the other, and they share no transaction: views of both parts can be put together.
        var isIndependent = true

        /// Takes note of one that wasn't there before.
        mutating func add(_ delta: ViewedDelta) {
            added.append(delta)
            ids.insert(delta.id)
        }

        /// Whether a delta wasn't there before.
        func contains(_ id: DeltaID) -> Bool { ids.contains(id) }
    }

    /// How many names are asked for at once.
    private static let batch = 256

    /// How many deltas there may be, so that no author can make a view take all memory.
    private let limit: Int
    private let entities: Set<Text>

    /// The deltas, by id.
    private(set) var deltas: [DeltaID: ViewedDelta] = [:]
    /// What the log held up to this position is taken into account.
    private(set) var position: Int64 = 0
    /// About how many bytes of memory all of this takes.
    private(set) var byteCount = 0

    /// The deltas whose fate matters: about the entities, or negating such a one.
    private(set) var examined: Set<DeltaID> = []
    /// The transactions of which all deltas are gathered.
    private(set) var transactions: Set<Text> = []
    /// What examined deltas negate, held or not.
    private(set) var targets: Set<DeltaID> = []

    // What is still to be asked for; nothing between two calls.
    private var newNames: [DeltaID] = []
    private var newTransactions: [Text] = []
    private var newTargets: [DeltaID] = []

    /// Nothing yet of these entities.
    init(of entities: some Sequence<Text>, limit: Int) {
        self.entities = Set(entities)
        // A transaction is an entity too: all about it is gathered anyway.
        transactions = self.entities
        self.limit = limit
    }

    /// Gathers what a log holds now, or what it held up to a position.
    ///
    /// - Throws: ``ViewError`` `tooLarge` beyond the limit, `CancellationError`, and what the log throws.
    mutating func gather(from log: any DeltaLog, upTo last: Int64? = nil) async throws {
        // Deltas that are appended after the gathering started are left out, or half a transaction could show.
        if let last { position = last } else { position = try await log.count() }
        var growth = Growth()
        for page in Array(entities).chunks(of: Self.batch) {
            for delta in try keep(try await log.deltas(aboutAny: page), &growth) { examine(delta) }
        }
        try await settle(log, &growth)
    }

    /// Takes in what was appended: every delta up to a position that has to do with what is here, and perhaps others.
    ///
    /// - Throws: as ``gather(from:)``; gather anew then.
    mutating func take(_ new: [ViewedDelta], upTo last: Int64, from log: any DeltaLog) async throws -> Growth {
        position = last
        var growth = Growth()
        for delta in new where deltas[delta.id] == nil {
            let isExamined =
                delta.pointers.contains { $0.entity.map { entities.contains($0.id) } ?? false }
                || delta.negates.contains(where: examined.contains)
            let isTarget = targets.contains(delta.id)
            let isMember = delta.allTransactions.contains(where: transactions.contains)
            guard isExamined || isTarget || isMember else { continue }
            if isTarget || isMember { growth.isIndependent = false }
            try add(delta, &growth)
            if isExamined { examine(delta) }
            if isTarget { note(transactionsOf: delta) }
        }
        // A new one may negate what was there before, and need not be examined for that: another's transaction mate.
        let negatesHeld = growth.added.contains { delta in
            delta.negates.contains { deltas[$0] != nil && !growth.contains($0) }
        }
        if negatesHeld { growth.isIndependent = false }
        try await settle(log, &growth)
        return growth
    }

    private mutating func settle(_ log: any DeltaLog, _ growth: inout Growth) async throws {
        while !newNames.isEmpty || !newTargets.isEmpty || !newTransactions.isEmpty {
            while !newNames.isEmpty {
                let page = newNames.suffix(Self.batch)
                newNames.removeLast(page.count)
                let found = try keep(
                    try await log.deltas(aboutAny: page.map { Text($0.description) }),
                    &growth
                )
                for delta in found where delta.negates.contains(where: examined.contains) { examine(delta) }
            }
            // One that is here already may be so as a member of one transaction, and be in others too.
            for held in newTargets.compactMap({ deltas[$0] }) { note(transactionsOf: held) }
            let missing = newTargets.filter { deltas[$0] == nil }
            newTargets = []
            for page in missing.chunks(of: Self.batch) {
                for delta in try keep(try await log.deltas(page), &growth) { note(transactionsOf: delta) }
            }
            let pages = newTransactions.chunks(of: Self.batch)
            newTransactions = []
            for page in pages { _ = try keep(try await log.deltas(aboutAny: page), &growth) }
        }
    }

    /// Notes what the fate of a delta depends on.
    private mutating func examine(_ delta: ViewedDelta) {
        guard examined.insert(delta.id).inserted else { return }
        newNames.append(delta.id)
        note(transactionsOf: delta)
        for target in delta.negates where targets.insert(target).inserted { newTargets.append(target) }
    }

    private mutating func note(transactionsOf delta: ViewedDelta) {
        for name in delta.transactions where transactions.insert(name).inserted { newTransactions.append(name) }
    }

    private mutating func keep(_ found: [StoredDelta], _ growth: inout Growth) throws -> [ViewedDelta] {
        try Task.checkCancellation()
        return try found.filter { $0.position <= position }.map { stored in
            if let held = deltas[stored.id] {
                // Something new has to do with what was there before.
                if !growth.contains(held.id) { growth.isIndependent = false }
                return held
            }
            let delta = ViewedDelta(stored.delta)
            try add(delta, &growth)
            return delta
        }
    }

    private mutating func add(_ delta: ViewedDelta, _ growth: inout Growth) throws {
        deltas[delta.id] = delta
        byteCount += delta.approximateBytes
        growth.add(delta)
        guard deltas.count <= limit else { throw ViewError.tooLarge(limit: limit) }
    }
}

extension ViewedDelta {
    /// The transactions that the delta has to do with, as a member or by stating the size.
    var allTransactions: [Text] { transactions + sizedTransactions }

    /// About how many bytes of memory the delta takes with its places in the tables: measured, about 500 and its texts.
    var approximateBytes: Int {
        pointers.reduce(400) { bytes, pointer in
            let target =
                switch pointer.target {
                case .entity(let id, let context): id.count + context.count
                case .value(.text(let text)): text.count
                case .value: 0
                }
            return bytes + 100 + pointer.localContext.count + target
        }
    }
}
