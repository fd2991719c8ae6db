/// Rows by which it is told what is before some deltas.
package protocol AncestryRows: BranchRows {
    /// Runs through the deltas with these sequences, in any order.
    func forEachDelta(in sequences: ClosedRange<Int64>, _ body: (Place, DeltaID) throws -> Void) throws
}

extension AncestryRows {
    /// These and all before them.
    package func ancestry(of ids: [DeltaID]) throws -> Ancestry {
        var reach = try reach(ids)
        try reach.follow(in: self)
        let end = try reach.firstGap(in: self)
        var others: Set<DeltaID> = []
        if let greatest = reach.greatestSequence, end <= greatest {
            try forEachDelta(in: end...greatest) { place, id in if reach.contains(place) { others.insert(id) } }
        }
        return Ancestry(below: end, and: others)
    }
}
