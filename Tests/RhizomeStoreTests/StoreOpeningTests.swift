import Bytes
import Foundation
import GRDB
import HomeFiles
import RhizomeCore
import RhizomeTesting
import Testing

@testable import RhizomeStore

@Suite struct StoreOpeningTests {
    static func open(_ data: String, interval: Duration = .zero, now: Timestamp = 0) throws -> SQLiteDeltaLog {
        var options = SQLiteDeltaLog.Options()
        options.witnessInterval = interval
        return try SQLiteDeltaLog.open(folder: data, version: "1", now: now, options: options)
    }

    static func openForReading(_ data: String) throws -> SQLiteDeltaLog {
        try SQLiteDeltaLog.openForReading(folder: data, version: "1", now: 0)
    }

    static func copy(_ from: String, _ to: String) throws {
        try? FileManager.default.removeItem(atPath: to)
        try FileManager.default.copyItem(atPath: from, toPath: to)
    }

    @Test("a store is found again as it was left")
    func reopened() async throws {
        try await withTemporaryFolder { folder in
            let data = folder.path("data")
            var maker = DeltaMaker()
            let chain = try maker.chain("alice", 5)
            let first = try Self.open(data)
            #expect(first.witnessFinding == nil)
            #expect(first.epoch.count == 16)
            _ = try await first.append(chain, cursors: ["c": 4])
            try first.close()
            await #expect(throws: DeltaLogError.self) { try await first.count() }
            let second = try Self.open(data)
            #expect(second.epoch == first.epoch)
            #expect(second.witnessFinding == nil)
            #expect(try await second.count() == 5)
            #expect(try await second.cursor("c") == 4)
            #expect(try await second.deltas(after: 0, limit: 9).map(\.delta.bytes) == chain.map(\.delta.bytes))
            #expect(try await second.incidents().isEmpty)
            let more = try maker.chain("alice", 1, after: [chain[4]])
            #expect(try await second.append(more, cursors: [:]).map(\.position) == [6])
            try second.close()
        }
    }

    @Test("each store has an epoch of its own")
    func epochs() async throws {
        try await withTemporaryFolder { folder in
            let logs = try ["a", "b"].map { try Self.open(folder.path($0)) }
            #expect(logs[0].epoch != logs[1].epoch)
            for log in logs { try log.close() }
        }
    }

    @Test("one opens a store at a time, and the next is told who has it")
    func locked() async throws {
        try await withTemporaryFolder { folder in
            let first = try Self.open(folder.path("data"))
            do {
                _ = try Self.open(folder.path("data"))
                Issue.record("opened twice")
            } catch let error as DeltaLogError {
                #expect(error == DeltaLogError(.locked, ""))
                #expect(error.message.contains("\(ProcessInfo.processInfo.processIdentifier)"))
            }
            try first.close()
            // What another test has just forked holds the lock, too, until it has become another program.
            try await eventually("the lock is free") {
                do {
                    try Self.open(folder.path("data")).close()
                    return true
                } catch let error as DeltaLogError where error.code == .locked {
                    return false
                }
            }
        }
    }

