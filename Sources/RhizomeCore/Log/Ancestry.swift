/// Some deltas of an author's log and all before them, as far as they are held: what `keep` leaves (spec: identity.md).
///
/// A log seldom forks, so most of it is told by a sequence: ids are there only from where on deltas that belong to it
/// and others lie side by side. It tells of what was held when it was made: of what the author's log got since, make
/// another.
public struct Ancestry: Hashable, Sendable {
    /// Below this sequence all of the author's deltas belong to it.
    private let end: Int64
    /// Those that belong to it with this sequence or a greater one.
    private let others: Set<DeltaID>

    /// An ancestry; without arguments, one of nothing.
    ///
    /// - Parameters:
    ///   - end: a sequence below which all of the author's deltas belong to it.
    ///   - others: those with this sequence or a greater one that belong to it.
    public init(below end: Int64 = 0, and others: Set<DeltaID> = []) {
        self.end = end
        self.others = others
    }

    /// Whether a delta of the author belongs to it.
    public func contains(_ id: DeltaID, sequence: Int64) -> Bool { sequence < end || others.contains(id) }
}
