internal import Bytes
internal import Foundation
internal import GRDB
internal import RhizomeCore
internal import SignedStatements

/// One author's log in one state of the store: its rows, by which its branches are walked.
struct SQLiteBranchRows {
    /// The author's number.
    let number: Int64
    let author: PublicKey
    private let db: Database

    /// `nil` where nothing of the author is held.
    init?(_ author: PublicKey, _ db: Database) throws {
        let number = try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT author FROM authors WHERE key = ?"),
            arguments: [author.bytes.blob]
        )
        guard let number else { return nil }
        self.number = number
        self.author = author
        self.db = db
    }

    /// Checks that none of these deltas is an author's where the tables find nothing of it.
    ///
    /// To say that there is nothing would have others believe that the author wrote nothing.
    static func checkNone(of author: PublicKey, among ids: [DeltaID], _ db: Database) throws {
        guard try IDLookup.headers(ids, db).values.contains(where: { $0.author == author }) else { return }
        throw DeltaLogError(.corrupt, "the store doesn't find an author's log that it holds; run rhizome-node audit")
    }

    /// What finds rows of a branch: the first one by sequence, others by the index that only they are in.
    ///
    /// Not by `branch > 0`: SQLite's planner would take that for the range to search in, and pass over `branch = ?`.
    static func isIn(_ branch: Int64) -> String { branch > 0 ? "branch = ? AND branch <> 0" : "branch = ?" }

    private func rows(_ sql: String, _ arguments: StatementArguments) throws -> RowCursor {
        try Row.fetchCursor(db.cachedStatement(sql: sql), arguments: arguments)
    }

    private func row(_ sql: String, _ arguments: StatementArguments) throws -> Row? {
        try Row.fetchOne(db.cachedStatement(sql: sql), arguments: arguments)
    }

    private func number(_ sql: String, _ arguments: StatementArguments) throws -> Int64? {
        try Int64.fetchOne(db.cachedStatement(sql: sql), arguments: arguments)
    }

    private static func head(_ row: Row) throws -> Head {
        Head(id: try row.id(0), sequence: try row.ordinal(1), timeCreated: try row.timestamp(2))
    }

    private func place(branch: Int64, sequence: Int64) -> Place {
        Place(author: number, branch: branch, sequence: sequence)
    }

    /// A row (branch, firstSequence, lastSequence, …).
    private static func extent(_ row: Row) throws -> BranchExtent {
        try BranchExtent(branch: row.ordinal(0), firstSequence: row.ordinal(1), lastSequence: row.ordinal(2))
    }

    /// A row (childSequence, childBranch, parentBranch, parentSequence).
    private func crossing(_ row: Row) throws -> Crossing {
        Crossing(
            child: place(branch: try row.ordinal(1), sequence: try row.ordinal(0)),
            parent: place(branch: try row.ordinal(2), sequence: try row.ordinal(3))
        )
    }
}

extension SQLiteBranchRows: BranchRows {
    /// - Throws: `corrupt` where one of this author is filed under another one.
    func place(of id: DeltaID) throws -> Place? {
        guard let place = try IDLookup.place(of: id, db) else { return nil }
        if place.author == number { return place }
        try Self.checkNone(of: author, among: [id], db)
        return nil
    }

    func forEachBranch(_ body: (BranchExtent) throws -> Void) throws {
        let found = try rows("SELECT branch, firstSequence, lastSequence FROM branches WHERE author = ?", [number])
        while let row = try found.next() { try body(Self.extent(row)) }
    }

    func firstSequence(of branch: Int64) throws -> Int64? {
        try number("SELECT firstSequence FROM branches WHERE author = ? AND branch = ?", [number, branch])
    }

    func forEachCrossing(from top: Int64, downTo sequence: Int64, _ body: (Crossing) throws -> Bool) throws {
        let found = try rows(
            """
            SELECT childSequence, childBranch, parentBranch, parentSequence FROM crossings
            WHERE author = ? AND childSequence <= ? AND childSequence > ?
            ORDER BY childSequence DESC
            """,
            [number, top, sequence]
        )
        while let row = try found.next() { guard try body(crossing(row)) else { return } }
    }
}

