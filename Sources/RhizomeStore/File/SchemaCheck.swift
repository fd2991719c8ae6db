internal import GRDB
internal import RhizomeCore

/// Holds a store's schema against the one that the same migrations make.
///
/// By a trigger, a view or another index of somebody's, SQLite would answer and write something else than what the
/// statements here say. There is no second list of what belongs there: the migrations make it anew, in memory.
enum SchemaCheck {
    /// A row of `sqlite_schema` but for where its pages lie.
    private struct Object: Hashable {
        let type: String
        let name: String
        let table: String
        /// All of it with its types, in hex: a text may go on behind a NUL.
        let definition: String

        init(_ row: Row) throws {
            type = try row.decode(String.self, atIndex: 0)
            name = try row.decode(String.self, atIndex: 1)
            table = try row.decode(String.self, atIndex: 2)
            definition = try row.decode(String.self, atIndex: 3)
        }

        /// For people: 60 characters at most, of printable ASCII.
        var title: String {
            let scalars = "\(type) \(name)".unicodeScalars.prefix(60)
            return String(scalars.map { (" "..."~").contains($0) ? Character($0) : "?" })
        }
    }

    /// GRDB's table of the migrations that have been applied.
    private static let migrations = "grdb_migrations"
    /// How many differences an error names.
    private static let differencesTold = 5

    /// Refuses a store of a newer program, and one whose schema isn't what its migrations make.
    ///
    /// Reads nothing through a view. A database without any object is a new store's.
    ///
    /// - Throws: `newer`, `corrupt`.
    /// - Complexity: a few ms, whatever the store holds.
    static func run(_ db: Database) throws {
        let found = try objects(db)
        guard !found.isEmpty else { return }
        let migrator = StoreSchema.migrator
        var configuration = Configuration()
        configuration.label = "rhizome.store.schema"
        configuration.foreignKeysEnabled = false
        let fresh = try DatabaseQueue(configuration: configuration)
        try migrator.migrations.first.map { try migrator.migrate(fresh, upTo: $0) }
        // Which migrations have been applied is only believed of GRDB's own table.
        let applied = try fresh.read(objects).filter { $0.table == migrations }
        try compare(found.filter { $0.name == migrations || $0.table == migrations }, with: applied)
        guard try !migrator.hasBeenSuperseded(db) else {
            throw DeltaLogError(
                .newer,
                "the store was made by a newer version of rhizome; run that version, or use another RHIZOME_HOME"
            )
        }
        guard let last = try migrator.completedMigrations(db).last else { return try compare(found, with: applied) }
        try migrator.migrate(fresh, upTo: last)
        try compare(found, with: fresh.read(objects))
    }

    private static func objects(_ db: Database) throws -> [Object] {
        let columns = ["type", "name", "tbl_name", "sql"]
        let texts = columns.prefix(3).map { "CAST(coalesce(\($0), '') AS TEXT)" }
        let whole = columns.map { "typeof(\($0)) || hex(\($0))" }.joined(separator: " || ' ' || ")
        return try Row.fetchAll(db, sql: "SELECT \(texts.joined(separator: ", ")), \(whole) FROM sqlite_schema")
            .map(Object.init)
    }

    private static func compare(_ found: [Object], with expected: [Object]) throws {
        func counted(_ objects: [Object]) -> [Object: Int] {
            Dictionary(objects.map { ($0, 1) }, uniquingKeysWith: +)
        }
        let (here, there) = (counted(found), counted(expected))
        guard here != there else { return }
        let missing = expected.filter { here[$0] != there[$0] }
        let foreign = found.filter { here[$0] != there[$0] }
        let changed = Set(missing.map(\.title)).intersection(foreign.map(\.title))
        let differences =
            changed.sorted().map { "\($0) is another" }
            + missing.map(\.title).filter { !changed.contains($0) }.map { "\($0) is missing" }
            + foreign.map(\.title).filter { !changed.contains($0) }.map { "\($0) doesn't belong there" }
        let told = differences.prefix(differencesTold).joined(separator: ", ")
        let rest = differences.count > differencesTold ? " and more" : ""
        throw DeltaLogError(
            .corrupt,
            "somebody changed how the store is built: \(told)\(rest). Nothing of it was used: put a backup in its place, or "
                + "keep a copy and move it away, and the node fetches what its peers hold"
        )
    }
}
