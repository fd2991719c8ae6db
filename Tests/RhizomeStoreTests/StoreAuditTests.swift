import Bytes
import Foundation
import GRDB
import Locks
import RhizomeCore
import RhizomeStore
import RhizomeTesting
import Testing

/// Statements that tamper with a store, and what an audit then tells.
struct Tampering: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let statements: [String]
    let codes: Set<AuditFinding.Code>

    init(_ description: String, _ statements: [String], _ codes: Set<AuditFinding.Code>) {
        testDescription = description
        self.statements = statements
        self.codes = codes
    }

    static let all: [Tampering] = [
        Tampering(
            "a body is edited",
            ["UPDATE bodies SET body = CAST(substr(body, 1, length(body) - 1) || x'00' AS BLOB) WHERE position = 25"],
            [.bodyMismatch]
        ),
        Tampering(
            "a body is removed",
            ["DELETE FROM bodies WHERE position = 25"],
            [.bodyMismatch, .index]
        ),
        Tampering(
            "a signature is edited",
            [
                "UPDATE deltas SET header = CAST(substr(header, 1, length(header) - 1) || x'00' AS BLOB) WHERE position = 25"
            ],
            [.signature]
        ),
        Tampering(
            "a header is replaced",
            ["UPDATE deltas SET header = x'd284' WHERE position = 25"],
            [.undecodable, .index]
        ),
        Tampering(
            "two rows are swapped",
            ["deltas", "bodies"].flatMap { table in
                [(25, -1), (26, 25), (-1, 26)].map { from, to in
                    "UPDATE \(table) SET position = \(to) WHERE position = \(from)"
                }
            },
            [.runningHash, .missingPrevious, .index]
        ),
        Tampering(
            "a middle row is removed",
            ["DELETE FROM deltas WHERE position = 25", "DELETE FROM bodies WHERE position = 25"],
            [.positionGap, .missingPrevious, .index]
        ),
        Tampering(
            "the last row is removed",
            ["DELETE FROM deltas WHERE position = 40", "DELETE FROM bodies WHERE position = 40"],
            [.positionGap, .index, .witness]
        ),
        Tampering(
            "the last row is removed with all that tells of it",
            [
                "DELETE FROM deltas WHERE position = 40", "DELETE FROM bodies WHERE position = 40",
                "DELETE FROM ids WHERE position = 40", "DELETE FROM logs WHERE position = 40",
                "DELETE FROM words WHERE position = 40",
                "UPDATE authors SET count = count - 1, lastPosition = 39 WHERE lastPosition = 40",
                "UPDATE branches SET lastSequence = lastSequence - 1, lastPosition = 39 WHERE lastPosition = 40",
                "UPDATE store SET count = 39, runningHash = (SELECT runningHash FROM deltas WHERE position = 39)",
            ],
            [.witness]
        ),
        Tampering(
            "the time of arrival is changed",
            ["UPDATE deltas SET timeReceived = timeReceived - 1 WHERE position = 25"],
            [.runningHash]
        ),
        Tampering(
            "the peer through whom it came is changed",
            ["UPDATE deltas SET origin = (SELECT origin FROM deltas WHERE position = 1) WHERE position = 25"],
            [.runningHash]
        ),
        Tampering(
            "an author's key is changed",
            ["UPDATE authors SET key = zeroblob(32) WHERE author = 2"],
            [.index]
        ),
        Tampering(
            "a delta is filed under another author",
            ["UPDATE deltas SET author = 1 WHERE position = 40"],
            [.index]
        ),
        Tampering(
            "a delta's id is changed",
            ["UPDATE deltas SET id = zeroblob(32) WHERE position = 25"],
            [.idMismatch, .runningHash, .index]
        ),
        Tampering(
            "a row is added",
            [
                """
                INSERT INTO deltas SELECT 41, id, author, branch, sequence, timeCreated, timeReceived, origin, runningHash,
                header FROM deltas WHERE position = 40
                """,
                "INSERT INTO bodies SELECT 41, body FROM bodies WHERE position = 40",
            ],
            [.index]
        ),
        Tampering(
            "a row is added and counted",
            [
                """
                INSERT INTO deltas SELECT 41, id, author, branch, sequence, timeCreated, timeReceived, origin, runningHash,
                header FROM deltas WHERE position = 40
                """,
                "INSERT INTO bodies SELECT 41, body FROM bodies WHERE position = 40",
                "UPDATE store SET count = 41",
            ],
            [.duplicate, .runningHash, .index]
        ),
    ]
}

