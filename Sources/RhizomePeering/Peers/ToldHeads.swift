internal import RhizomeCore
internal import SignedStatements

/// The heads that one peer is known to hold, by author: a pure value of bounded size.
///
/// What there is no room for isn't remembered, and the peer is then thought to hold less than it does.
struct ToldHeads: Sendable {
    /// Heads of one author that are remembered; only a liar tells of more.
    static let mostOfAuthor = 256
    /// Heads of all authors that are remembered: about 2 MB.
    static let most = 20_000

    /// Each author's, none of them empty.
    private(set) var all: [PublicKey: Set<DeltaID>] = [:]
    private var count = 0

    /// The heads of one author's log; beyond the bounds as many as there is room for.
    subscript(author: PublicKey) -> Set<DeltaID>? {
        get { all[author] }
        set {
            count -= all[author]?.count ?? 0
            let room = min(Self.mostOfAuthor, Self.most - count)
            let kept = newValue.map { $0.count <= room ? $0 : Set($0.prefix(room)) } ?? []
            all[author] = kept.isEmpty ? nil : kept
            count += kept.count
        }
    }

    /// Takes note of a delta that the peer holds, in place of those that it follows.
    mutating func add(_ delta: SignedDelta) {
        var heads = self[delta.author] ?? []
        // What doesn't fit in beside the others takes their place: it is the latest that is known.
        if heads.count >= Self.mostOfAuthor { heads = [] }
        heads.subtract(delta.header.previous)
        heads.insert(delta.id)
        self[delta.author] = heads
    }

    /// Takes note of heads of an author that the peer told of, besides those known before.
    mutating func add(_ ids: Set<DeltaID>, of author: PublicKey) {
        let known = self[author] ?? []
        self[author] = known.count + ids.count <= Self.mostOfAuthor ? known.union(ids) : ids
    }
}
