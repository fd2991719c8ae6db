import Bytes
import Foundation
import RhizomeCore
import RhizomeDatabase
import RhizomeQueries
import RhizomeStore
import RhizomeViews
import StrictJSON

/// What queries take: a join of many entities with fewer, the same again, and one entity by its id.
struct QueryRates {
    private static let many = 100_000
    private static let few = 10_000

    /// Where the store lies; built once.
    let folder: String

    func run() async throws {
        let log = try await SQLiteDeltaLog.prepared(folder, build)
        defer { try? log.close() }
        print("queries         over \(Self.many) records that refer to \(Self.few) users:")
        let records = #"{"entities":{"of":"record","columns":["user","value"]}}"#
        let users = #"{"rename":[{"entities":{"of":"user","columns":["name"]}},{"id":"user"}]}"#
        let join = #"{"join":[\#(records),\#(users)]}"#
        let before = try StartMeasurement.residentKiB()
        let first = try await time(join, of: log, rows: Self.many)
        Goal.time(first, atMost: .seconds(8)).tell("join, first")
        Goal.time(try await time(join, of: log, rows: Self.many), atMost: .seconds(2)).tell("join, again")
        Goal.memory((try StartMeasurement.residentKiB() - before) >> 10, below: 512).tell("  memory grown by")
        let sums = #"{"group":[\#(join),{"by":["name"],"with":{"sum":{"sum":"value"}}}]}"#
        Goal.time(try await time(sums, of: log, rows: Self.few), atMost: .seconds(8)).tell("sums by name")
        let one = #"{"select":[\#(join),{"==":[{"var":"id"},"record-77"]}]}"#
        let other = #"{"select":[\#(records),{"==":[{"var":"id"},"record-77"]}]}"#
        _ = try await time(one, of: log, rows: 1)
        Goal.time(try await time(other, of: log, rows: 1), atMost: .milliseconds(5)).tell("one by its id")
    }

    /// As programs ask that serve others: from tasks of the pool (`@concurrent`), not from the main actor.
    @concurrent private func time(_ expression: String, of log: SQLiteDeltaLog, rows: Int) async throws -> Duration {
        let json = try JSONValue(parsing: Array("{\"query\":\(expression),\"seconds\":60}".utf8))
        let run = try QueryRun(Query(json: json.object ?? [:]), of: log, now: { SystemTime.uptime })
        let clock = ContinuousClock()
        let start = clock.now
        let answer = try await run.answer(from: Perspective(without: .nothing))
        let time = clock.now - start
        guard answer.result.count == rows else { throw BenchmarkError("\(answer.result.count) rows, not \(rows)") }
        return time
    }

    private func build(_ log: SQLiteDeltaLog) async throws {
        var writer = try DeltaWriter(log, authors: 2)
        func write(_ collection: Text, _ id: String, _ property: Text, _ value: Value, _ author: Int) async throws {
            _ = try await writer.write(
                [Pointer(collection, entity: Text(id), targetContext: property), Pointer(property, value)],
                by: author
            )
        }
        for number in 0..<Self.few {
            try await write("user", "user-\(number)", "name", .text(Text("name \(number)")), number % 2)
        }
        for number in 0..<Self.many {
            let user = Text("user-\(number % Self.few)")
            try await write("record", "record-\(number)", "user", .text(user), number % 2)
            try await write("record", "record-\(number)", "value", .integer(Int64(number)), number % 2)
        }
        try await writer.finish()
    }
}
