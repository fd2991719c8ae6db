import Foundation
import RhizomeCore
import RhizomeStore
import RhizomeTesting
import Testing

/// A change of how a store is built, and what names it in the refusal.
struct SchemaChange: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let statements: [String]
    let named: String

    init(_ description: String, _ statements: [String], _ named: String) {
        testDescription = description
        self.statements = statements
        self.named = named
    }

    static let all: [SchemaChange] = [
        SchemaChange(
            "a trigger that swallows what is written",
            ["CREATE TRIGGER swallow BEFORE INSERT ON stalls BEGIN SELECT RAISE(IGNORE); END"],
            "trigger swallow doesn't belong there"
        ),
        SchemaChange(
            "a view in a table's place, that shows less of it",
            [
                "ALTER TABLE branches RENAME TO kept",
                "CREATE VIEW branches AS SELECT * FROM kept WHERE random() > 0",
            ],
            "table branches is missing"
        ),
        SchemaChange(
            "a view in the place of GRDB's table, that never ends",
            [
                "DROP TABLE grdb_migrations",
                """
                CREATE VIEW grdb_migrations AS
                WITH RECURSIVE n (identifier) AS (SELECT '1' UNION ALL SELECT '1' FROM n) SELECT identifier FROM n
                """,
            ],
            "view grdb_migrations doesn't belong there"
        ),
        SchemaChange("a dropped index", ["DROP INDEX logsByBranch"], "index logsByBranch is missing"),
        SchemaChange(
            "an index of another kind",
            ["DROP INDEX heads", "CREATE INDEX heads ON branches (author, lastPosition) WHERE isHead = 1 AND 0"],
            "index heads is another"
        ),
        SchemaChange("a table more", ["CREATE TABLE extra (x)"], "table extra doesn't belong there"),
        SchemaChange(
            "a column more",
            ["ALTER TABLE bodies ADD COLUMN extra INTEGER"],
            "table bodies is another"
        ),
        SchemaChange(
            "a migration that is forgotten",
            ["DELETE FROM grdb_migrations WHERE identifier = '3'"],
            "table authors is another"
        ),
        SchemaChange("statistics for the planner", ["ANALYZE"], "table sqlite_stat1 doesn't belong there"),
        SchemaChange(
            "text behind the end of a definition",
            [
                "PRAGMA writable_schema = ON",
                "UPDATE sqlite_schema SET sql = sql || char(0) || 'x' WHERE name = 'heads'",
            ],
            "index heads is another"
        ),
    ]
}

@Suite struct StoreSchemaTests {
    @Test("a store that somebody built otherwise is refused in words and left as it is", arguments: SchemaChange.all)
    func schema(_ change: SchemaChange) async throws {
        try await StoreAuditTests.withStore { data in
            try StoreAuditTests.change(data, change.statements)
            let path = URL(filePath: data + "/store.sqlite")
            let before = try Data(contentsOf: path)
            for open in [
                { try StoreOpeningTests.open($0) },
                { try SQLiteDeltaLog.openForReading(folder: $0, version: "1", now: 0) },
            ] {
                do {
                    _ = try open(data)
                    Issue.record("a store was opened that was built otherwise")
                } catch let error as DeltaLogError {
                    #expect(error == DeltaLogError(.corrupt, ""))
                    #expect(error.message.contains(change.named), "\(error)")
                }
            }
            #expect(try Data(contentsOf: path) == before)
        }
    }

    @Test("an audit finds what was built otherwise since the store was opened")
    func schemaSince() async throws {
        try await StoreAuditTests.withStore { data in
            let log = try SQLiteDeltaLog.openForReading(folder: data, version: "1", now: 0)
            try StoreAuditTests.change(data, SchemaChange.all[0].statements)
            #expect(try await log.audit().findings.map(\.code) == [.database])
            try log.close()
        }
    }

    @Test("a store that was left before its first migration is brought forward")
    func unmigrated() async throws {
        try await withTemporaryFolder { folder in
            let data = folder.path("data")
            try FileManager.default.createDirectory(
                atPath: data,
                withIntermediateDirectories: false,
                attributes: [.posixPermissions: 0o700]
            )
            let path = data + "/store.sqlite"
            #expect(FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]))
            try StoreAuditTests.change(data, ["CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)"])
            let log = try StoreOpeningTests.open(data)
            #expect(try await log.count() == 0)
            try log.close()
        }
    }
}
