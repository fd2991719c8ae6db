import Bytes
import Foundation
import GRDB
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

    static func audit(_ data: String) async throws -> AuditReport {
        let log = try SQLiteDeltaLog.openForReading(folder: data, version: "1", now: 0)
        let report = try await log.audit(width: 2)
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
}
