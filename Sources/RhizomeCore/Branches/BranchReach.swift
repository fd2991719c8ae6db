/// What some deltas of one log reach: of each branch the start up to a sequence.
///
/// Since a branch is a chain, a delta reaches of it nothing or all up to somewhere, and whole logs are walked by their
/// crossings alone.
struct BranchReach {
    /// Of each branch of which something is reached, up to which sequence.
    private(set) var last: [Int64: Int64] = [:]

    /// The branches of which something is reached.
    var branches: Dictionary<Int64, Int64>.Keys { last.keys }

    /// Up to which sequence of a branch it reaches, if at all.
    subscript(branch: Int64) -> Int64? { last[branch] }

    /// Whether a place is reached.
    func contains(_ place: Place) -> Bool { last[place.branch].map { place.sequence <= $0 } ?? false }

    /// The greatest sequence that is reached.
    var greatestSequence: Int64? { last.values.max() }

    /// A sequence below which it reaches all of the author's deltas: that of the first place that it doesn't reach, or
    /// less; one more than the greatest where it reaches the whole log.
    func firstGap(in rows: some BranchRows) throws -> Int64 {
        var gap = (greatestSequence ?? -1) + 1
        try rows.forEachBranch { extent in
            // Between two deltas of a branch sequences may be left out.
            let next = max(last[extent.branch].map { $0 + 1 } ?? 0, extent.firstSequence)
            if next <= extent.lastSequence { gap = min(gap, next) }
        }
        return gap
    }

    /// Adds a place; what is before it in other branches isn't followed yet.
    mutating func add(_ place: Place) { last[place.branch] = max(last[place.branch] ?? -1, place.sequence) }

    private mutating func follow(_ crossing: Crossing) {
        if contains(crossing.child) { add(crossing.parent) }
    }

    /// Follows the crossings of all deltas above a sequence, as many as `limit` allows; that many fewer afterwards.
    ///
    /// - Returns: whether these were all.
    mutating func follow(downTo sequence: Int64, limit: inout Int, in rows: some BranchRows) throws -> Bool {
        guard let top = greatestSequence, top > sequence else { return true }
        var isAll = true
        try rows.forEachCrossing(from: top, downTo: sequence) { crossing in
            guard limit > 0 else {
                isAll = false
                return false
            }
            limit -= 1
            follow(crossing)
            return true
        }
        return isAll
    }

    /// Follows the crossings of all deltas.
    mutating func follow(in rows: some BranchRows) throws {
        var limit = Int.max
        _ = try follow(downTo: 0, limit: &limit, in: rows)
    }

    /// What the wanted reach and the held don't, above a sequence.
    ///
    /// Walks only as far down as it can still make a difference.
    static func follow(
        wanted: inout BranchReach,
        held: inout BranchReach,
        downTo sequence: Int64,
        in rows: some BranchRows
    ) throws {
        guard let top = [wanted.greatestSequence, held.greatestSequence].compactMap({ $0 }).max(), top > sequence else {
            return
        }
        var firsts: [Int64: Int64] = [:]
        var walked = 0
        try rows.forEachCrossing(from: top, downTo: sequence) { crossing in
            walked += 1
            if walked.isMultiple(of: 256),
                try isSettled(wanted, held, at: crossing.child.sequence, firsts: &firsts, in: rows)
            {
                return false
            }
            wanted.follow(crossing)
            held.follow(crossing)
            return true
        }
    }

    /// Whether no crossing of a delta at or below a sequence changes what is wanted and not held.
    private static func isSettled(
        _ wanted: BranchReach,
        _ held: BranchReach,
        at sequence: Int64,
        firsts: inout [Int64: Int64],
        in rows: some BranchRows
    ) throws -> Bool {
        for (branch, last) in wanted.last {
            let end = held[branch] ?? -1
            guard end < last else { continue }
            if end >= sequence { continue }
            let first = try firsts[branch] ?? rows.firstSequence(of: branch) ?? 0
            firsts[branch] = first
            guard first > sequence else { return false }
        }
        return true
    }
}
