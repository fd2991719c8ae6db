internal import GRDB
internal import RhizomeCore

/// What some deltas of one log reach: of each branch the start up to a sequence.
///
/// Since a branch is a chain, a delta reaches of it nothing or all up to somewhere, and whole logs are walked by their
/// crossings alone.
struct BranchReach {
    private let author: Int64
    /// Of each branch of which something is reached, up to which sequence.
    private(set) var last: [Int64: Int64] = [:]

    init(author: Int64) { self.author = author }

    /// The branches of which something is reached.
    var branches: Dictionary<Int64, Int64>.Keys { last.keys }

    /// Up to which sequence of a branch it reaches, if at all.
    subscript(branch: Int64) -> Int64? { last[branch] }

    /// Whether a place is reached.
    func contains(branch: Int64, sequence: Int64) -> Bool { last[branch].map { sequence <= $0 } ?? false }

    /// The greatest sequence that is reached.
    var greatestSequence: Int64? { last.values.max() }

    /// A sequence below which it reaches all of the author's deltas: that of the first place that it doesn't reach, or
    /// less; one more than the greatest where it reaches the whole log.
    func firstGap(_ db: Database) throws -> Int64 {
        let rows = try Row.fetchCursor(
            db.cachedStatement(sql: "SELECT branch, firstSequence, lastSequence FROM branches WHERE author = ?"),
            arguments: [author]
        )
        var gap = (greatestSequence ?? -1) + 1
        while let row = try rows.next() {
            // Between two deltas of a branch sequences may be left out.
            let next = max(last[try row.ordinal(0)].map { $0 + 1 } ?? 0, try row.ordinal(1))
            if next <= (try row.ordinal(2)) { gap = min(gap, next) }
        }
        return gap
    }

    /// Adds a place; what is before it in other branches isn't followed yet.
    mutating func add(branch: Int64, sequence: Int64) { last[branch] = max(last[branch] ?? -1, sequence) }

    private mutating func follow(_ crossing: Row) throws {
        guard contains(branch: try crossing.ordinal(1), sequence: try crossing.ordinal(0)) else { return }
        add(branch: try crossing.ordinal(2), sequence: try crossing.ordinal(3))
    }

    /// Follows the crossings of all deltas above a sequence, as many as `limit` allows; that many fewer afterwards.
    ///
    /// - Returns: whether these were all.
    @discardableResult
    mutating func follow(downTo sequence: Int64, limit: inout Int, _ db: Database) throws -> Bool {
        let rows = try Self.crossings(author, from: greatestSequence, downTo: sequence, db)
        while let row = try rows?.next() {
            guard limit > 0 else { return false }
            limit -= 1
            try follow(row)
        }
        return true
    }

    /// Follows the crossings of all deltas above a sequence.
    mutating func follow(downTo sequence: Int64, _ db: Database) throws {
        var limit = Int.max
        try follow(downTo: sequence, limit: &limit, db)
    }

    /// What the wanted reach and the held don't, above a sequence.
    ///
    /// Walks only as far down as it can still make a difference.
    static func follow(
        wanted: inout BranchReach,
        held: inout BranchReach,
        downTo sequence: Int64,
        _ db: Database
    ) throws {
        guard let top = [wanted.greatestSequence, held.greatestSequence].compactMap({ $0 }).max() else { return }
        let rows = try crossings(wanted.author, from: top, downTo: sequence, db)
        var firsts: [Int64: Int64] = [:]
        var walked = 0
        while let row = try rows?.next() {
            walked += 1
            if walked.isMultiple(of: 256),
                try isSettled(wanted, held, at: try row.ordinal(0), firsts: &firsts, db)
            {
                return
            }
            try wanted.follow(row)
            try held.follow(row)
        }
    }

    /// Whether no crossing of a delta at or below a sequence changes what is wanted and not held.
    private static func isSettled(
        _ wanted: BranchReach,
        _ held: BranchReach,
        at sequence: Int64,
        firsts: inout [Int64: Int64],
        _ db: Database
    ) throws -> Bool {
        for (branch, last) in wanted.last {
            let end = held[branch] ?? -1
            guard end < last else { continue }
            if end >= sequence { continue }
            let first = try firsts[branch] ?? firstSequence(wanted.author, branch, db)
            firsts[branch] = first
            guard first > sequence else { return false }
        }
        return true
    }

    private static func firstSequence(_ author: Int64, _ branch: Int64, _ db: Database) throws -> Int64 {
        try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT firstSequence FROM branches WHERE author = ? AND branch = ?"),
            arguments: [author, branch]
        ) ?? 0
    }

    private static func crossings(
        _ author: Int64,
        from top: Int64?,
        downTo sequence: Int64,
        _ db: Database
    ) throws -> RowCursor? {
        guard let top, top > sequence else { return nil }
        return try Row.fetchCursor(
            db.cachedStatement(
                sql: """
                    SELECT childSequence, childBranch, parentBranch, parentSequence FROM crossings
                    WHERE author = ? AND childSequence <= ? AND childSequence > ?
                    ORDER BY childSequence DESC
                    """
            ),
            arguments: [author, top, sequence]
        )
    }
}
