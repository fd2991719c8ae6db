internal import Bytes
internal import SignedStatements

extension Perspective {
    /// What a perspective sees, as a value that can be told from another; of the same node's.
    struct Eyes: Hashable, Sendable {
        let exclusion: Int
        let asOf: Timestamp?
        let moderators: Set<PublicKey>
        let authors: Set<PublicKey>?
        let without: Set<PublicKey>
        let refusesForked: Bool
        let forked: Set<PublicKey>

        /// How many authors it names.
        var authorCount: Int { moderators.count + (authors?.count ?? 0) + without.count + forked.count }
    }

    /// What it sees; `nil` where that can't be told: by what else than a ``Exclusion`` trust keeps out, or which
    /// petnames a filter looks at.
    var eyes: Eyes? {
        guard let exclusion, filters.isEmpty else { return nil }
        return Eyes(
            exclusion: exclusion,
            asOf: asOf,
            moderators: moderators.subtracting(without),
            authors: authors,
            without: without,
            refusesForked: refusesForked,
            forked: forked
        )
    }
}
