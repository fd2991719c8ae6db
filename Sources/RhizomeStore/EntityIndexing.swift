internal import Bytes
internal import GRDB
internal import RhizomeCore

/// Writes what finds deltas by what they say: `words`, `collections`, and `negations`.
///
/// Rows are gathered and written in the order of each table: see ``Appending``.
struct EntityIndexing {
    private struct Word: Comparable {
        let entity: Int64
        let author: Int64
        let role: Int64
        let moment: Int64
        let position: Int64

        static func < (left: Self, right: Self) -> Bool {
            // Most differ by the entity: a batch is sorted in a third of the time that tuples take.
            if left.entity != right.entity { return left.entity < right.entity }
            if left.author != right.author { return left.author < right.author }
            if left.role != right.role { return left.role < right.role }
            return left.moment == right.moment ? left.position < right.position : left.moment < right.moment
        }
    }

    private struct Negation {
        let author: Int64
        let prefix: Int64
        let moment: Int64
        let position: Int64
    }

    private struct Member {
        let context: Int64
        let author: Int64
        let entity: Text
        let position: Int64
    }

    /// The number that stands in `collections` for any local context.
    static let anyContext: Int64 = 0

    private let db: Database
    /// What is remembered of the tables.
    var caches: AppendCaches
    private var words: [Word] = []
    private var members: [Member] = []
    private var negations: [Negation] = []

    init(_ db: Database, caches: AppendCaches) {
        self.db = db
        self.caches = caches
    }

    /// Takes in a delta.
    ///
    /// - Parameter author: the number of who signed it.
    mutating func add(_ body: DeltaBody, author: Int64, moment: WordMoment, position: Int64) throws {
        // Ids that begin alike share a row.
        for prefix in Set(body.pointers.negates.map(\.bytes.prefixNumber)) {
            negations.append(
                Negation(author: author, prefix: prefix, moment: moment.number, position: position)
            )
        }
        for reference in body.references {
            let entity = try number(ofEntity: reference.entity)
            let context = try number(ofContext: reference.localContext)
            let role = WordRole(
                property: try number(ofContext: reference.property),
                localContext: reference.localContext,
                hasValue: reference.hasValue
            )
            words.append(
                Word(
                    entity: entity,
                    author: author,
                    role: role.number,
                    moment: moment.number,
                    position: position
                )
            )
            for context in [context, Self.anyContext] {
                let isNew = caches.remember(AppendCaches.Reference(context: context, author: author, entity: entity))
                // What is known by its local context is known by any.
                guard isNew else { break }
                members.append(
                    Member(context: context, author: author, entity: reference.entity, position: position)
                )
            }
        }
    }

    /// Writes what was taken in.
    mutating func write() throws {
        words.sort()
        var values: [Int64] = []
        values.reserveCapacity(5 * words.count)
        var last: Word?
        for word in words {
            // A delta's local contexts of one class share a row.
            if let last, word == last { continue }
            last = word
            values.append(word.entity)
            values.append(word.author)
            values.append(word.role)
            values.append(word.moment)
            values.append(word.position)
        }
        words = []
        try db.insert(values, into: "words", ["entity", "author", "role", "moment", "position"])
        let sorted = negations.sorted {
            ($0.author, $0.prefix, $0.moment, $0.position) < ($1.author, $1.prefix, $1.moment, $1.position)
        }
        negations = []
        try db.insert(
            sorted.flatMap { [$0.author, $0.prefix, $0.moment, $0.position] },
            into: "negations",
            ["author", "prefix", "moment", "position"]
        )
        // Of several the first position stays.
        let rows = members.sorted {
            ($0.context, $0.author, $0.entity, $0.position) < ($1.context, $1.author, $1.entity, $1.position)
        }
        members = []
        var references: [DatabaseValue] = []
        references.reserveCapacity(4 * rows.count)
        for row in rows {
            references.append(row.context.databaseValue)
            references.append(row.author.databaseValue)
            references.append(row.entity.blob.databaseValue)
            references.append(row.position.databaseValue)
        }
        try db.insert(
            references,
            into: "collections",
            ["context", "author", "entity", "firstPosition"],
            isKnownIgnored: true
        )
    }

    // MARK: - Numbers

    private mutating func number(ofEntity id: Text) throws -> Int64 {
        if let number = caches.entities[id] { return number }
        let number = try db.number(
            finding: "SELECT entity FROM entities WHERE id = ?",
            adding: "INSERT INTO entities (id) VALUES (?)",
            [id.blob]
        )
        caches.remember(entity: id, as: number)
        return number
    }

    private mutating func number(ofContext name: Text) throws -> Int64 {
        if let number = caches.contexts[name] { return number }
        let number = try db.number(
            finding: "SELECT context FROM contexts WHERE name = ?",
            adding: "INSERT INTO contexts (name) VALUES (?)",
            [name.blob]
        )
        caches.remember(context: name, as: number)
        return number
    }

    // MARK: - All anew

    /// How many deltas of a store are taken in at once.
    private static let page = 50_000

    /// Takes in all deltas of a store; some 40 µs for each.
    ///
    /// What can't be decoded is left out: an audit tells of it.
    static func fill(_ db: Database) throws {
        var caches = AppendCaches()
        var last: Int64 = 0
        while true {
            var indexing = EntityIndexing(db, caches: caches)
            let rows = try Row.fetchCursor(
                db.cachedStatement(
                    sql: """
                        SELECT d.position, d.author, d.timeCreated, d.id, b.body FROM deltas d
                        JOIN bodies b ON b.position = d.position
                        WHERE d.position > ? ORDER BY d.position LIMIT ?
                        """
                ),
                arguments: [last, page]
            )
            var count = 0
            while let row = try rows.next() {
                count += 1
                last = try row.integer(0)
                guard let body = try? DeltaBody(bytes: try row.bytes(4)) else { continue }
                try indexing.add(
                    body,
                    author: try row.integer(1),
                    moment: WordMoment(time: try row.timestamp(2), id: try row.id(3)),
                    position: last
                )
            }
            try indexing.write()
            caches = indexing.caches
            guard count == page else { return }
        }
    }
}
