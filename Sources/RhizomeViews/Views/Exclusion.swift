public import RhizomeCore
public import RhizomeIdentity
public import SignedStatements

/// Which deltas of distrusted authors views leave out (spec: views.md, step 1).
///
/// Two of the same number are the same.
public struct Exclusion: Sendable {
    /// Another one for each state of the trusted-peer list.
    public let number: Int
    /// The ids that `keep` names, of each distrusted author who has any: these and all before them stay.
    public let kept: [PublicKey: [DeltaID]]
    /// How much of an author's deltas trust leaves; `part` where each has to be asked of.
    public let share: @Sendable (PublicKey) -> Perspective.Share
    /// Whether trust keeps a delta out.
    public let isExcluded: @Sendable (ViewedDelta) -> Bool

    /// An exclusion.
    public init(
        number: Int,
        kept: [PublicKey: [DeltaID]] = [:],
        isExcluded: @escaping @Sendable (ViewedDelta) -> Bool,
        share: @escaping @Sendable (PublicKey) -> Perspective.Share = { _ in .part }
    ) {
        self.number = number
        self.kept = kept
        self.share = share
        self.isExcluded = isExcluded
    }

    /// What a trusted-peer list keeps out of what a log holds: all of an author whom it distrusts with `keep` none, and
    /// all but some ids and those before them where it names such.
    ///
    /// As the log is now: an id that `keep` names may still come.
    ///
    /// - Parameter number: another one for each exclusion that one cache of views is read by.
    /// - Throws: what the log throws.
    /// - Complexity: a look-up for each author of whom a part is kept, O(what it has not yet seen of that log).
    public init(by trust: TrustList, in log: any AuthorLogs, number: Int = 0) async throws {
        var left: [PublicKey: Ancestry] = [:]
        var kept: [PublicKey: [DeltaID]] = [:]
        for entry in trust.entries.values where entry.action == .distrust {
            switch entry.keep {
            case .all: break
            case .none: left[entry.identity] = Ancestry()
            case .ids(let named):
                let ids = named.map { DeltaID($0) }
                kept[entry.identity] = ids
                left[entry.identity] = try await log.ancestry(of: ids, author: entry.identity)
            }
        }
        self.init(number: number, kept: kept) { [left] delta in
            left[delta.author].map { !$0.contains(delta.id, sequence: delta.sequence) } ?? false
        } share: { [left, kept] author in
            left[author] == nil ? .all : kept[author] == nil ? .none : .part
        }
    }
}
