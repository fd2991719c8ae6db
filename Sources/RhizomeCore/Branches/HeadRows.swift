package import Bytes

/// Rows by which it is told what a log, or a part of it, ends in.
package protocol HeadRows: BranchRows {
    /// How many heads the log has, by what is noted of its author; `nil` where nothing is.
    func headCount() throws -> Int64?

    /// The ends of branches that are noted as heads, in any order, so many at most.
    func notedHeads(limit: Int) throws -> [Head]

    /// Runs through the branches, each with the time of its last delta, in any order.
    func forEachBranchEnd(_ body: (BranchExtent, Timestamp) throws -> Void) throws

    /// The last delta of a branch among these sequences.
    func last(of branch: Int64, in sequences: ClosedRange<Int64>) throws -> Head?
}

/// What a part of a log ends in: the part up to a moment, or that which some deltas reach.
///
/// Either part holds all that is before each of its deltas, so it is a start of each branch.
extension HeadRows {
    /// Heads of the deltas up to a moment that these reach.
    ///
    /// Reads of each branch some places alone, and all crossings: nothing of the log between them.
    package func heads(upTo time: Timestamp?, within tips: [DeltaID]?, limit: Int) throws -> [Head] {
        guard time != nil || tips != nil else { return try heads(limit: limit) }
        let part = try part(upTo: time, within: tips)
        var followed: Set<Place> = []
        try forEachCrossing(from: .max, downTo: -1) { crossing in
            if part.contains(crossing.child) { followed.insert(crossing.parent) }
            return true
        }
        var heads: [Head] = []
        for branch in part.branches where heads.count < limit {
            guard let bound = part[branch], let last = try last(of: branch, in: 0...bound) else { continue }
            let place = Place(author: number, branch: branch, sequence: last.sequence)
            if !followed.contains(place) { heads.append(last) }
        }
        return heads
    }

    /// Heads of the whole log, in no certain order.
    ///
    /// - Throws: `corrupt` where some aren't found: to go on without them would make a fork.
    package func heads(limit: Int) throws -> [Head] {
        let limit = max(limit, 0)
        let heads = try notedHeads(limit: limit)
        guard let count = try headCount(), heads.count == min(Int64(limit), count) else {
            throw DeltaLogError(.corrupt, "the store doesn't find all heads of a log; run rhizome-node audit")
        }
        return heads
    }

    private func part(upTo time: Timestamp?, within tips: [DeltaID]?) throws -> BranchReach {
        var reached: BranchReach?
        if let tips {
            var reach = try reach(tips)
            try reach.follow(in: self)
            reached = reach
        }
        var part = BranchReach()
        try forEachBranchEnd { extent, lastTime in
            let (first, last) = (extent.firstSequence, extent.lastSequence)
            var bound = last
            if let reached {
                guard let limit = reached[extent.branch] else { return }
                bound = min(bound, limit)
            }
            // Many branches of a log that forks wildly are a single delta.
            if let time, lastTime > time {
                bound = first == last ? first - 1 : try self.bound(of: extent.branch, in: first...bound, upTo: time)
            }
            if first <= bound { part.add(Place(author: number, branch: extent.branch, sequence: bound)) }
        }
        return part
    }

    /// A sequence that parts a branch: what is later than a moment is above it; below the first where all is.
    ///
    /// Times grow along a branch (spec: admission.md, row 7).
    private func bound(of branch: Int64, in sequences: ClosedRange<Int64>, upTo time: Timestamp) throws -> Int64 {
        var low = sequences.lowerBound - 1
        var high = sequences.upperBound
        while low < high {
            let middle = high - (high - low) / 2
            // A branch may leave sequences out.
            guard let place = try last(of: branch, in: low + 1...middle) else {
                low = middle
                continue
            }
            // Not above the middle, whatever is stored beside the delta: this has to end.
            if place.timeCreated > time { high = min(place.sequence, middle) - 1 } else { low = middle }
        }
        return low
    }
}