extension SQLiteBranchRows: AncestryRows {
    func forEachDelta(in sequences: ClosedRange<Int64>, _ body: (Place, DeltaID) throws -> Void) throws {
        let found = try rows(
            """
            SELECT l.branch, l.sequence, d.id FROM logs l JOIN deltas d ON d.position = l.position
            WHERE l.author = ? AND l.sequence >= ? AND l.sequence <= ?
            """,
            [number, sequences.lowerBound, sequences.upperBound]
        )
        while let row = try found.next() {
            try body(place(branch: row.ordinal(0), sequence: row.ordinal(1)), row.id(2))
        }
    }
}

extension SQLiteBranchRows: HeadRows {
    func headCount() throws -> Int64? { try number("SELECT headCount FROM authors WHERE author = ?", [number]) }

    func notedHeads(limit: Int) throws -> [Head] {
        let found = try rows(
            """
            SELECT d.id, d.sequence, d.timeCreated FROM branches b JOIN deltas d ON d.position = b.lastPosition
            WHERE b.author = ? AND b.isHead = 1 LIMIT ?
            """,
            [number, limit]
        )
        var heads: [Head] = []
        while let row = try found.next() { heads.append(try Self.head(row)) }
        return heads
    }

    func forEachBranchEnd(_ body: (BranchExtent, Timestamp) throws -> Void) throws {
        let found = try rows(
            """
            SELECT b.branch, b.firstSequence, b.lastSequence, d.timeCreated FROM branches b
            JOIN deltas d ON d.position = b.lastPosition WHERE b.author = ?
            """,
            [number]
        )
        while let row = try found.next() { try body(Self.extent(row), row.timestamp(3)) }
    }

    func last(of branch: Int64, in sequences: ClosedRange<Int64>) throws -> Head? {
        try row(
            """
            SELECT d.id, d.sequence, d.timeCreated FROM deltas d WHERE d.position =
                (SELECT position FROM logs WHERE author = ? AND sequence BETWEEN ? AND ?
                    AND \(Self.isIn(branch)) ORDER BY sequence DESC LIMIT 1)
            """,
            [number, sequences.lowerBound, sequences.upperBound, branch]
        ).map(Self.head)
    }
}

extension SQLiteBranchRows: PullRows {
    /// In how many branches is looked one beside the other: more than that are found among all that share a sequence.
    private static let branchesAtOnce = 64
    /// How many branches a log has at most in which few deltas share a sequence.
    private static let fewBranches: Int64 = 16

    func forEachDelta(
        in ranges: [Int64: ClosedRange<Int64>],
        _ body: (_ sequence: Int64, _ position: Int64) throws -> Bool
    ) throws {
        var rows = try logRows(in: ranges)
        while let row = try rows.next() { guard try body(row.sequence, row.position) else { return } }
    }

    private func logRows(in ranges: [Int64: ClosedRange<Int64>]) throws -> LogRows {
        let branchCount = try number("SELECT branchCount FROM authors WHERE author = ?", [number]) ?? 0
        guard ranges.count <= Self.branchesAtOnce, branchCount > Self.fewBranches else {
            let first = ranges.values.map(\.lowerBound).min() ?? 0
            let last = ranges.values.map(\.upperBound).max() ?? -1
            let all = try rows(
                """
                SELECT sequence, position, branch FROM logs
                WHERE author = ? AND sequence >= ? AND sequence <= ? ORDER BY sequence
                """,
                [number, first, last]
            )
            return LogRows(all, in: ranges)
        }
        return try LogRows(
            ranges.map { branch, range in
                // Not a cached one: several of the same text are under way at once.
                let one = try db.makeStatement(
                    sql: """
                        SELECT sequence, position FROM logs WHERE author = ? AND \(Self.isIn(branch))
                        AND sequence >= ? AND sequence <= ? ORDER BY sequence
                        """
                )
                return try Row.fetchCursor(one, arguments: [number, branch, range.lowerBound, range.upperBound])
            }
        )
    }

    func id(at position: Int64) throws -> DeltaID? {
        try row("SELECT id FROM deltas WHERE position = ?", [position])?.id(0)
    }

