import Bytes
import Foundation
import GRDB
import RhizomeCore
import RhizomeStore
import RhizomeTesting
import SignedStatements
import Testing

/// Damage of any kind is a finding, or changes no answer.
@Suite struct RandomDamageTests {
    private typealias Column = (name: String, type: String)

    /// A closed store with something in each table: forks, a negation, stalls, cursors, and an incident on record.
    private static func withStore(_ body: (_ data: String) async throws -> Void) async throws {
        try await StoreAuditTests.withStore { data in
            let log = try StoreOpeningTests.open(data)
            let held = try await log.deltas(after: 0, limit: 100).map(\.delta)
            var maker = DeltaMaker(time: held.map(\.header.timeCreated).max() ?? 0)
            let admitted = try held.map { try maker.admit($0) }
            let last = try #require(admitted.last)
            let stalls = try (0..<3).map { _ in try maker.misfit("carol", after: last) }
            try await log.record(stalls.map { Stall($0, reason: .timeOrder, version: "1") })
            try await log.record(stalls.map { Stall($0, reason: .timeOrder, version: "0") })
            let negation = try maker.delta("carol", .negation(of: last.delta.id), after: [last])
            _ = try await log.append([negation], cursors: ["mail": 7, "é": 2])
            try log.close()
            let backup = data + "/backup"
            try StoreOpeningTests.copy(data + "/store.sqlite", backup)
            let second = try StoreOpeningTests.open(data)
            _ = try await second.append([try maker.delta("carol", after: [last])], cursors: [:])
            try second.close()
            try StoreOpeningTests.copy(backup, data + "/store.sqlite")
            try StoreOpeningTests.open(data).close()
            try await body(data)
        }
    }

    /// What the log answers to all that it can be asked.
    private static func answers(_ log: SQLiteDeltaLog) async throws -> [String] {
        var answers: [String] = []
        func tell(_ question: String, _ answer: some Any) { answers.append("\(question): \(answer)") }
        func sorted(_ ids: Set<DeltaID>) -> [DeltaID] { ids.sorted() }
        tell("epoch", log.epoch)
        tell("count", try await log.count())
        let deltas = try await log.deltas(after: 0, limit: 1_000)
        tell("deltas", deltas.map { ($0.delta.bytes, $0.position, $0.arrival) })
        tell("entries", try await log.entries(after: 0, maximumBytes: 1 << 20))
        let ids = deltas.map(\.id)
        tell("contains", sorted(try await log.contains(ids)))
        tell("links", try await log.links(of: ids).sorted { $0.key < $1.key }.map(\.value))
        tell("by id", try await log.deltas(ids).map(\.position).sorted())
        tell("authors", try await log.authors())
        tell("all heads", try await log.heads(after: nil, limit: 1_000))
        tell("changes", try await log.changes(after: .start, limit: 1_000))
        for author in Set(deltas.map(\.delta.author)).sorted() {
            let heads = try await log.heads(of: author)
            tell("heads", heads)
            tell("locators", try await log.locators(of: author))
            tell("forks", try await log.forks(of: author, limit: 1_000))
            let want = heads.map(\.id)
            let request = PullRequest(author: author, want: want, have: [], after: nil, maximumBytes: 1 << 20)
            tell("pull", try await log.pull(request).deltas)
            let ancestry = try await log.ancestry(of: want, author: author)
            let own = deltas.map(\.delta).filter { $0.author == author }
            tell("ancestry", own.map { ancestry.contains($0.id, sequence: $0.header.sequence) })
            let time = deltas[deltas.count / 2].delta.header.timeCreated
            let past = try await log.heads(of: author, upTo: time, within: want, limit: 1_000)
            tell("past heads", past.map(\.id).sorted())
        }
        let entities = try await log.entities(referredToBy: nil)
        tell("entities", entities)
        for entity in Set(entities.flatMap(\.self)).sorted() {
            tell("about", try await log.positions(about: entity))
        }
        for context in ["user", "name", "padding"] as [Text] {
            tell("collection", try await log.entities(referredToBy: context))
        }
        for name in ["mail", "é"] { tell("cursor", try await log.cursor(name)) }
        let stalls = try await log.stalls()
        tell("stalls", stalls)
        tell("stalled", sorted(try await log.stalled(stalls.map(\.id))))
        tell("incidents", try await log.incidents())
        return answers
    }

    /// What an audit finds and what the log answers; the error alone where it can't be opened or read.
    private static func look(_ data: String) async throws -> (findings: [AuditFinding], answers: [String]) {
        do {
            let log = try SQLiteDeltaLog.openForReading(folder: data, version: "1", now: 0)
            let findings = try await log.audit().findings
            let answers = try await answers(log)
            try log.close()
            return (findings, answers)
        } catch let error as DeltaLogError {
            return ([AuditFinding(.database, error.message)], [])
        }
    }

