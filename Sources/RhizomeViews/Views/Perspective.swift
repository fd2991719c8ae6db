public import SignedLog

/// How somebody looks at the deltas: what a view's steps need to know besides them (spec: views.md).
///
/// The default sees everything that is held, as of now.
public struct Perspective: Sendable {
    /// Step 1: deltas that trust keeps out, those of distrusted authors that `keep` doesn't name.
    public var isExcluded: @Sendable (ViewedDelta) -> Bool
    /// Step 2: only deltas with a `timeCreated` of at most this, µs since 1970; all where `nil`.
    public var asOf: Int64?
    /// Step 4: who may negate deltas by others, besides their authors, unless ``without`` names them.
    public var moderators: Set<PublicKey>
    /// Step 5: only these authors' deltas; everybody's where `nil`.
    public var authors: Set<PublicKey>?
    /// Step 5: all but these authors' deltas.
    public var without: Set<PublicKey>
    /// Step 6: only deltas that pass each of these.
    public var filters: [DeltaFilter]

    /// A perspective; without arguments, the one that sees all.
    public init(
        asOf: Int64? = nil,
        moderators: Set<PublicKey> = [],
        authors: Set<PublicKey>? = nil,
        without: Set<PublicKey> = [],
        filters: [DeltaFilter] = [],
        isExcluded: @escaping @Sendable (ViewedDelta) -> Bool = { _ in false }
    ) {
        self.asOf = asOf
        self.moderators = moderators
        self.authors = authors
        self.without = without
        self.filters = filters
        self.isExcluded = isExcluded
    }

    /// Whether steps 1 and 2 leave a delta.
    func leaves(_ delta: ViewedDelta) -> Bool {
        if let asOf, delta.timeCreated > asOf { return false }
        return !isExcluded(delta)
    }

    /// Whether step 5 leaves an author's deltas.
    func picks(_ author: PublicKey) -> Bool { authors?.contains(author) != false && !without.contains(author) }
}