    @Test("all files are the owner's alone")
    func modes() async throws {
        try await withTemporaryFolder { folder in
            let log = try Self.open(folder.path("data"))
            var maker = DeltaMaker()
            _ = try await log.append(try maker.chain("alice", 1), cursors: [:])
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path("data")).sorted()
            #expect(names == ["lock", "store.seen", "store.sqlite", "store.sqlite-shm", "store.sqlite-wal"])
            for name in names {
                let attributes = try FileManager.default.attributesOfItem(atPath: folder.path("data/\(name)"))
                #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
            }
            try log.close()
        }
    }

    @Test(
        "a store that isn't a plain file of ours alone is opened by nobody, nor what SQLite keeps beside it",
        .timeLimit(.minutes(1)),
        arguments: ["store.sqlite", "store.sqlite-wal", "store.sqlite-shm", "lock"]
    )
    func files(name: String) async throws {
        try await withTemporaryFolder { folder in
            let data = folder.path("data")
            let file = "data/\(name)"
            try Self.open(data).close()
            if !FileManager.default.fileExists(atPath: folder.path(file)) {
                try FileManager.default.copyItem(atPath: data + "/store.sqlite", toPath: folder.path(file))
            }
            // Whoever only reads takes no lock.
            let openings = [{ try Self.open(data) }] + (name == "lock" ? [] : [{ try Self.openForReading(data) }])
            func expectRefusal(_ words: String, _ code: DeltaLogError.Code = .notAllowed) {
                for open in openings {
                    do {
                        try open().close()
                        Issue.record("opened, where it should be: \(words)")
                    } catch {
                        let error = error as? DeltaLogError
                        #expect(error == DeltaLogError(code, ""))
                        #expect(error?.message.contains("\(data)/\(name)") == true, "\(String(describing: error))")
                        #expect(error?.message.contains(words) == true, "\(String(describing: error))")
                    }
                }
            }
            for mode in [0o666, 0o640] {
                try folder.setMode(mode, of: file)
                expectRefusal("chmod 600")
            }
            try folder.setMode(0o600, of: file)
            try FileManager.default.linkItem(atPath: folder.path(file), toPath: folder.path("second"))
            expectRefusal("hard links")
            try FileManager.default.removeItem(atPath: folder.path("second"))
            try FileManager.default.moveItem(atPath: folder.path(file), toPath: folder.path("elsewhere"))
            try FileManager.default.createSymbolicLink(
                atPath: folder.path(file),
                withDestinationPath: folder.path("elsewhere")
            )
            expectRefusal("symbolic link")
            try FileManager.default.removeItem(atPath: folder.path(file))
            try folder.makePipe(file)
            expectRefusal("not a plain file", .corrupt)
        }
    }

    @Test("a folder that is a link, and a log whose store is missing, are refused with what loses nothing")
    func misplaced() async throws {
        try await withTemporaryFolder { folder in
            var maker = DeltaMaker()
            let log = try Self.open(folder.path("data"))
            _ = try await log.append(try maker.chain("alice", 2), cursors: [:])
            let link = folder.path("link")
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder.path("data"))
            for open in [{ try Self.open(link) }, { try Self.openForReading(link) }] {
                let error = #expect(throws: DeltaLogError.self) { try open().close() }
                #expect(error?.message.contains("with all that is in it, into the place of the link") == true)
            }
            // What a crash leaves: all that was written is in the log alone.
            let crashed = try HomeFolder.create(folder.path("crashed"))
            try FileManager.default.copyItem(
                atPath: folder.path("data/store.sqlite-wal"),
                toPath: crashed.path("store.sqlite-wal")
            )
            let error = #expect(throws: DeltaLogError.self) { try Self.open(crashed.path).close() }
            #expect(error?.message.contains("put the store back beside") == true)
            try FileManager.default.copyItem(
                atPath: folder.path("data/store.sqlite"),
                toPath: crashed.path("store.sqlite")
            )
            let back = try Self.open(crashed.path)
            #expect(try await back.count() == 2)
            try back.close()
            try log.close()
        }
    }

    @Test("a connection to a store that was put in the place of the checked one is refused")
    func replaced() async throws {
        try await withTemporaryFolder { folder in
            let data = folder.path("data")
            let log = try Self.open(data)
            try FileManager.default.moveItem(atPath: data + "/store.sqlite", toPath: data + "/aside")
            try FileManager.default.copyItem(atPath: data + "/aside", toPath: data + "/store.sqlite")
            await #expect(throws: DeltaLogError(.disk, "")) { try await log.openReaders() }
            try FileManager.default.removeItem(atPath: data + "/store.sqlite")
            try FileManager.default.moveItem(atPath: data + "/aside", toPath: data + "/store.sqlite")
            try await log.openReaders()
            try log.close()
        }
    }

    @Test("the writer syncs each commit, and waits for others rather than fail")
    func durability() async throws {
        try await withTemporaryFolder { folder in
            let log = try Self.open(folder.path("data"))
            let settings = try await log.pool.writeWithoutTransaction { db in
                try ["synchronous", "wal_autocheckpoint", "journal_mode", "busy_timeout"].map { name in
                    try String.fetchOne(db, sql: "PRAGMA \(name)")
                }
            }
            #expect(settings == ["2", "16000", "wal", "10000"])
            try log.close()
        }
    }

    @Test("a write waits for another program that holds the database, such as a backup, and succeeds then")
    func heldByOthers() async throws {
        try await withTemporaryFolder { folder in
            let data = folder.path("data")
            let log = try Self.open(data)
            var maker = DeltaMaker()
            let chain = try maker.chain("alice", 2)
            _ = try await log.append([chain[0]], cursors: [:])
            var configuration = Configuration()
            configuration.allowsUnsafeTransactions = true
            let backup = try DatabaseQueue(path: data + "/store.sqlite", configuration: configuration)
            try await backup.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
            let append = Task { try await log.append([chain[1]], cursors: [:]) }
            // As long as a small backup may take; reads go on meanwhile.
            for _ in 0..<5 {
                try await Task.sleep(for: .milliseconds(20))
                #expect(try await log.count() == 1)
            }
            try await backup.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
            #expect(try await append.value.map(\.position) == [2])
            try backup.close()
            try log.close()
        }
    }

    @Test("all connections for reading can be opened before descriptors get scarce")
    func readers() async throws {
        try await withTemporaryFolder { folder in
            let data = folder.path("data")
            let log = try Self.open(data)
            func descriptors() throws -> Int {
                let own = "/proc/self/fd"
                return try FileManager.default.contentsOfDirectory(atPath: own).count { name in
                    let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(own)/\(name)")
                    return path?.hasSuffix(data + "/store.sqlite") ?? false
                }
            }
            let before = try descriptors()
            try await log.openReaders()
            let opened = try descriptors()
            #expect(opened >= before + SQLiteDeltaLog.Options().readerCount - 1)
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<100 { group.addTask { _ = try? await log.count() } }
            }
            #expect(try descriptors() == opened)
            try log.close()
            await #expect(throws: DeltaLogError.self) { try await log.openReaders() }
        }
    }

    @Test("a store of a newer program is refused in words, and left as it is")
    func newer() async throws {
        try await withTemporaryFolder { folder in
            let data = folder.path("data")
            try Self.open(data).close()
            try StoreAuditTests.change(data, ["INSERT INTO grdb_migrations (identifier) VALUES ('1000')"])
            let before = try Data(contentsOf: URL(filePath: data + "/store.sqlite"))
            #expect(throws: DeltaLogError(.newer, "")) { try Self.open(data) }
            #expect(throws: DeltaLogError(.newer, "")) { try Self.openForReading(data) }
            do { _ = try Self.open(data) } catch { #expect("\(error)".contains("newer version")) }
            #expect(try Data(contentsOf: URL(filePath: data + "/store.sqlite")) == before)
        }
    }

    private static func schema(_ data: String) throws -> Set<String> {
        let queue = try DatabaseQueue(path: data + "/store.sqlite")
        defer { try? queue.close() }
        return try queue.read { db in
            try Set(String.fetchAll(db, sql: "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL"))
        }
    }

    /// The statements that make objects of a store as they were after a migration.
    private static func definitions(_ names: [String], after migration: String) async throws -> [String] {
        let empty = try DatabaseQueue()
        try StoreSchema.migrator.migrate(empty, upTo: migration)
        return try await empty.read { db in
            try names.map { name in
                let sql = "SELECT sql FROM sqlite_schema WHERE name = ?"
                return try #require(try String.fetchOne(db, sql: sql, arguments: [name]))
            }
        }
    }

    /// What takes a store back to the fifth version.
    private static func backToFifth() async throws -> [String] {
        ["DROP TABLE words", "DROP TABLE collections", "DROP TABLE negations"]
            + (try await definitions(["roles", "words", "collections"], after: "5")) + [
                "INSERT INTO roles (localContext, targetContext) VALUES (1, 2)",
                "INSERT INTO words SELECT entity, 1, -1, 0, entity FROM entities",
                "DELETE FROM grdb_migrations WHERE identifier = '6'",
            ]
    }

    /// What takes a store of the fifth version back to the first.
    private static func backToFirst() async throws -> [String] {
        let pointers = "INSERT INTO pointers SELECT DISTINCT entity, position FROM words"
        return (try await definitions(["pointers"], after: "1"))
            + [pointers, "DROP TABLE words", "DROP TABLE roles", "DROP TABLE stalls"]
            + (try await definitions(["stalls"], after: "1")) + [
                "INSERT INTO stalls (version, id, author, reason) VALUES (x'31', zeroblob(32), zeroblob(32), x'00')",
                "ALTER TABLE store DROP COLUMN recordsHash",
                "DROP INDEX logsByBranch", "DROP INDEX authorsOfManyHeads", "DROP INDEX heads",
                "ALTER TABLE authors DROP COLUMN headCount", "ALTER TABLE authors DROP COLUMN manyHeadsSince",
                "CREATE INDEX heads ON branches (author) WHERE isHead = 1",
                "DELETE FROM contexts WHERE name IN (CAST('name' AS BLOB), CAST('friends' AS BLOB))",
                "DELETE FROM grdb_migrations WHERE identifier IN ('2', '3', '4', '5')",
            ]
    }

    @Test("a store of an earlier version is brought forward, with what it holds", arguments: [1, 5])
    func older(_ version: Int) async throws {
        try await withTemporaryFolder { folder in
            let data = folder.path("data")
            var maker = DeltaMaker()
            let chain = try maker.chain("alice", 3)
            let fork = [
                chain, [try maker.delta("alice", after: [chain[0]])],
                [
                    try maker.delta(
                        "bob",
                        [
                            Pointer("user", entity: "u", targetContext: "name"), Pointer("name", .text("U")),
                            Pointer("friend", entity: "f", targetContext: "friends"),
                        ]
                    )
                ],
            ].flatMap { $0 }
            let log = try Self.open(data)
            _ = try await log.append(fork, cursors: ["mail": 2])
            try log.close()
            try StoreAuditTests.change(data, try await Self.backToFifth())
            if version == 1 { try StoreAuditTests.change(data, try await Self.backToFirst()) }
            let opened = try Self.open(data)
            #expect(try await opened.deltas(after: 0, limit: 10).map(\.delta.bytes) == fork.map(\.delta.bytes))
            #expect(try await opened.cursor("mail") == 2)
            #expect(try await opened.stalls().isEmpty, "what kept no proof is looked at again")
            for entity in ["u", "f"] as [Text] {
                #expect(try await opened.positions(about: entity) == [5])
            }
            try opened.close()
            #expect(try await StoreAuditTests.audit(data).findings.isEmpty)
            let fresh = folder.path("fresh")
            try Self.open(fresh).close()
            #expect(try Self.schema(data) == Self.schema(fresh))
        }
    }

    @Test("a file that is no database is refused as corrupt")
    func noDatabase() async throws {
        try await withTemporaryFolder { folder in
            let data = folder.path("data")
            try Self.open(data).close()
            try Data(repeating: 65, count: 8192).write(to: URL(filePath: data + "/store.sqlite"))
            #expect(throws: DeltaLogError(.corrupt, "")) { try Self.open(data) }
            #expect(throws: DeltaLogError(.corrupt, "")) { try Self.openForReading(data) }
        }
    }

    @Test("a folder that others may enter is refused, and one without a store isn't opened for reading")
    func folders() async throws {
        try await withTemporaryFolder { folder in
            do {
                _ = try Self.openForReading(folder.path("data"))
                Issue.record("a store was opened that isn't there")
            } catch let error as DeltaLogError {
                #expect(error == DeltaLogError(.missing, ""))
                #expect("\(error)".contains("a node makes one when it first runs"))
            }
            try Self.open(folder.path("data")).close()
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path("data"))
            #expect(throws: DeltaLogError(.notAllowed, "")) { try Self.open(folder.path("data")) }
        }
    }

    @Test("a store is read while it is written, and when nobody has it open")
    func readOnly() async throws {
        try await withTemporaryFolder { folder in
            let data = folder.path("data")
            var maker = DeltaMaker()
            let chain = try maker.chain("alice", 4)
            let writer = try Self.open(data, interval: .seconds(3600))
            _ = try await writer.append(Array(chain[..<2]), cursors: [:])
            let reader = try Self.openForReading(data)
            #expect(reader.witnessFinding == nil)
            #expect(reader.epoch == writer.epoch)
            #expect(try await reader.count() == 2)
            _ = try await writer.append(Array(chain[2...]), cursors: [:])
            #expect(try await reader.count() == 4)
            #expect(try await reader.audit().findings.isEmpty)
            await #expect(throws: DeltaLogError.self) { try await reader.append(chain, cursors: [:]) }
            try reader.close()
            try writer.close()
            let again = try Self.openForReading(data)
            #expect(try await again.count() == 4)
            #expect(try await again.audit().findings.isEmpty)
            try again.close()
            try Self.open(data).close()
        }
    }

    // MARK: - The witness

    @Test("a witness that lags behind the store, as a killed node leaves it, is no finding")
    func lagging() async throws {
        try await withTemporaryFolder { folder in
            let data = folder.path("data")
            var maker = DeltaMaker()
            let chain = try maker.chain("alice", 3)
            var log: SQLiteDeltaLog? = try Self.open(data, interval: .seconds(3600))
            _ = try await log?.append(chain, cursors: [:])
            try Self.copy(data, folder.path("killed"))
            try log?.close()
            log = nil
            let killed = try Self.open(folder.path("killed"))
            #expect(killed.witnessFinding == nil)
            #expect(try await killed.count() == 3)
            try killed.close()
        }
    }

    @Test("an older copy that is put back is told, goes on under a new epoch, heals, and stays on record")
    func restored() async throws {
        try await withTemporaryFolder { folder in
            let data = folder.path("data")
            var maker = DeltaMaker()
            let chain = try maker.chain("alice", 8)
            let first = try Self.open(data)
            _ = try await first.append(Array(chain[..<5]), cursors: [:])
            try first.close()
            try Self.copy(data + "/store.sqlite", folder.path("backup"))
            let second = try Self.open(data)
            _ = try await second.append(Array(chain[5...]), cursors: [:])
            try second.close()
            try Self.copy(folder.path("backup"), data + "/store.sqlite")

            let reader = try Self.openForReading(data)
            #expect(reader.witnessFinding?.code == .behind)
            #expect(try await reader.audit().findings.map(\.code) == [.witness])
            try reader.close()

            let restored = try Self.open(data, now: 77)
            #expect(restored.witnessFinding?.code == .behind)
            #expect(restored.witnessFinding?.message.contains("8") == true)
            #expect(restored.epoch != first.epoch)
            #expect(try await restored.append(chain, cursors: [:]).map(\.position) == [6, 7, 8])
            try restored.close()

            let healed = try Self.open(data)
            #expect(healed.witnessFinding == nil)
            #expect(healed.epoch == restored.epoch)
            #expect(try await healed.incidents().map(\.time) == [77])
            #expect(try await healed.audit().findings.map(\.code) == [.witness])
            try healed.close()
        }
    }

    /// A store of two deltas on record that an older copy was put back, which its witness knows.
    private static func withIncident(_ body: (_ data: String) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let data = folder.path("data")
            var maker = DeltaMaker()
            let chain = try maker.chain("alice", 2)
            for (number, delta) in chain.enumerated() {
                let log = try Self.open(data)
                _ = try await log.append([delta], cursors: [:])
                try log.close()
                if number == 0 { try Self.copy(data + "/store.sqlite", folder.path("backup")) }
            }
            try Self.copy(folder.path("backup"), data + "/store.sqlite")
            try Self.open(data, now: 77).close()
            try await body(data)
        }
    }

    @Test(
        "what was found at an opening can't be taken off the record unnoticed",
        arguments: [
            "DELETE FROM incidents", "UPDATE incidents SET time = 78", "UPDATE incidents SET incident = 2",
            "UPDATE incidents SET code = CAST('otherStore' AS BLOB)", "UPDATE incidents SET message = x'20'",
        ]
    )
    func forgotten(_ change: String) async throws {
        try await Self.withIncident { data in
            let before = try await StoreAuditTests.audit(data).findings
            #expect(before.map(\.code) == [.witness])
            try StoreAuditTests.change(data, [change])
            #expect(try await StoreAuditTests.audit(data).findings.contains { $0.message.contains("incidentsChanged") })
            let log = try Self.open(data, now: 99)
            #expect(log.witnessFinding?.code == .incidentsChanged)
            #expect(try await log.incidents().last?.time == 99)
            try log.close()
            let next = try Self.open(data)
            #expect(next.witnessFinding == nil, "it is told once, and stays on record")
            #expect(try await next.incidents().last?.code == .incidentsChanged)
            try next.close()
        }
    }

    @Test("a witness of the first version, which says nothing of incidents, is read and written anew")
    func olderWitness() async throws {
        try await Self.withIncident { data in
            let seen = URL(filePath: data + "/store.seen")
            let present = try Data(contentsOf: seen)
            // An array of two elements less: without the number of incidents and their hash.
            var first = Array(present.dropLast(1 + 34))
            first[0] = 0x85
            first["rhizome-store-seen".utf8.count + 2] = 1
            #expect(try StoreSighting(bytes: Array(present)).incidents?.count == 1)
            #expect(try StoreSighting(bytes: first).incidents == nil)
            try Data(first).write(to: seen)
            let log = try Self.open(data)
            #expect(log.witnessFinding == nil)
            try log.close()
            #expect(try Data(contentsOf: seen) == present)
        }
    }

    @Test("a witness that is gone, unreadable or of another store is told once")
    func witnesses() async throws {
        try await withTemporaryFolder { folder in
            let data = folder.path("data")
            let seen = URL(filePath: data + "/store.seen")
            var maker = DeltaMaker()
            let empty = try Self.open(data)
            try empty.close()
            try FileManager.default.removeItem(at: seen)
            let first = try Self.open(data)
            #expect(first.witnessFinding == nil, "an empty store needs no witness")
            _ = try await first.append(try maker.chain("alice", 2), cursors: [:])
            try first.close()

            func expect(_ code: StoreIncident.Code, _ count: Int) async throws {
                let log = try Self.open(data)
                #expect(log.witnessFinding?.code == code)
                #expect(try await log.incidents().count == count)
                try log.close()
                let next = try Self.open(data)
                #expect(next.witnessFinding == nil)
                try next.close()
            }
            try FileManager.default.removeItem(at: seen)
            #expect(try await StoreAuditTests.audit(data).findings.map(\.code) == [.witness])
            try await expect(.witnessMissing, 1)
            #expect(try await StoreAuditTests.audit(data).findings == [], "it was made anew, and is on record")
            for bytes in [Data(), Data([1, 2, 3]), Data(repeating: 0, count: 5000)] {
                try bytes.write(to: seen)
                let log = try Self.openForReading(data)
                #expect(log.witnessFinding?.code == .witnessUnreadable)
                try log.close()
            }
            try await expect(.witnessUnreadable, 2)
            let other = try Self.open(folder.path("other"))
            try other.close()
            try Self.copy(folder.path("other/store.seen"), seen.path)
            try await expect(.otherStore, 3)
            for suffix in ["", "-wal", "-shm"] {
                try? FileManager.default.removeItem(atPath: data + "/store.sqlite" + suffix)
            }
            try await expect(.otherStore, 1)
        }
    }

    @Test("the witness is written once in an interval, and at the end")
    func interval() async throws {
        try await withTemporaryFolder { folder in
            let data = folder.path("data")
            let seen = URL(filePath: data + "/store.seen")
            var maker = DeltaMaker()
            let chain = try maker.chain("alice", 3)
            let log = try Self.open(data, interval: .seconds(3600))
            let atStart = try Data(contentsOf: seen)
            _ = try await log.append(Array(chain[..<2]), cursors: [:])
            #expect(try Data(contentsOf: seen) == atStart)
            try log.close()
            let mark = try StoreSighting(bytes: Array(try Data(contentsOf: seen))).mark
            #expect(mark.position == 2)
            #expect(mark.epoch == log.epoch)
            let prompt = try Self.open(data)
            _ = try await prompt.append(chain, cursors: [:])
            #expect(try StoreSighting(bytes: Array(try Data(contentsOf: seen))).mark.position == 3)
            try prompt.close()
        }
    }
}
