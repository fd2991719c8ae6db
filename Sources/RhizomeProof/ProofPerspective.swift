public import Bytes
public import RhizomeCore
public import SignedStatements

/// How the maker of a proof looked, with nothing in it that only the maker knows: keys, and no names (spec: proof.md).
public struct ProofPerspective: Hashable, Sendable {
    /// The deltas of an author whom the maker distrusts and of whom some are kept.
    public struct Kept: Hashable, Sendable {
        /// The author.
        public let author: PublicKey
        /// These and all below them count.
        public let ids: [DeltaID]

        /// What is kept of an author.
        public init(author: PublicKey, ids: [DeltaID]) {
            self.author = author
            self.ids = ids
        }
    }

    /// Only deltas of this time and before; all where `nil`.
    public let asOf: Timestamp?
    /// Only these authors' deltas, the one who counts most for `by-rank` first; everybody's where `nil`.
    public let authors: [PublicKey]?
    /// Who may take back what others said.
    public let moderators: [PublicKey]
    /// All but these authors' deltas.
    public let without: [PublicKey]
    /// JSON-Logic rules, each of which a delta passes.
    public let filters: [Text]
    /// What counts of authors of whom trust keeps a part.
    public let kept: [Kept]
    /// Whose deltas could take part at all, by the maker's trust; everybody's where `nil`.
    public let trusted: [PublicKey]?

    /// A way of looking.
    public init(
        asOf: Timestamp? = nil,
        authors: [PublicKey]? = nil,
        moderators: [PublicKey] = [],
        without: [PublicKey] = [],
        filters: [Text] = [],
        kept: [Kept] = [],
        trusted: [PublicKey]? = nil
    ) {
        self.asOf = asOf
        self.authors = authors
        self.moderators = moderators
        self.without = without
        self.filters = filters
        self.kept = kept
        self.trusted = trusted
    }
}
