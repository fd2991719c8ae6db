internal import Bytes
internal import GRDB
internal import RhizomeCore

/// Follows the branches into which the store has cut each log, delta by delta, and holds what is noted of branches,
/// authors and links against them.
///
/// Keeps some 100 bytes for each branch.
struct BranchCheck {
    private struct BranchKey: Hashable {
        let author: Int64
        let branch: Int64
    }

    private struct Noted: Equatable {
        let firstSequence: Int64
        var lastSequence: Int64
        var lastPosition: Int64
        var isHead: Bool
    }

    private struct Branch {
        var noted: Noted
        var lastID: DeltaID
    }

    private struct Author: Equatable {
        var count: Int64 = 0
        var lastPosition: Int64 = 0
        var branchCount: Int64 = 0
        var headCount: Int64 = 0
        var manyHeadsSince: Int64 = 0

        /// Whether what a row notes is this.
        ///
        /// A store that was brought forward notes a later place for many heads than that where it got them.
        func fits(_ row: Author) -> Bool {
            var same = row
            if manyHeadsSince > 0, manyHeadsSince...lastPosition ~= row.manyHeadsSince {
                same.manyHeadsSince = manyHeadsSince
            }
            return same == self
        }
    }

    private let db: Database
    private var authors: [Int64: Author] = [:]
    private var branches: [BranchKey: Branch] = [:]
    private var crossingCount: Int64 = 0

    init(_ db: Database) { self.db = db }

    /// Takes the next delta by position.
    mutating func add(
        _ id: DeltaID,
        after previous: [DeltaID],
        at position: Int64,
        _ place: Place,
        _ findings: inout IndexFindings
    ) throws {
        let key = BranchKey(author: place.author, branch: place.branch)
        let before = branches[key]
        if let before, !previous.contains(before.lastID) {
            findings.add("it doesn't follow the delta before it in its branch", at: position, of: place.author)
        }
        for previous in previous where previous != before?.lastID {
            try cross(to: previous, at: position, place, &findings)
        }
        let noted = Noted(
            firstSequence: before?.noted.firstSequence ?? place.sequence,
            lastSequence: place.sequence,
            lastPosition: position,
            isHead: true
        )
        branches[key] = Branch(noted: noted, lastID: id)
        var author = authors[place.author] ?? Author()
        author.count += 1
        author.lastPosition = position
        if before == nil { author.branchCount += 1 }
        if before?.noted.isHead != true { author.headCount += 1 }
        if author.headCount <= Changes.headsToldWhole {
            author.manyHeadsSince = 0
        } else if author.manyHeadsSince == 0 {
            author.manyHeadsSince = position
        }
        authors[place.author] = author
    }

    private mutating func cross(
        to previous: DeltaID,
        at position: Int64,
        _ place: Place,
        _ findings: inout IndexFindings
    ) throws {
        crossingCount += 1
        // One that isn't held is told by the audit of the entries.
        guard let parent = try IDLookup.place(of: previous, db) else { return }
        let crossing = try db.cachedStatement(
            sql: """
                SELECT 1 FROM crossings WHERE author = ? AND childSequence = ? AND childBranch = ? AND parentBranch = ?
                AND parentSequence = ?
                """
        )
        let isThere = try Int64.fetchOne(
            crossing,
            arguments: [place.author, place.sequence, place.branch, parent.branch, parent.sequence]
        )
        if isThere == nil { findings.add("a link to a delta before it is missing", at: position, of: place.author) }
        let other = BranchKey(author: parent.author, branch: parent.branch)
        if branches[other]?.noted.lastSequence == parent.sequence, branches[other]?.noted.isHead == true {
            branches[other]?.noted.isHead = false
            authors[parent.author]?.headCount -= 1
        }
    }

    /// Holds the tables against what was taken in.
    mutating func finish(_ findings: inout IndexFindings) throws {
        let found = try Int64.fetchOne(db, sql: "SELECT count(*) FROM crossings") ?? 0
        if found != crossingCount { findings.add("crossings has \(found) rows, where \(crossingCount) belong") }
        try checkBranches(&findings)
        try checkAuthors(&findings)
    }

    private mutating func checkBranches(_ findings: inout IndexFindings) throws {
        let rows = try Row.fetchCursor(
            db,
            sql: "SELECT author, branch, firstSequence, lastSequence, lastPosition, isHead FROM branches"
        )
        while let row = try rows.next() {
            let key = BranchKey(author: try row.integer(0), branch: try row.integer(1))
            let noted = Noted(
                firstSequence: try row.integer(2),
                lastSequence: try row.integer(3),
                lastPosition: try row.integer(4),
                isHead: try row.integer(5) == 1
            )
            if branches.removeValue(forKey: key)?.noted != noted {
                findings.add("branch \(key.branch) of a log isn't what its deltas say", of: key.author)
            }
        }
        for key in branches.keys.sorted(by: { ($0.author, $0.branch) < ($1.author, $1.branch) }) {
            findings.add("branch \(key.branch) of a log is missing", of: key.author)
        }
    }

    private mutating func checkAuthors(_ findings: inout IndexFindings) throws {
        let rows = try Row.fetchCursor(
            db,
            sql: "SELECT author, count, lastPosition, branchCount, headCount, manyHeadsSince FROM authors"
        )
        while let row = try rows.next() {
            let number = try row.integer(0)
            let author = Author(
                count: try row.integer(1),
                lastPosition: try row.integer(2),
                branchCount: try row.integer(3),
                headCount: try row.integer(4),
                manyHeadsSince: try row.integer(5)
            )
            if authors.removeValue(forKey: number)?.fits(author) != true {
                findings.add("what is noted of an author isn't what its deltas say", of: number)
            }
        }
        for number in authors.keys.sorted() { findings.add("author \(number) of the store is missing", of: number) }
    }
}
