internal import Bytes
internal import Foundation
internal import GRDB
internal import RhizomeCore
internal import SignedStatements

/// Holds all that finds deltas against the deltas themselves: each row that should be there is, and there are no others;
/// and what is noted beside them against its hash.
struct IndexCheck {
    private struct BranchKey: Hashable {
        let author: Int64
        let branch: Int64
    }

    private struct Branch: Equatable {
        let firstSequence: Int64
        var lastSequence: Int64
        var lastPosition: Int64
        var isHead: Bool
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

    /// Where one delta stands in `words`.
    private struct WordRow: Hashable {
        let entity: Int64
        let role: WordRole
    }

    /// What of one delta stands in `collections`.
    private struct CollectionRow: Hashable {
        let context: Int64
        let entity: Int64
    }

    private static let limit = 1_000

    private let db: Database
    private var findings: [AuditFinding] = []
    private var keys: [Int64: PublicKey] = [:]
    private var authors: [Int64: Author] = [:]
    private var branches: [BranchKey: Branch] = [:]
    private var lastIDs: [BranchKey: DeltaID] = [:]
    private var referenceCount: Int64 = 0
    private var origins: Set<Int64> = []
    private var count: Int64 = 0
    private var lastHash = RunningHash.start
    private var lastPosition: Int64 = 0
    private var wordCount: Int64 = 0
    private var negationCount: Int64 = 0
    private var crossingCount: Int64 = 0

    init(_ db: Database) { self.db = db }