@Suite struct StoreAuditTests {
    /// A closed store of 40 deltas by three authors, one of whom forks and merges.
    static func withStore(_ body: (_ data: String) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            var generator = SeededGenerator(seed: 5)
            var maker = DeltaMaker()
            var batch = try maker.tangle("alice", 20, using: &generator)
            for author in ["bob", "carol"] {
                let peer = try maker.author("peer of \(author)")
                for number in 0..<10 {
                    let previous = batch.last { $0.delta.author == (try? maker.author(author)) }
                    let pointers = [
                        Pointer("user", entity: Text("user-\(number % 3)"), targetContext: "name"),
                        Pointer("name", .text(Text("\(author) \(number)"))),
                    ]
                    let arrival = Arrival(
                        timeReceived: 1_800_000_000_000_000 + Int64(number),
                        receivedFrom: peer,
                        trustStatement: Bytes32(repeating: 8)
                    )
                    batch.append(
                        try maker.delta(author, pointers, after: previous.map { [$0] } ?? [], arrival: arrival)
                    )
                }
            }
            let data = folder.path("data")
            let log = try SQLiteDeltaLog.open(folder: data, version: "1", now: 0)
            for start in stride(from: 0, to: 40, by: 8) {
                _ = try await log.append(Array(batch[start..<start + 8]), cursors: [:])
            }
            try log.close()
            try await body(data)
        }
    }

    static func change(_ data: String, _ statements: [String]) throws {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        let queue = try DatabaseQueue(path: data + "/store.sqlite", configuration: configuration)
        try queue.write { db in for statement in statements { try db.execute(sql: statement) } }
        try queue.close()
    }

    static func audit(_ data: String, since: Int64 = 0) async throws -> AuditReport {
        let log = try SQLiteDeltaLog.openForReading(folder: data, version: "1", now: 0)
        let report = try await log.audit(since: since)
        try log.close()
        return report
    }

    @Test("an untouched store has no findings")
    func untouched() async throws {
        try await Self.withStore { data in
            let report = try await Self.audit(data)
            #expect(report.findings == [])
            #expect(report.count == 40)
            #expect(report.authors.count == 3)
            #expect(report.authors.contains { !$0.forks.isEmpty })
        }
    }

    @Test("tampering is found and named", arguments: Tampering.all)
    func tampering(_ tampering: Tampering) async throws {
        try await Self.withStore { data in
            try Self.change(data, tampering.statements)
            let report = try await Self.audit(data)
            #expect(Set(report.findings.map(\.code)) == tampering.codes, "\(report.findings)")
        }
    }

    @Test("history that was rewritten with all its running hashes is found by the witness")
    func rewritten() async throws {
        try await Self.withStore { data in
            let log = try SQLiteDeltaLog.openForReading(folder: data, version: "1", now: 0)
            let entries = try await log.entries(after: 0, maximumBytes: .max)
            try log.close()
            var statements = ["UPDATE deltas SET timeReceived = 5 WHERE position = 1"]
            var hash = RunningHash.start
            for entry in entries {
                var arrival = entry.arrival
                if entry.position == 1 {
                    arrival = Arrival(
                        timeReceived: 5,
                        receivedFrom: arrival.receivedFrom,
                        trustStatement: arrival.trustStatement
                    )
                }
                hash = RunningHash.next(after: hash, position: entry.position, id: entry.id, arrival: arrival)
                let hex = Hex.encode(hash.array)
                statements.append("UPDATE deltas SET runningHash = x'\(hex)' WHERE position = \(entry.position)")
            }
            statements.append("UPDATE store SET runningHash = x'\(Hex.encode(hash.array))'")
            try Self.change(data, statements)
            let report = try await Self.audit(data)
            #expect(report.findings.map(\.code) == [.witness])
            #expect(report.findings.first?.message.contains("otherHistory") == true)
        }
    }

    /// Changes in what finds deltas, and the position at which the audit tells of them.
    static let lostRows: [(statement: String, position: Int64)] = [
        ("DELETE FROM ids WHERE position = 25", 25),
        ("UPDATE ids SET prefix = prefix + 1 WHERE position = 25", 25),
        ("UPDATE logs SET branch = branch + 7 WHERE position = 25", 25),
        ("DELETE FROM words WHERE position = 25", 25),
        ("UPDATE words SET moment = moment + 1 WHERE position = 25", 25),
        ("UPDATE words SET role = role + 1 WHERE position = 25", 25),
        ("UPDATE words SET author = author + 1 WHERE position = 25", 25),
        ("DELETE FROM collections WHERE firstPosition = 22", 22),
        ("UPDATE collections SET firstPosition = 30 WHERE firstPosition = 22", 22),
        ("UPDATE collections SET entity = x'00' WHERE firstPosition = 22", 22),
        ("UPDATE contexts SET name = CAST('nickname' AS BLOB) WHERE name = CAST('name' AS BLOB)", 21),
        ("UPDATE entities SET id = CAST('user-9' AS BLOB) WHERE id = CAST('user-1' AS BLOB)", 22),
        ("DELETE FROM bodies WHERE position = 25", 25),
        ("UPDATE deltas SET sequence = sequence + 1 WHERE position = 25", 25),
        ("UPDATE deltas SET timeCreated = timeCreated + 1 WHERE position = 25", 25),
        ("UPDATE deltas SET origin = 99 WHERE position = 25", 25),
    ]

    @Test("what finds deltas and doesn't fit them any more is told with its place", arguments: lostRows)
    func lostRow(_ change: (statement: String, position: Int64)) async throws {
        try await Self.withStore { data in
            try Self.change(data, [change.statement])
            let findings = try await Self.audit(data).findings
            #expect(findings.contains { $0.code == .index && $0.position == change.position }, "\(findings)")
        }
    }

    @Test("since a position, what came later is verified, and what came before is believed")
    func since() async throws {
        try await Self.withStore { data in
            let whole = try await Self.audit(data)
            let later = try await Self.audit(data, since: 30)
            #expect(later.findings == [] && later.count == 40)
            // What the logs are is told as ever.
            #expect(later.authors == whole.authors)
            for position in [25, 35] {
                let header = "CAST(substr(header, 1, length(header) - 1) || x'00' AS BLOB)"
                try Self.change(data, ["UPDATE deltas SET header = \(header) WHERE position = \(position)"])
            }
            let since = try await Self.audit(data, since: 30).findings
            #expect(since.map(\.position) == [35] && since.map(\.code) == [.signature])
            #expect(try await Self.audit(data).findings.map(\.position) == [25, 35])
        }
    }

    @Test("what no statement of the list let in is counted by author, and is no finding")
    func unlisted() async throws {
        try await Self.withStore { data in
            var maker = DeltaMaker()
            let (bob, statement) = (try maker.author("bob"), Bytes32(repeating: 8))
            let log = try SQLiteDeltaLog.openForReading(folder: data, version: "1", now: 0)
            let report = try await log.audit(isListed: { $0 != bob && $1.trustStatement == statement })
            try log.close()
            #expect(report.findings == [])
            let counts = Dictionary(uniqueKeysWithValues: report.authors.map { ($0.author, $0.unlistedCount) })
            #expect(counts == [bob: 10, try maker.author("carol"): 0, try maker.author("alice"): 20])
        }
    }

    @Test("the position before a moment is that before the first entry that came by then")
    func positionBefore() async throws {
        try await Self.withStore { data in
            let log = try SQLiteDeltaLog.openForReading(folder: data, version: "1", now: 0)
            let entries = try await log.entries(after: 0, maximumBytes: .max)
            for moment in Set(entries.map(\.arrival.timeReceived)).sorted() {
                let first = try #require(entries.first { $0.arrival.timeReceived >= moment })
                #expect(try await log.position(before: moment) == first.position - 1)
            }
            #expect(try await log.position(before: .max) == 40)
            try log.close()
        }
    }

    @Test("a store of several pages is audited whole, and its progress is told")
    func pages() async throws {
        try await withTemporaryFolder { folder in
            var maker = DeltaMaker()
            var last: AdmittedDelta?
            let data = folder.path("data")
            let log = try SQLiteDeltaLog.open(folder: data, version: "1", now: 0)
            // Each of a quarter of a MiB: more than is held at a time.
            for number in 0..<80 {
                let text = Text(String(repeating: "x", count: 250_000))
                let pointers = [
                    Pointer("note", entity: Text("n\(number)"), targetContext: "text"), Pointer("text", .text(text)),
                ]
                let delta = try maker.delta("alice", pointers, after: last.map { [$0] } ?? [])
                _ = try await log.append([delta], cursors: [:])
                last = delta
            }
            try log.close()
            let told = Lock<[AuditProgress]>([])
            let reader = try SQLiteDeltaLog.openForReading(folder: data, version: "1", now: 0)
            let whole = try await reader.audit(progress: { progress in told.withLock { $0.append(progress) } })
            #expect(whole.findings == [])
            try reader.close()
            let steps = told.withLock { $0 }
            #expect(steps.count > 2 && steps.allSatisfy { $0.total == 80 })
            #expect(steps.map(\.done) == steps.map(\.done).sorted() && steps.last?.done == 80)
            try Self.change(data, ["DELETE FROM bodies WHERE position = 70", "DELETE FROM words WHERE position = 50"])
            let findings = try await Self.audit(data).findings
            #expect(Set(findings.compactMap(\.position)) == [50, 70], "\(findings)")
        }
    }
}
