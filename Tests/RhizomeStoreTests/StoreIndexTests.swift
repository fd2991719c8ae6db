import Bytes
import Foundation
import GRDB
import RhizomeCore
import RhizomeStore
import RhizomeTesting
import SignedStatements
import Testing

@Suite struct StoreIndexTests {
    /// Flips a bit of `bytes` where they lie on the only page of a table or index.
    static func flip(_ bytes: [UInt8], of object: String, _ data: String) throws {
        let path = data + "/store.sqlite"
        let queue = try DatabaseQueue(path: path)
        let (page, size) = try queue.read { db in
            let root = "SELECT rootpage FROM sqlite_schema WHERE name = ?"
            return (
                try #require(try Int.fetchOne(db, sql: root, arguments: [object])),
                try #require(try Int.fetchOne(db, sql: "PRAGMA page_size"))
            )
        }
        try queue.close()
        var file = try Data(contentsOf: URL(filePath: path))
        let place = try #require(file.range(of: Data(bytes), in: (page - 1) * size..<page * size))
        file[place.lowerBound] ^= 1
        try file.write(to: URL(filePath: path))
    }

    /// What gives an index other content than its definition says.
    static func hollow(_ index: String, _ hollow: String) -> [String] {
        [
            "CREATE TEMP TABLE kept AS SELECT sql FROM sqlite_schema WHERE name = '\(index)'",
            "DROP INDEX \(index)", hollow, "PRAGMA writable_schema = ON",
            "UPDATE sqlite_schema SET sql = (SELECT sql FROM temp.kept) WHERE name = '\(index)'",
        ]
    }

    static func codes(_ data: String) async throws -> Set<AuditFinding.Code> {
        Set(try await StoreAuditTests.audit(data).findings.map(\.code))
    }

    @Test(
        "an index with other content than its definition says is found",
        arguments: [
            ["heads", "CREATE INDEX heads ON branches (author, lastPosition) WHERE isHead = 1 AND 0"],
            ["heads", "CREATE INDEX heads ON branches (author, lastPosition) WHERE isHead = 1 AND author <> 2"],
            ["heads", "CREATE INDEX heads ON branches (author, lastPosition)"],
            [
                "authorsByLastPosition",
                "CREATE INDEX authorsByLastPosition ON authors (lastPosition) WHERE author <> 2",
            ],
            ["authorsByLastPosition", "CREATE INDEX authorsByLastPosition ON authors (count)"],
            ["authorsOfManyHeads", "CREATE INDEX authorsOfManyHeads ON authors (manyHeadsSince)"],
            ["originsByContent", "CREATE INDEX originsByContent ON origins (receivedFrom, trustStatement) WHERE 0"],
            ["logsByBranch", "CREATE INDEX logsByBranch ON logs (author, branch, sequence) WHERE branch > 1"],
        ]
    )
    func hollowIndexes(_ index: [String]) async throws {
        try await StoreAuditTests.withStore { data in
            try StoreAuditTests.change(data, Self.hollow(index[0], index[1]))
            #expect(try await Self.codes(data) == [.database])
        }
    }

    @Test("a wrong peer in the index of origins is found")
    func wrongOrigin() async throws {
        try await StoreAuditTests.withStore { data in
            var maker = DeltaMaker()
            let peer = try maker.author("peer of bob")
            try Self.flip(peer.bytes.array, of: "originsByContent", data)
            #expect(try await Self.codes(data) == [.database])
        }
    }

    @Test("rows to which no delta points are found")
    func unusedRows() async throws {
        for row in [
            "INSERT INTO entities (id) VALUES (CAST('nobody' AS BLOB))",
            "INSERT INTO contexts (name) VALUES (CAST('nothing' AS BLOB))",
            "INSERT INTO origins (receivedFrom) VALUES (zeroblob(32))",
        ] {
            try await StoreAuditTests.withStore { data in
                try StoreAuditTests.change(data, [row])
                #expect(try await Self.codes(data) == [.index], "\(row)")
            }
        }
    }
}
