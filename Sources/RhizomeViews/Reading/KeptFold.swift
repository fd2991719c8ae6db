internal import Bytes
internal import Locks
internal import RhizomeCore
internal import SignedStatements

/// How far a fold over what was said of a property has come, and on what it depends.
struct KeptFold: Sendable {
    /// What was folded, and as seen by whom: another perspective has another fold.
    struct Key: Hashable, Sendable {
        /// The log's.
        let epoch: [UInt8]
        let eyes: Perspective.Eyes
        let entity: Text
        let property: Text
        /// The resolver's type: those that look at all assertions have no settings.
        let resolver: ObjectIdentifier
    }

    /// Deltas that are still to be looked at, at most.
    static let mostOpen = 10_000

    let key: Key
    /// A `Folding` by the resolver.
    let folding: any Sendable
    /// About how many bytes of memory that takes.
    let foldingBytes: Int
    /// Up to which position what was said is folded, but for ``open``.
    let position: Int64
    /// Whose words were looked at, where the perspective refuses authors with several heads: that may change.
    let authors: Set<Int64>
    /// Deltas that may be about the property and aren't folded: that came since, or wait for their transactions.
    private(set) var open: [Int64]
    /// What the deltas that were looked at depend on.
    let basis: FoldBasis

    /// About how many bytes of memory it takes.
    var bytes: Int {
        1_000 + 2 * (key.entity.count + key.property.count) + 64 * (key.eyes.authorCount + authors.count) + foldingBytes
            + 8 * open.count + basis.bytes
    }

    /// Takes in what was appended.
    ///
    /// - Returns: false where it may change how what was folded counts: then the fold is worth nothing any more.
    mutating func take(_ impact: FoldImpact) -> Bool {
        // What a reading saw before it was told of is folded already.
        guard impact.position > position else { return true }
        guard !basis.isTouched(by: impact, moderators: key.eyes.moderators) else { return false }
        if impact.entities.contains(key.entity), open.last != impact.position { open.append(impact.position) }
        return open.count <= Self.mostOpen
    }
}

/// What could change how the deltas of a fold count, as numbers: their ids and those of what was looked at to know
/// whether they are negated, each with its author, and their transactions.
///
/// A delta is taken back by its author and by moderators alone, a transaction is its author's: what others write of the
/// same names touches nothing. Names that share a number only cost time.
struct FoldBasis: Sendable {
    /// Names at most, beyond which nothing is kept: 32 MiB.
    static let most = 4 << 20

    /// In order, each once.
    private var sorted: [Int] = []
    private var added: Set<Int> = []
    /// Deltas that aren't there yet: an author who takes back own ones shuts moderators out, once both are there.
    private var awaited: Set<Int> = []

    /// Names that are kept beside those in order, at most.
    private static let mostAdded = 1_000

    /// About how many bytes of memory it takes.
    var bytes: Int { 8 * sorted.count + 32 * (added.count + awaited.count) }
    /// How many names it has.
    var count: Int { sorted.count + added.count }

    /// No name.
    init() {}

    /// Takes in what was gathered while looking.
    ///
    /// - Complexity: O(*n* log *n*) in the names that are new; once in a thousand of them O(all).
    mutating func add(_ names: [Int], awaited more: Set<Int>) {
        awaited.formUnion(more)
        guard names.count + added.count > Self.mostAdded else {
            added.formUnion(names)
            return
        }
        let new = (names + added).sorted()
        added = []
        var merged: [Int] = []
        merged.reserveCapacity(sorted.count + new.count)
        var old = sorted[...]
        for name in new {
            while let first = old.first, first < name { merged.append(old.removeFirst()) }
            if old.first != name, merged.last != name { merged.append(name) }
        }
        sorted = merged + old
    }

    private func contains(_ name: Int) -> Bool { sorted.contains(sorted: name) || added.contains(name) }

    /// Whether a delta may change how what was looked at counts.
    fileprivate func isTouched(by impact: FoldImpact, moderators: Set<PublicKey>) -> Bool {
        if impact.names.contains(where: contains) { return true }
        return !awaited.isEmpty && awaited.contains(impact.own)
            || moderators.contains(impact.author) && impact.negated.contains(where: contains)
    }

    /// A delta's name for its author, and for what its author alone may do with it.
    static func name(of delta: DeltaID, by author: PublicKey) -> Int {
        var hasher = Hasher()
        hasher.combine(delta)
        hasher.combine(author)
        return hasher.finalize()
    }

    /// A delta's name for moderators.
    static func name(of delta: DeltaID) -> Int {
        var hasher = Hasher()
        hasher.combine(delta)
        return hasher.finalize()
    }

    /// The name of an author's transaction.
    static func name(of transaction: Text, by author: PublicKey) -> Int {
        var hasher = Hasher()
        hasher.combine(transaction)
        hasher.combine(author)
        return hasher.finalize()
    }
}

/// What a delta that was appended may change of folds.
struct FoldImpact: Sendable {
    let position: Int64
    let author: PublicKey
    /// What it is about.
    let entities: Set<Text>
    /// Its own name.
    let own: Int
    /// Its author's deltas that it would negate, and transactions.
    let names: [Int]
    /// The deltas that it would negate, whosesoever.
    let negated: [Int]

    init(_ delta: ViewedDelta, at position: Int64) {
        self.position = position
        author = delta.author
        entities = Set(delta.pointers.lazy.compactMap { $0.entity?.id })
        own = FoldBasis.name(of: delta.id, by: delta.author)
        let negates = delta.negates
        negated = negates.map { FoldBasis.name(of: $0) }
        names =
            negates.map { FoldBasis.name(of: $0, by: delta.author) }
            + delta.allTransactions.map { FoldBasis.name(of: $0, by: delta.author) }
    }
}