    private static func statements(of path: String, using generator: inout SeededGenerator) throws -> [[String]] {
        let queue = try DatabaseQueue(path: path)
        defer { try? queue.close() }
        return try queue.read { try statements($0, using: &generator) }
    }

    /// Statements that change, remove and add a random row of each table, and hollow out each index.
    private static func statements(_ db: Database, using generator: inout SeededGenerator) throws -> [[String]] {
        let tables = try String.fetchAll(db, sql: "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        var statements: [[String]] = []
        for table in tables {
            let columns: [Column] = try db.columns(in: table).map { ($0.name, $0.type) }
            let names = columns.map(\.name).joined(separator: ", ")
            let count = try #require(try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table)"))
            func row() -> String {
                "(\(names)) IN (SELECT \(names) FROM \(table) LIMIT 1 OFFSET \(Int.random(in: 0..<count, using: &generator)))"
            }
            func changed(_ column: Column) -> String {
                let name = column.name
                switch column.type {
                case "INTEGER":
                    let bit = 1 << Int.random(in: 0..<40, using: &generator)
                    return "(\(name) | \(bit)) - (\(name) & \(bit))"
                case "TEXT": return "\(name) || '0'"
                default:
                    let byte = String(UInt8.random(in: .min ... .max, using: &generator), radix: 16)
                    let place = "1 + \(Int.random(in: 0..<500, using: &generator)) % max(1, length(\(name)))"
                    let other = "x'\(byte.count == 1 ? "0" : "")\(byte)'"
                    return "CAST(substr(\(name), 1, \(place) - 1) || \(other) || substr(\(name), \(place) + 1) AS BLOB)"
                }
            }
            for column in columns {
                statements.append(["UPDATE \(table) SET \(column.name) = \(changed(column)) WHERE \(row())"])
                let values = columns.map { $0.name == column.name ? changed($0) : $0.name }.joined(separator: ", ")
                statements.append(["INSERT INTO \(table) (\(names)) SELECT \(values) FROM \(table) WHERE \(row())"])
            }
            statements.append(["DELETE FROM \(table) WHERE \(row())"])
            statements.append(["DELETE FROM \(table)"])
        }
        let indexes = try Row.fetchAll(
            db,
            sql: "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name"
        )
        for index in indexes {
            let definition: String = index[1]
            let hollow = definition.contains(" WHERE ") ? "\(definition) AND 0" : "\(definition) WHERE 0"
            statements.append(StoreIndexTests.hollow(index[0], hollow))
        }
        return statements
    }

    @Test("any change of a row, an index or a byte of the file is a finding or changes no answer")
    func anything() async throws {
        try await Self.withStore { data in
            try await withSeedAsync { generator in
                let path = data + "/store.sqlite"
                let copy = data + "/copy"
                try StoreOpeningTests.copy(path, copy)
                let before = try await Self.look(data)
                #expect(before.findings.map(\.code) == [.witness] && !before.answers.isEmpty)
                var damage: [(description: String, apply: () throws -> Void)] = []
                let statements = try Self.statements(of: copy, using: &generator)
                #expect(statements.count > 150)
                for change in statements {
                    damage.append((change.joined(separator: "; "), { try StoreAuditTests.change(data, change) }))
                }
                let file = try Data(contentsOf: URL(filePath: copy))
                for _ in 0..<TestSchedule.rounds(150, soak: 3_000) {
                    let place = Int.random(in: 0..<file.count, using: &generator)
                    let bit = UInt8(1) << UInt8.random(in: 0..<8, using: &generator)
                    damage.append(
                        (
                            "byte \(place) ^ \(bit)",
                            {
                                var changed = file
                                changed[place] ^= bit
                                try changed.write(to: URL(filePath: path))
                            }
                        )
                    )
                }
                var found = 0
                for (description, apply) in damage {
                    for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
                    try StoreOpeningTests.copy(copy, path)
                    do {
                        try apply()
                    } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
                        continue
                    }
                    let after = try await Self.look(data)
                    if after.findings.count > before.findings.count
                        || !Set(after.findings).isSubset(of: before.findings)
                    {
                        found += 1
                    } else {
                        let first = zip(after.answers, before.answers).first { $0 != $1 }
                        let isSame = after.answers == before.answers
                        #expect(isSame, "\(description), seed \(generator.seed): \(String(describing: first))")
                    }
                }
                #expect(found > 100, "seed \(generator.seed)")
            }
        }
    }
}
