internal import Bytes
internal import Foundation
internal import GRDB
internal import RhizomeCore

/// Finds the rows in which the tables that find deltas differ from what the deltas say, once their sums have told that
/// they do: each row that should be there is looked for, and there should be no others.
///
/// - Complexity: some 30 µs a delta, ten times what the sums take.
struct IndexCheck {
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

    private let db: Database
    private var referenceCount: Int64 = 0
    private var count: Int64 = 0
    private var wordCount: Int64 = 0
    private var negationCount: Int64 = 0

    init(_ db: Database) { self.db = db }

    /// Looks for each row.
    mutating func run(_ findings: inout IndexFindings) throws {
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT d.position, d.id, d.author, d.branch, d.sequence, d.header, b.body
                FROM deltas d LEFT JOIN bodies b ON b.position = d.position ORDER BY d.position
                """
        )
        while let row = try rows.next() {
            do { try check(row, &findings) } catch let error as DeltaLogError where error == DeltaLogError(.corrupt, "")
            { findings.add(error.message, at: try row.integer(0)) }
        }
        try checkTotals(&findings)
    }

    // MARK: - Delta by delta

    private mutating func check(_ row: Row, _ findings: inout IndexFindings) throws {
        let position = try row.integer(0)
        let place = Place(author: try row.integer(2), branch: try row.integer(3), sequence: try row.integer(4))
        count += 1
        let id = try row.id(1)
        if try !exists("ids WHERE prefix = ? AND position = ?", [id.bytes.prefixNumber, position]) {
            findings.add("it isn't found by its id", at: position, of: place.author)
        }
        if try !exists(
            "logs WHERE author = ? AND sequence = ? AND position = ? AND branch = ?",
            [place.author, place.sequence, position, place.branch]
        ) {
            findings.add("it isn't found in its author's log", at: position, of: place.author)
        }
        // What can't be decoded is told by the audit of the entries.
        let body = try row.optionalBytes(6) ?? []
        guard let delta = try? SignedDelta(header: try row.bytes(5), body: body) else { return }
        try checkReferences(delta, id: id, position, place.author, &findings)
    }

    private mutating func checkReferences(
        _ delta: SignedDelta,
        id: DeltaID,
        _ position: Int64,
        _ author: Int64,
        _ findings: inout IndexFindings
    ) throws {
        let moment = WordMoment(time: delta.header.timeCreated, id: id)
        for prefix in Set(delta.body.pointers.negates.map(\.bytes.prefixNumber)) {
            negationCount += 1
            if try !exists(
                "negations WHERE author = ? AND prefix = ? AND moment = ? AND position = ?",
                [author, prefix, moment.number, position]
            ) {
                findings.add("it isn't found by a delta that it negates", at: position, of: author)
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
                findings.add("an entity or context to which it points isn't known", at: position, of: author)
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
                    findings.add("it isn't found by an entity to which it points", at: position, of: author)
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
                    findings.add(
                        "an entity to which it points isn't found under its local context",
                        at: position,
                        of: author
                    )
                }
            }
        }
    }

    // MARK: - The tables as wholes

    private func checkTotals(_ findings: inout IndexFindings) throws {
        let totals = [
            ("bodies", count), ("ids", count), ("logs", count), ("words", wordCount),
            ("collections", referenceCount), ("negations", negationCount),
        ]
        for (table, expected) in totals {
            let found = try Int64.fetchOne(db, sql: "SELECT count(*) FROM \(table)") ?? 0
            if found != expected { findings.add("\(table) has \(found) rows, where \(expected) belong") }
        }
        let unused = [
            ("entities", "NOT EXISTS (SELECT 1 FROM words WHERE words.entity = entities.entity)"),
            ("contexts", "context NOT IN (SELECT role >> 5 FROM words UNION SELECT context FROM collections)"),
        ]
        for (table, isUnused) in unused {
            let found = try Int64.fetchOne(db, sql: "SELECT count(*) FROM \(table) WHERE \(isUnused)") ?? 0
            if found > 0 { findings.add("\(table) has \(found) rows to which no delta points") }
        }
    }

    private func exists(_ rest: String, _ arguments: StatementArguments) throws -> Bool {
        try number("SELECT 1 FROM \(rest)", arguments) != nil
    }

    private func number(_ sql: String, _ arguments: StatementArguments) throws -> Int64? {
        try Int64.fetchOne(db.cachedStatement(sql: sql), arguments: arguments)
    }
}
