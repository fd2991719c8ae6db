/// The deltas that together give a row by a query (spec: query.md, "Provenance").
struct Lineage: Hashable, Sendable {
    /// On which the row as such rests.
    var row: DeltaSet
    /// On which each cell rests besides.
    var cells: [DeltaSet]
    /// Whether the row also rests on nothing having been said.
    var restsOnAbsence = false
    /// Other sets that give the row, each of all that it would rest on; at most ``QueryBounds/alternatives``.
    var alternatives: [DeltaSet] = []

    /// All deltas on which the row rests.
    var total: DeltaSet {
        if cells.allSatisfy({ $0.count == 0 }) { return row }
        return DeltaSet(union: cells + [row])
    }

    /// About how many bytes of memory it takes.
    var approximateBytes: Int {
        let sets = cells.reduce(row.approximateBytes) { $0 + $1.approximateBytes }
        return 64 + alternatives.reduce(sets) { $0 + $1.approximateBytes }
    }

    /// Makes the least witness of this and another lineage of an equal row this one.
    ///
    /// One that rests on what was said alone goes before one that doesn't, which is then no alternative to it.
    mutating func merge(_ other: Lineage, keepingAlternatives: Bool) {
        if restsOnAbsence != other.restsOnAbsence {
            if restsOnAbsence { self = other }
            if !keepingAlternatives { alternatives = [] }
            return
        }
        let (own, others) = (total, other.total)
        let isBetter = others.precedes(own)
        let sets = alternatives + other.alternatives + [isBetter ? own : others]
        if isBetter {
            row = other.row
            cells = other.cells
        }
        guard keepingAlternatives else {
            alternatives = []
            return
        }
        var seen: Set<DeltaSet> = [isBetter ? others : own]
        alternatives = Array(
            sets.sorted { $0.precedes($1) }.filter { seen.insert($0).inserted }.prefix(QueryBounds.alternatives)
        )
    }
}
