internal import RhizomeCore
internal import SignedStatements

/// The ends of this node's own log as the store has them, kept up to date by what is appended, so that a write needn't
/// ask for them.
struct OwnHeads {
    private var heads: [DeltaID: Head]
    /// Our own last delta, where one of them is it.
    var last: DeltaID?

    /// What the store has.
    init(_ heads: [Head]) { self.heads = Dictionary(uniqueKeysWithValues: heads.map { ($0.id, $0) }) }

    /// All of them, in no certain order.
    var all: [Head] { Array(heads.values) }

    /// One of them.
    subscript(id: DeltaID) -> Head? { heads[id] }

    /// Takes in a delta of our own log that was appended: none that follows it can have been held before.
    mutating func add(_ stored: StoredDelta) {
        for previous in stored.delta.header.previous { heads[previous] = nil }
        heads[stored.id] = DeltaLink(stored.delta).head
        if Self.isWrittenHere(stored) { last = stored.id }
    }

    /// Whether a delta of our own log was written by this node, and not brought by a peer.
    static func isWrittenHere(_ stored: StoredDelta) -> Bool { stored.arrival.receivedFrom == nil }
}
