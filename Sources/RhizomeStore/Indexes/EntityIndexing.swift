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

    private struct Member: Comparable {
        let context: Int64
        let author: Int64
        let entity: Text
        let position: Int64

        static func < (left: Self, right: Self) -> Bool {
            if left.context != right.context { return left.context < right.context }
            if left.author != right.author { return left.author < right.author }
            return left.entity == right.entity ? left.position < right.position : left.entity < right.entity
        }
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
        var new: [Word] = []
        new.reserveCapacity(words.count)
        // A delta's local contexts of one class share a row.
        for word in words where word != new.last { new.append(word) }
        words = []
        try db.insert(new, into: "words", ["entity", "author", "role", "moment", "position"]) { word, values in
            values.bind(word.entity)
            values.bind(word.author)
            values.bind(word.role)
            values.bind(word.moment)
            values.bind(word.position)
        }
        let negations = negations.sorted {
            ($0.author, $0.prefix, $0.moment, $0.position) < ($1.author, $1.prefix, $1.moment, $1.position)
        }
        self.negations = []
        try db.insert(negations, into: "negations", ["author", "prefix", "moment", "position"]) { row, values in
            values.bind(row.author)
            values.bind(row.prefix)
            values.bind(row.moment)
            values.bind(row.position)
        }
        // Of several the first position stays.
        members.sort()
        try db.insert(
            members,
            into: "collections",
            ["context", "author", "entity", "firstPosition"],
            isKnownIgnored: true
        ) { row, values in
            values.bind(row.context)
            values.bind(row.author)
            values.bind(row.entity)
            values.bind(row.position)
        }
        members = []
    }

    // MARK: - Numbers

    private mutating func number(ofEntity id: Text) throws -> Int64 {
        if let number = caches.entities[id] { return number }
        let number = try db.number(
            finding: "SELECT entity FROM entities WHERE id = ?",
            adding: "INSERT INTO entities (id) VALUES (?)"
        ) { $0.bind(id) }
        caches.remember(entity: id, as: number)
        return number
    }

    private mutating func number(ofContext name: Text) throws -> Int64 {
        if let number = caches.contexts[name] { return number }
        let number = try db.number(
            finding: "SELECT context FROM contexts WHERE name = ?",
            adding: "INSERT INTO contexts (name) VALUES (?)"
        ) { $0.bind(name) }
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
