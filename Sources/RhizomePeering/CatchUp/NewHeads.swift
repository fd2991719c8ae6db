package import RhizomeCore
internal import SignedStatements

/// The heads among deltas that were accepted one after the other, a page of them at most.
///
/// Nothing is read for them: what is accepted is a head until something that follows it is accepted. Heads for which
/// there is no room are left out; peers find them by asking for news.
package struct NewHeads: Sendable {
    private var heads: [DeltaID: PublicKey] = [:]
    /// What these follow without having been among them, so that it isn't told either where it was found before.
    private var followed: Set<DeltaID> = []

    /// None.
    package init() {}

    /// Whether there are none.
    var isEmpty: Bool { heads.isEmpty }

    /// Whose they are.
    var authors: Set<PublicKey> { Set(heads.values) }

    /// Each with its author, in no certain order.
    var all: [AuthorHead] { heads.map { AuthorHead(author: $1, id: $0) } }

    /// Adds a delta in place of those that it follows.
    mutating func add(_ delta: SignedDelta) {
        remove(delta.header.previous)
        add(AuthorHead(author: delta.author, id: delta.id))
    }

    /// Adds a head of a log as it is held.
    package mutating func add(_ head: AuthorHead) {
        if heads.count < PeeringLimits.headsPage { heads[head.id] = head.author }
    }

    /// Adds the heads among deltas that were accepted later.
    mutating func add(_ later: Self) {
        remove(later.followed)
        for (id, author) in later.heads where heads.count < PeeringLimits.headsPage { heads[id] = author }
    }

    private mutating func remove(_ ids: some Sequence<DeltaID>) {
        for id in ids where heads.removeValue(forKey: id) == nil && followed.count < PeeringLimits.headsPage {
            followed.insert(id)
        }
    }
}
