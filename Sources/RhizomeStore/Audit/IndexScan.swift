internal import Bytes
internal import GRDB
internal import RhizomeCore

/// Adds up what lies in the tables that find deltas, each read once in its own order, a part at a time.
///
/// Rows count by the names that their numbers stand for, so that numbers and names are held against the deltas with them.
final class IndexScan {
    /// How many roles are remembered.
    private static let mostRoles = 50_000

    private let hashing: RowHashing
    private let db: Database
    private(set) var found = IndexSums()
    /// What of `collections` follows from `words`: by any local context, who refers to what, and where first.
    private(set) var expectedCollections: Int64 = 0
    /// Whether something was found that can't be right, whatever the deltas say.
    private(set) var isWrong = false

    private var scans: [() throws -> Bool] = []
    private let entities: StatementRows
    private var nextEntity: Int64?
    private var entity: (number: Int64, name: Int64?)?
    private var roles: [Int64: Int64] = [:]
    private var usedContexts: Set<Int64> = []
    /// The author whose words about the entity are being read, and the least position of these.
    private var group: (author: Int64, first: Int64)?
    private var context: (number: Int64, name: Int64?)?

    init(_ hashing: RowHashing, _ db: Database) throws {
        self.hashing = hashing
        self.db = db
        entities = try StatementRows("SELECT entity, id FROM entities ORDER BY entity", db)
        try add("SELECT prefix, position FROM ids") { scan, row in
            guard let prefix = row.integer(0), let position = row.integer(1) else { return false }
            scan.found.ids &+= scan.hashing.row(prefix, position)
            return true
        }
        try add("SELECT author, sequence, position, branch FROM logs") { scan, row in
            guard let author = row.integer(0), let sequence = row.integer(1), let position = row.integer(2),
                let branch = row.integer(3)
            else { return false }
            scan.found.logs &+= scan.hashing.row(author, sequence, position, branch)
            return true
        }
        try add("SELECT author, prefix, moment, position FROM negations") { scan, row in
            guard let author = row.integer(0), let prefix = row.integer(1), let moment = row.integer(2),
                let position = row.integer(3)
            else { return false }
            scan.found.negations &+= scan.hashing.row(author, prefix, moment, position)
            return true
        }
        try add(
            "SELECT entity, author, role, moment, position FROM words ORDER BY entity, author, role, moment, position"
        ) { scan, row in try scan.addWord(row) }
        try add(
            "SELECT context, author, entity, firstPosition FROM collections ORDER BY context, author, entity"
        ) { scan, row in try scan.addMember(row) }
    }

    /// - Parameter take: takes a row in, and tells whether it can be right.
    private func add(_ sql: String, _ take: @escaping (IndexScan, StatementRows) throws -> Bool) throws {
        let rows = try StatementRows(sql, db)
        scans.append { [unowned self] in
            guard try rows.next() else { return false }
            if try !take(self, rows) { isWrong = true }
            return true
        }
    }

    /// Reads some more rows.
    ///
    /// - Returns: whether there may be more.
    func step(rows: Int) throws -> Bool {
        var left = rows
        while left > 0, let scan = scans.first {
            left -= 1
            if try !scan() { scans.removeFirst() }
        }
        guard scans.isEmpty else { return true }
        try finish()
        return false
    }

    private func finish() throws {
        endGroup()
        if try nextEntity != nil || entities.next() { isWrong = true }
        let contexts = try StatementRows("SELECT context FROM contexts ORDER BY context", db)
        while try contexts.next() {
            if contexts.integer(0).map({ !usedContexts.contains($0) }) ?? true { isWrong = true }
        }
    }

    private func addWord(_ row: StatementRows) throws -> Bool {
        guard let number = row.integer(0), let author = row.integer(1), let role = row.integer(2),
            let moment = row.integer(3), let position = row.integer(4)
        else { return false }
        if entity?.number != number {
            endGroup()
            entity = (number, try name(ofEntity: number))
        }
        guard let name = entity?.name, let role = try hash(ofRole: role) else { return false }
        found.words &+= hashing.row(name, author, role, moment, position)
        if group?.author != author {
            endGroup()
            group = (author, position)
        } else if let first = group?.first, position < first {
            group = (author, position)
        }
        return true
    }

    private func endGroup() {
        if let group, let name = entity?.name {
            expectedCollections &+= hashing.row(
                hashing.row(EntityIndexing.anyContext, group.author, name),
                group.first
            )
        }
        group = nil
    }

    /// The name of an entity whose number is above all that were asked for.
    private func name(ofEntity number: Int64) throws -> Int64? {
        while true {
            if nextEntity == nil {
                guard try entities.next() else { return nil }
                guard let next = entities.integer(0) else {
                    isWrong = true
                    continue
                }
                nextEntity = next
            }
            guard let next = nextEntity, next <= number else { return nil }
            nextEntity = nil
            if next == number { return entities.name(1, hashing) }
            // One of which nothing was said.
            isWrong = true
        }
    }

    private func hash(ofRole role: Int64) throws -> Int64? {
        if let hash = roles[role] { return hash }
        let property = WordRole(number: role).property
        usedContexts.insert(property)
        guard let name = try name(ofContext: property) else { return nil }
        let hash = hashing.row(name, role - WordRole.first(of: property).number)
        if roles.count >= Self.mostRoles { roles = [:] }
        roles[role] = hash
        return hash
    }

    private func name(ofContext number: Int64) throws -> Int64? {
        let rows = try StatementRows("SELECT name FROM contexts WHERE context = ?", db, [number])
        return try rows.next() ? rows.name(0, hashing) : nil
    }

    private func addMember(_ row: StatementRows) throws -> Bool {
        guard let number = row.integer(0), let author = row.integer(1), let name = row.name(2, hashing),
            let first = row.integer(3)
        else { return false }
        if context?.number != number {
            usedContexts.insert(number)
            // Any local context has no name.
            let isAny = number == EntityIndexing.anyContext
            context = (number, isAny ? EntityIndexing.anyContext : try self.name(ofContext: number))
        }
        guard let context = context?.name else { return false }
        found.collections &+= hashing.row(hashing.row(context, author, name), first)
        return true
    }
}
