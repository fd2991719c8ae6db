public import Bytes
public import RhizomeCore
public import SignedStatements

/// How somebody looks at the deltas: what a view's steps need to know besides them (spec: views.md).
///
/// The default sees everything that is held, as of now, and of each property the last write.
public struct Perspective: Sendable {
    /// How much of an author's deltas trust leaves.
    public enum Share: Sendable {
        case all
        case part
        case none
    }

    /// Step 1: deltas that trust keeps out, those of distrusted authors that `keep` doesn't name.
    public var isExcluded: @Sendable (ViewedDelta) -> Bool { didSet { exclusion = nil } }
    /// Step 1: what ``isExcluded`` says of all deltas of an author; `part` where each has to be asked of.
    public var share: @Sendable (PublicKey) -> Share { didSet { exclusion = nil } }
    /// Step 1: the ids that `keep` names, of each distrusted author who has any; ``isExcluded`` leaves those deltas and
    /// all before them.
    public var kept: [PublicKey: [DeltaID]] { didSet { exclusion = nil } }
    /// Step 2: only deltas with a `timeCreated` of at most this, µs since 1970; all where `nil`.
    public var asOf: Timestamp?
    /// Step 4: who may negate deltas by others, besides their authors, unless ``without`` names them.
    public var moderators: Set<PublicKey>
    /// Step 5: only these authors' deltas; everybody's where `nil`.
    public var authors: Set<PublicKey>?
    /// Step 5: all but these authors' deltas.
    public var without: Set<PublicKey>
    /// Step 5: whether authors with more than one head don't count.
    ///
    /// Only a log tells who they are: an ``EntityReader`` asks its own.
    public var refusesForked: Bool
    /// Step 5: authors with more than one head among what steps 1 and 2 leave, where they don't count.
    public var forked: Set<PublicKey>
    /// Step 6: only deltas that pass each of these.
    public var filters: [DeltaFilter]
    /// Step 7: which resolvers properties have; the last write counts of all others.
    public var resolvers: ResolverTable
    /// Step 7: who counts how much for `by-rank`, the one who counts most first.
    public var ranking: [PublicKey]
    /// The number of the exclusion that says all of step 1; `nil` where something else does.
    private(set) var exclusion: Int?

    /// A perspective; without arguments, the one that sees all.
    public init(
        asOf: Timestamp? = nil,
        moderators: Set<PublicKey> = [],
        authors: Set<PublicKey>? = nil,
        without: Set<PublicKey> = [],
        refusesForked: Bool = false,
        forked: Set<PublicKey> = [],
        filters: [DeltaFilter] = [],
        resolvers: ResolverTable = ResolverTable(),
        ranking: [PublicKey] = [],
        kept: [PublicKey: [DeltaID]] = [:],
        isExcluded: (@Sendable (ViewedDelta) -> Bool)? = nil,
        share: (@Sendable (PublicKey) -> Share)? = nil
    ) {
        self.asOf = asOf
        self.moderators = moderators
        self.authors = authors
        self.without = without
        self.refusesForked = refusesForked
        self.forked = forked
        self.filters = filters
        self.resolvers = resolvers
        self.ranking = ranking
        self.kept = kept
        self.share = share ?? { [isAsked = isExcluded != nil] _ in isAsked ? .part : .all }
        self.isExcluded = isExcluded ?? { _ in false }
    }

    /// A node's own eyes: all but what trust keeps out, as of now.
    public init(without exclusion: Exclusion) {
        self.init(kept: exclusion.kept, isExcluded: exclusion.isExcluded, share: exclusion.share)
        self.exclusion = exclusion.number
    }

    /// Whether steps 1 and 2 leave a delta.
    func leaves(_ delta: ViewedDelta) -> Bool {
        if let asOf, delta.timeCreated > asOf { return false }
        return !isExcluded(delta)
    }

    /// Whether step 5 leaves an author's deltas.
    func picks(_ author: PublicKey) -> Bool {
        authors?.contains(author) != false && !without.contains(author) && !forked.contains(author)
    }

    /// The resolver of a property in step 7.
    ///
    /// - Parameter collection: under which name the entity is looked at.
    public func resolver(of property: Text, in collection: Text?) -> any Resolver {
        resolvers.resolver(of: property, in: collection)?.resolver(ranking: ranking) ?? LastWriteWins()
    }
}
