import Bytes
import Foundation
import RhizomeCore
import RhizomeStore
import RhizomeViews
import StrictJSON

/// What reading and writing an entity costs that was changed a few times, and one that was changed very often.
struct ChangedEntities {
    private static let few = 10
    private static let target = 3.0

    /// Where the store lies; built once.
    let folder: String
    /// How often one of the entities is changed.
    let many: Int

    func run() async throws {
        let log = try await SQLiteDeltaLog.prepared(folder, build)
        defer { try? log.close() }
        let middle = try await log.deltas(after: Int64(many), limit: 1).first?.delta.header.timeCreated
        let author = try await log.authors().first?.author
        print("an entity       that was changed \(Self.few) times, and one changed \(many) times, cold, median:")
        try await tell("read", log) { try await EntityReader(log: log).entity($0) != nil }
        try await tell("as of a moment", log) { id in
            try await EntityReader(log: log, perspective: Perspective(asOf: middle)).entity(id) != nil
        }
        try await tell("without one author", log) { id in
            let eyes = Perspective(without: author.map { [$0] } ?? [])
            return try await EntityReader(log: log, perspective: eyes).entity(id) != nil
        }
        try await tell("read for a PUT", log) { id in
            let put = try EntityPut(collection: "user", id: id, properties: ["p": 1])
            return try await !EntityReader(log: log).current(for: put).last.isEmpty
        }
        try await tell("listed", log) { id in
            try await EntityReader(log: log).collection(id, count: 10).ids == [id]
        }
        try await tell("history of 20", log) { id in
            guard let page = try await EntityReader(log: log).history(of: id, limit: 20) else { return false }
            return try await page.reduce(0) { count, _ in count + 1 } >= Self.few
        }
    }

    private func tell(_ name: String, _ log: SQLiteDeltaLog, _ read: (Text) async throws -> Bool) async throws {
        let few = try await median { try await read("few") }
        let many = try await median { try await read("many") }
        Goal.ratio(many, to: few, atMost: Self.target).tell(name)
    }

    /// Two authors change both entities in turn.
    private func build(_ log: SQLiteDeltaLog) async throws {
        var writer = try DeltaWriter(log, authors: 2)
        for number in 0..<many + Self.few {
            let entity: Text = number % (many / Self.few + 1) == 0 ? "few" : "many"
            try await writer.write(
                [
                    Pointer("user", entity: entity, targetContext: "p"), Pointer("p", .integer(Int64(number))),
                    Pointer(entity, entity: entity, targetContext: "q"),
                ],
                by: number % 2
            )
        }
        try await writer.finish()
    }
}
