import Bytes
import Foundation
import RhizomeCore
import RhizomeIdentity
import RhizomeStore
import RhizomeViews
import StrictJSON

/// What reading and writing an entity costs that was changed a few times, and one that was changed very often.
struct ChangedEntities {
    private static let few = 10
    private static let target = 3.0
    private static let batch = 5_000

    /// Where the store lies; built once.
    let folder: String
    /// How often one of the entities is changed.
    let many: Int

    func run() async throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder)
        let log = try SQLiteDeltaLog.open(folder: folder, version: "bench", now: 0)
        defer { try? log.close() }
        if try await log.count() == 0 { try await build(log) }
        let middle = try await log.deltas(after: Int64(many), limit: 1).first?.delta.header.timeCreated ?? 0
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
    }

    private func tell(_ name: String, _ log: SQLiteDeltaLog, _ read: (Text) async throws -> Bool) async throws {
        var medians: [Duration] = []
        let clock = ContinuousClock()
        for id in ["few", "many"] as [Text] {
            var times: [Duration] = []
            for _ in 0..<200 {
                let start = clock.now
                guard try await read(id) else { throw BenchmarkError("nothing was read of \(id)") }
                times.append(clock.now - start)
            }
            medians.append(times.median)
        }
        let ratio = (medians[1] / medians[0] * 100).rounded() / 100
        print("  \(name.padded)  \(medians[0].text), \(medians[1].text); ", terminator: "")
        print("ratio \(ratio); target \(Self.target): \(ratio <= Self.target ? "met" : "MISSED")")
    }

    /// Two authors change both entities in turn.
    private func build(_ log: SQLiteDeltaLog) async throws {
        let authors = try [Identity.generate(), Identity.generate()]
        var heads: [Head?] = [nil, nil]
        var batch: [AdmittedDelta] = []
        var time: Int64 = 1_735_689_600_000_000
        for number in 0..<many + Self.few {
            let entity: Text = number % (many / Self.few + 1) == 0 ? "few" : "many"
            time += 1_000
            let part = number % 2
            let delta = try SignedDelta(
                pointers: [
                    Pointer("user", entity: entity, targetContext: "p"), Pointer("p", .integer(Int64(number))),
                    Pointer(entity, entity: entity, targetContext: "q"),
                ],
                after: heads[part].map { [$0] } ?? [],
                timeCreated: time,
                signer: authors[part]
            )
            let held = heads[part].map { [$0.id: DeltaLink(author: delta.author, head: $0)] } ?? [:]
            let arrival = Arrival(timeReceived: time, receivedFrom: nil, trustStatement: nil)
            let verified = try VerifiedDelta.verify(delta).get()
            guard case .admitted(let admitted) = Admission.fit(verified, held: held, arrival: arrival, now: time) else {
                throw BenchmarkError("a delta that fits was not admitted")
            }
            heads[part] = DeltaLink(delta).head
            batch.append(admitted)
            if batch.count == Self.batch {
                _ = try await log.append(batch, cursors: [:])
                batch = []
            }
        }
        _ = try await log.append(batch, cursors: [:])
    }
}