    /// What doesn't fit, at most 1,000 findings.
    mutating func run() throws -> [AuditFinding] {
        let names = try Row.fetchCursor(db, sql: "SELECT author, key FROM authors")
        while let row = try names.next() { keys[try row.integer(0)] = try row.key(1) }
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT d.position, d.id, d.author, d.branch, d.sequence, d.timeCreated, d.runningHash, d.header, b.body,
                    o.origin
                FROM deltas d
                LEFT JOIN bodies b ON b.position = d.position
                LEFT JOIN origins o ON o.origin = d.origin
                ORDER BY d.position
                """
        )
        while let row = try rows.next() {
            do { try check(row) } catch let error as DeltaLogError where error == DeltaLogError(.corrupt, "") {
                find(error.message, at: try row.integer(0))
            }
        }
        try checkTotals()
        try checkRecords()
        try checkBranches()
        try checkAuthors()
        return findings
    }

    private mutating func find(_ message: String, at position: Int64? = nil, of author: Int64? = nil) {
        guard findings.count < Self.limit else { return }
        findings.append(
            AuditFinding(.index, position: position, author: author.flatMap { keys[$0] }, message)
        )
    }

    // MARK: - Delta by delta

    private mutating func check(_ row: Row) throws {
        let position = try row.integer(0)
        let place = Place(author: try row.integer(2), branch: try row.integer(3), sequence: try row.integer(4))
        count += 1
        lastPosition = position
        lastHash = try row.bytes32(6)
        let id = try row.id(1)
        if row.hasNull(atIndex: 8) { find("the body is gone", at: position, of: place.author) }
        if let origin = try row.decode(Int64?.self, atIndex: 9) {
            origins.insert(origin)
        } else {
            find("through whom it came is gone", at: position, of: place.author)
        }
        if try !exists("ids WHERE prefix = ? AND position = ?", [id.bytes.prefixNumber, position]) {
            find("it isn't found by its id", at: position, of: place.author)
        }
        if try !exists(
            "logs WHERE author = ? AND sequence = ? AND position = ? AND branch = ?",
            [place.author, place.sequence, position, place.branch]
        ) {
            find("it isn't found in its author's log", at: position, of: place.author)
        }
        // What can't be decoded is told by the audit of the entries.
        let body = try row.optionalBytes(8) ?? []
        guard let delta = try? SignedDelta(header: try row.bytes(7), body: body) else { return }
        if keys[place.author] != delta.author {
            find("it is filed under another author", at: position, of: place.author)
        }
        if place.sequence != delta.header.sequence {
            find("it is filed under another sequence", at: position, of: place.author)
        }
        if try row.timestamp(5) != delta.header.timeCreated {
            find("it is filed under another time", at: position, of: place.author)
        }
        try checkReferences(delta, id: id, position, place.author)
        try checkLinks(delta, id: id, position, place)
    }

    private mutating func checkReferences(
        _ delta: SignedDelta,
        id: DeltaID,
        _ position: Int64,
        _ author: Int64
    ) throws {
        let moment = WordMoment(time: delta.header.timeCreated, id: id)
        for prefix in Set(delta.body.pointers.negates.map(\.bytes.prefixNumber)) {
            negationCount += 1
            if try !exists(
                "negations WHERE author = ? AND prefix = ? AND moment = ? AND position = ?",
                [author, prefix, moment.number, position]
            ) {
                find("it isn't found by a delta that it negates", at: position, of: author)
            }
        }
        var words: Set<WordRow> = []
        var references: Set<CollectionRow> = []
        for reference in delta.body.references {
            let entity = try number("SELECT entity FROM entities WHERE id = ?", [reference.entity.blob])
            let name = "SELECT context FROM contexts WHERE name = ?"
            let context = try number(name, [reference.localContext.blob])
            let property = try number(name, [reference.property.blob])
            guard let entity, let context, let property else {
                find("an entity or context to which it points isn't known", at: position, of: author)
                continue
            }
            let role = WordRole(
                property: property,
                localContext: reference.localContext,
                hasValue: reference.hasValue
            )
            if words.insert(WordRow(entity: entity, role: role)).inserted {
                wordCount += 1
                if try !exists(
                    "words WHERE entity = ? AND author = ? AND role = ? AND moment = ? AND position = ?",
                    [entity, author, role.number, moment.number, position]
                ) {
                    find("it isn't found by an entity to which it points", at: position, of: author)
                }
            }
            for context in [context, EntityIndexing.anyContext]
            where references.insert(CollectionRow(context: context, entity: entity)).inserted {
                let first = try number(
                    "SELECT firstPosition FROM collections WHERE context = ? AND author = ? AND entity = ?",
                    [context, author, reference.entity.blob]
                )
                if first == position { referenceCount += 1 }
                if first.map({ $0 > position }) ?? true {
                    find("an entity to which it points isn't found under its local context", at: position, of: author)
                }
            }
        }
    }

    private mutating func checkLinks(_ delta: SignedDelta, id: DeltaID, _ position: Int64, _ place: Place) throws {
        let key = BranchKey(author: place.author, branch: place.branch)
        let before = branches[key]
        let beforeID = lastIDs[key]
        if let beforeID, !delta.header.previous.contains(beforeID) {
            find("it doesn't follow the delta before it in its branch", at: position, of: place.author)
        }
        for previous in delta.header.previous where previous != beforeID {
            crossingCount += 1
            // One that isn't held is told by the audit of the entries.
            guard let parent = try IDLookup.place(of: previous, db) else { continue }
            let isThere = try exists(
                """
                crossings WHERE author = ? AND childSequence = ? AND childBranch = ? AND parentBranch = ?
                AND parentSequence = ?
                """,
                [place.author, place.sequence, place.branch, parent.branch, parent.sequence]
            )
            if !isThere { find("a link to a delta before it is missing", at: position, of: place.author) }
            let other = BranchKey(author: parent.author, branch: parent.branch)
            if branches[other]?.lastSequence == parent.sequence, branches[other]?.isHead == true {
                branches[other]?.isHead = false
                authors[parent.author]?.headCount -= 1
            }
        }
        branches[key] = Branch(
            firstSequence: before?.firstSequence ?? place.sequence,
            lastSequence: place.sequence,
            lastPosition: position,
            isHead: true
        )
        lastIDs[key] = id
        var author = authors[place.author] ?? Author()
        author.count += 1
        author.lastPosition = position
        if before == nil { author.branchCount += 1 }
        if before?.isHead != true { author.headCount += 1 }
        if author.headCount <= Changes.headsToldWhole {
            author.manyHeadsSince = 0
        } else if author.manyHeadsSince == 0 {
            author.manyHeadsSince = position
        }
        authors[place.author] = author
    }

    // MARK: - The tables as wholes

    private mutating func checkTotals() throws {
        let mark = try SQLiteDeltaLog.currentMark(db)
        if mark.position != count || lastPosition != count {
            find("the store says that it holds \(mark.position) deltas; it has \(count), the last at \(lastPosition)")
        }
        if mark.runningHash != lastHash { find("the store's running hash isn't that of its last delta") }
        let totals = [
            ("bodies", count), ("ids", count), ("logs", count), ("words", wordCount),
            ("collections", referenceCount), ("negations", negationCount), ("crossings", crossingCount),
            ("origins", Int64(origins.count)),
        ]
        for (table, expected) in totals {
            let found = try Int64.fetchOne(db, sql: "SELECT count(*) FROM \(table)") ?? 0
            if found != expected { find("\(table) has \(found) rows, where \(expected) belong") }
        }
        let unused = [
            ("entities", "NOT EXISTS (SELECT 1 FROM words WHERE words.entity = entities.entity)"),
            ("contexts", "context NOT IN (SELECT role >> 5 FROM words UNION SELECT context FROM collections)"),
        ]
        for (table, isUnused) in unused {
            let found = try Int64.fetchOne(db, sql: "SELECT count(*) FROM \(table) WHERE \(isUnused)") ?? 0
            if found > 0 { find("\(table) has \(found) rows to which no delta points") }
        }
    }

    private mutating func checkRecords() throws {
        guard try RecordsHash(of: db).bytes != RecordsHash.stored(db) else { return }
        find("cursors or stalls aren't what was noted")
    }

    private mutating func checkBranches() throws {
        let rows = try Row.fetchCursor(
            db,
            sql: "SELECT author, branch, firstSequence, lastSequence, lastPosition, isHead FROM branches"
        )
        while let row = try rows.next() {
            let key = BranchKey(author: try row.integer(0), branch: try row.integer(1))
            let branch = Branch(
                firstSequence: try row.integer(2),
                lastSequence: try row.integer(3),
                lastPosition: try row.integer(4),
                isHead: try row.integer(5) == 1
            )
            if branches.removeValue(forKey: key) != branch {
                find("branch \(key.branch) of a log isn't what its deltas say", of: key.author)
            }
        }
        for key in branches.keys.sorted(by: { ($0.author, $0.branch) < ($1.author, $1.branch) }) {
            find("branch \(key.branch) of a log is missing", of: key.author)
        }
    }

    private mutating func checkAuthors() throws {
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
                find("what is noted of an author isn't what its deltas say", of: number)
            }
        }
        for number in authors.keys.sorted() { find("author \(number) of the store is missing", of: number) }
    }

    private func exists(_ rest: String, _ arguments: StatementArguments) throws -> Bool {
        try number("SELECT 1 FROM \(rest)", arguments) != nil
    }

    private func number(_ sql: String, _ arguments: StatementArguments) throws -> Int64? {
        try Int64.fetchOne(db.cachedStatement(sql: sql), arguments: arguments)
    }
}
