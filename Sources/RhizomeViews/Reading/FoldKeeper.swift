internal import Bytes
internal import RhizomeCore
internal import SignedStatements

/// Goes on from folds that are kept, and gathers what those depend on that one reading makes.
///
/// For one ``EntityLookup`` that looks at all positions.
final class FoldKeeper {
    /// Deltas that were appended and not told of yet which a reading looks at itself.
    private static let mostUntold: Int64 = 5_000
    /// Deltas that aren't there on which a fold may depend.
    private static let mostAwaited = 100_000

    private let folds: KeptFolds
    private let epoch: [UInt8]
    private let eyes: Perspective.Eyes
    /// What the reading's own looking depends on; `nil` where that is too much.
    private var names: [Int]? = []
    private var awaited: Set<Int> = []
    /// What the reading folded and is worth keeping.
    private(set) var made: [KeptFold] = []

    init(_ folds: KeptFolds, epoch: [UInt8], eyes: Perspective.Eyes) {
        self.folds = folds
        self.epoch = epoch
        self.eyes = eyes
    }

    /// Words after which it is worth keeping where a fold has come to.
    var worthKeeping: Int { folds.worthKeeping }

    /// Under what a fold is kept.
    func key(of property: Text, of entity: Text, by resolver: some Resolver) -> KeptFold.Key {
        KeptFold.Key(
            epoch: epoch,
            eyes: eyes,
            entity: entity,
            property: property,
            resolver: ObjectIdentifier(type(of: resolver))
        )
    }

    /// Where a fold has come to, with all that was appended up to the state that is read.
    ///
    /// - Throws: ``AnswerMemory/Overtaken`` where it has gone beyond that state.
    func fold(_ key: KeptFold.Key, in lookup: EntityLookup) throws -> KeptFold? {
        guard case (var fold, let told)? = folds.fold(key) else { return nil }
        guard fold.position <= lookup.position else { throw AnswerMemory.Overtaken() }
        guard lookup.position - told <= Self.mostUntold else { return nil }
        // Appended, but not told of yet.
        for position in stride(from: told + 1, through: lookup.position, by: 1) {
            guard fold.take(FoldImpact(try lookup.delta(at: position), at: position)) else { return nil }
        }
        return fold
    }

    /// Keeps where a fold has come to.
    ///
    /// - Parameters:
    ///   - open: deltas that aren't folded in yet.
    ///   - before: from where it went on.
    func keep(
        _ folding: Folding<some Resolver>,
        as key: KeptFold.Key,
        open: [Int64],
        authors: Set<Int64>,
        at position: Int64,
        from before: KeptFold? = nil
    ) {
        guard let names, open.count <= KeptFold.mostOpen else { return }
        var basis = before?.basis ?? FoldBasis()
        guard names.count + basis.count <= FoldBasis.most else { return }
        basis.add(names, awaited: awaited)
        made.append(
            KeptFold(
                key: key,
                folding: folding,
                foldingBytes: folding.bytes,
                position: position,
                authors: authors,
                open: open,
                basis: basis
            )
        )
    }

    // MARK: - What it depends on

    /// Notes that a delta was looked at: it may be negated, and its transactions may become complete or incomplete.
    func depend(on delta: ViewedDelta, _ memory: ReadingMemory) throws {
        try add(FoldBasis.name(of: delta.id, by: delta.author), memory)
        if !eyes.moderators.isEmpty { try add(FoldBasis.name(of: delta.id), memory) }
        for transaction in delta.transactions {
            try add(FoldBasis.name(of: transaction, by: delta.author), memory)
        }
    }

    /// Notes that a delta by an author would have changed something, were it there.
    func expect(_ delta: DeltaID, by author: PublicKey, _ memory: ReadingMemory) throws {
        guard names != nil, awaited.insert(FoldBasis.name(of: delta, by: author)).inserted else { return }
        try memory.add(32)
        if awaited.count > Self.mostAwaited { names = nil }
    }

    private func add(_ name: Int, _ memory: ReadingMemory) throws {
        guard names != nil else { return }
        names?.append(name)
        try memory.add(16)
        if let count = names?.count, count > FoldBasis.most {
            memory.remove(16 * count)
            names = nil
        }
    }
}
