internal import Bytes
internal import GRDB
internal import RhizomeCore

/// What a part of a log ends in: the part up to a moment, or that which some deltas reach.
///
/// Either part holds all that is before each of its deltas, so it is a start of each branch.
extension AuthorLog {
    /// Heads of the deltas up to a moment that these reach.
    ///
    /// Reads of each branch some places alone, and all crossings: nothing of the log between them.
    func heads(upTo time: Timestamp?, within tips: [DeltaID]?, limit: Int) throws -> [Head] {
        guard time != nil || tips != nil else { return try heads(limit: limit) }
        let part = try part(upTo: time, within: tips)
        var followed: Set<Place> = []
        let crossings = try Row.fetchCursor(
            db.cachedStatement(
                sql: "SELECT childBranch, childSequence, parentBranch, parentSequence FROM crossings WHERE author = ?"
            ),
            arguments: [number]
        )
        while let row = try crossings.next() {
            guard part.contains(branch: try row.ordinal(0), sequence: try row.ordinal(1)) else { continue }
            followed.insert(Place(author: number, branch: try row.ordinal(2), sequence: try row.ordinal(3)))
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
    func heads(limit: Int) throws -> [Head] {
        let heads = try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT d.id, d.sequence, d.timeCreated FROM branches b JOIN deltas d ON d.position = b.lastPosition
                    WHERE b.author = ? AND b.isHead = 1 LIMIT ?
                    """
            ),
            arguments: [number, max(limit, 0)]
        ).map(Self.head)
        let count = try Int.fetchOne(
            db.cachedStatement(sql: "SELECT headCount FROM authors WHERE author = ?"),
            arguments: [number]
        )
        guard heads.count == min(max(limit, 0), count ?? -1) else {
            throw DeltaLogError(.corrupt, "the store doesn't find all heads of a log; run rhizome-node audit")
        }
        return heads
    }

    private func part(upTo time: Timestamp?, within tips: [DeltaID]?) throws -> BranchReach {
        var reached: BranchReach?
        if let tips {
            var reach = try reach(tips)
            try reach.follow(downTo: 0, db)
            reached = reach
        }
        var part = BranchReach(author: number)
        let branches = try Row.fetchCursor(
            db.cachedStatement(
                sql: """
                    SELECT b.branch, b.firstSequence, b.lastSequence, d.timeCreated FROM branches b
                    JOIN deltas d ON d.position = b.lastPosition WHERE b.author = ?
                    """
            ),
            arguments: [number]
        )
        while let row = try branches.next() {
            let branch = try row.ordinal(0)
            let first = try row.ordinal(1)
            let last = try row.ordinal(2)
            guard first <= last else {
                throw DeltaLogError(.corrupt, "a branch of a log ends before it begins; run rhizome-node audit")
            }
            var bound = last
            if let reached {
                guard let limit = reached[branch] else { continue }
                bound = min(bound, limit)
            }
            // Many branches of a log that forks wildly are a single delta.
            if let time, try row.timestamp(3) > time {
                bound = first == last ? first - 1 : try self.bound(of: branch, in: first...bound, upTo: time)
            }
            if first <= bound { part.add(branch: branch, sequence: bound) }
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

    /// The last delta of a branch among these sequences.
    private func last(of branch: Int64, in sequences: ClosedRange<Int64>) throws -> Head? {
        let row = try Row.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT d.id, d.sequence, d.timeCreated FROM deltas d WHERE d.position =
                        (SELECT position FROM logs WHERE author = ? AND sequence BETWEEN ? AND ?
                            AND \(Self.isIn(branch)) ORDER BY sequence DESC LIMIT 1)
                    """
            ),
            arguments: [number, sequences.lowerBound, sequences.upperBound, branch]
        )
        return try row.map(Self.head)
    }

    private static func head(_ row: Row) throws -> Head {
        Head(id: try row.id(0), sequence: try row.ordinal(1), timeCreated: try row.timestamp(2))
    }
}