    func delta(at position: Int64) throws -> (id: DeltaID, bytes: [UInt8])? {
        let found = try row(
            """
            SELECT d.id, d.header, b.body FROM deltas d JOIN bodies b ON b.position = d.position
            WHERE d.position = ?
            """,
            [position]
        )
        return try found.map { row in
            (try row.id(0), SignedDelta.encoded(header: try row.bytes(1), body: try row.bytes(2)))
        }
    }
}

extension SQLiteBranchRows: LocatorRows {
    func newestHeads(limit: Int) throws -> [(place: Place, id: DeltaID)] {
        let found = try rows(
            """
            SELECT b.branch, d.sequence, d.id FROM
                (SELECT branch, lastPosition FROM branches WHERE author = ? AND isHead = 1
                ORDER BY lastPosition DESC LIMIT ?) b
            JOIN deltas d ON d.position = b.lastPosition ORDER BY d.sequence DESC, d.id DESC
            """,
            [number, limit]
        )
        var heads: [(place: Place, id: DeltaID)] = []
        while let row = try found.next() {
            heads.append((place(branch: try row.ordinal(0), sequence: try row.ordinal(1)), try row.id(2)))
        }
        return heads
    }

    func id(at place: Place) throws -> DeltaID? {
        try row(
            """
            SELECT d.id FROM deltas d WHERE d.position =
                (SELECT position FROM logs WHERE author = ? AND sequence = ? AND \(Self.isIn(place.branch)))
            """,
            [number, place.sequence, place.branch]
        )?.id(0)
    }

    func lastCrossing(upTo place: Place) throws -> Int64? {
        try number(
            """
            SELECT childSequence FROM crossings WHERE author = ? AND childSequence <= ? AND childBranch = ?
            ORDER BY childSequence DESC LIMIT 1
            """,
            [number, place.sequence, place.branch]
        )
    }

    func anyBranch(at sequence: Int64) throws -> Int64? {
        try number("SELECT branch FROM logs WHERE author = ? AND sequence = ? LIMIT 1", [number, sequence])
    }

    func firstPrevious(of place: Place) throws -> DeltaID? { try header(at: place)?.header.previous.first }
}

extension SQLiteBranchRows: ForkRows {
    func firsts(below branch: Int64) throws -> [Int64] {
        let found = try rows(
            "SELECT branch FROM branches WHERE author = ? AND branch < ? AND firstSequence = 0",
            [number, branch]
        )
        var branches: [Int64] = []
        while let row = try found.next() { branches.append(try row.ordinal(0)) }
        return branches
    }

    func forEachCrossing(beginningBelow branch: Int64, _ body: (Crossing) throws -> Void) throws {
        let found = try rows(
            """
            SELECT c.childSequence, c.childBranch, c.parentBranch, c.parentSequence FROM branches b
            CROSS JOIN crossings c ON c.author = b.author AND c.childSequence = b.firstSequence
                AND c.childBranch = b.branch
            WHERE b.author = ? AND b.branch < ?
            UNION
            SELECT * FROM (
                SELECT childSequence, childBranch, parentBranch, parentSequence FROM crossings WHERE author = ?
                ORDER BY childSequence, childBranch, parentBranch, parentSequence LIMIT ?
            )
            """,
            [number, branch, number, branch]
        )
        while let row = try found.next() { try body(crossing(row)) }
    }

    func nextSequence(after place: Place) throws -> Int64? {
        try number(
            """
            SELECT sequence FROM logs WHERE author = ? AND sequence > ? AND \(Self.isIn(place.branch))
            ORDER BY sequence LIMIT 1
            """,
            [number, place.sequence, place.branch]
        )
    }

    func header(at place: Place) throws -> SignedHeader? {
        try row(
            """
            SELECT d.id, d.header FROM deltas d WHERE d.position =
                (SELECT position FROM logs WHERE author = ? AND sequence = ? AND \(Self.isIn(place.branch)))
            """,
            [number, place.sequence, place.branch]
        ).map { try SignedHeader(stored: $0.bytes(1), of: $0.id(0)) }
    }
}
