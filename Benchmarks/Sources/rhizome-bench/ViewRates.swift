import Bytes
import Foundation
import RhizomeCore
import RhizomeStore
import RhizomeViews

/// How long an entity's view takes: read from a small store and from a large one, and from the cache.
struct ViewRates {
    /// The large store.
    let options: BenchmarkOptions
    /// Deltas of the smaller stores.
    private static let smaller = [10_000, 100_000]
    private static let ratioTarget = 1.5
    private static let coldTarget = Duration.microseconds(150)
    private static let warmTarget = Duration.microseconds(20)
    private static let sample = 200

    func run() async throws {
        let smaller = Self.smaller.filter { $0 < options.count }.map { (folder: sibling("\($0)"), count: $0) }
        for (folder, count) in smaller { try await StoreBuild(folder: folder, count: count).run() }
        print("views           of an entity with about 20 deltas, median:")
        var few: Times?
        for (folder, count) in smaller + [(options.folder, options.count)] {
            let times = try await read(folder, count: count)
            let name = "\(count) deltas"
            Goal.time(times.cold, atMost: Self.coldTarget).tell(name + ", cold")
            if let few {
                Goal.ratio(times.cold, to: few.cold, atMost: Self.ratioTarget).tell("  to the smallest store")
            }
            Goal.time(times.warm, atMost: Self.warmTarget).tell(name + ", warm")
            few = few ?? times
        }
        try await fill()
        try await ChangedEntities(folder: sibling("\(options.count)-changed"), many: options.count).run()
        try await PiledEntities(folder: sibling("\(options.count)-piled"), many: options.count).run()
        try await WideAnswers(folder: sibling("wide")).run()
    }

    /// A store beside the large one.
    private func sibling(_ name: String) -> String {
        URL(filePath: options.folder).deletingLastPathComponent().appending(path: name).path
    }

    private struct Times {
        let cold: Duration
        let warm: Duration
        let entities: Int
    }

    /// As programs read that serve others: from tasks of the pool (`@concurrent`), not from the main actor.
    @concurrent private func read(_ folder: String, count: Int) async throws -> Times {
        let log = try SQLiteDeltaLog.openForReading(folder: folder, version: "bench", now: SystemTime.now)
        defer { try? log.close() }
        // Where entities have about 20 deltas each: see DeltaFactory.
        let likely = count / 5 / 64
        var ids: [Text] = []
        var number = likely * 3 / 4
        while ids.count < Self.sample, number < likely * 3 / 2 + 10 {
            let id = Text("user-\(number)")
            if (18...22).contains(try await log.deltaCount(about: id)) { ids.append(id) }
            number += 1
        }
        guard !ids.isEmpty else { throw BenchmarkError("no entity has about 20 deltas") }
        let clock = ContinuousClock()
        var cold: [Duration] = []
        for id in ids.shuffled() + ids.shuffled() {
            let start = clock.now
            guard try await EntityReader(log: log).entity(id) != nil else { throw BenchmarkError("no entity") }
            cold.append(clock.now - start)
        }
        let cache = ViewCache()
        let reader = EntityReader(log: log, without: .nothing, cache: cache)
        for id in ids { _ = try await reader.entity(id) }
        var warm: [Duration] = []
        for id in (0..<50).flatMap({ _ in ids }) {
            let start = clock.now
            _ = try await reader.entity(id)
            warm.append(clock.now - start)
        }
        guard cache.statistics.misses == ids.count else { throw BenchmarkError("the cache was not warm") }
        return Times(cold: cold.median, warm: warm.median, entities: ids.count)
    }

    /// Reads more than the cache holds, and tells what it holds then and what the process took for it.
    private func fill() async throws {
        let log = try SQLiteDeltaLog.openForReading(folder: options.folder, version: "bench", now: SystemTime.now)
        defer { try? log.close() }
        let cache = ViewCache()
        let reader = EntityReader(log: log, without: .nothing, cache: cache)
        let before = try StartMeasurement.residentKiB()
        for number in 0..<min(options.count / 5, 60_000) { _ = try await reader.entity(Text("user-\(number)")) }
        let statistics = cache.statistics
        let grown = try StartMeasurement.residentKiB() - before
        print(
            "  cache         \(statistics.entities) entities, \(statistics.bytes >> 20) MiB by its own count; ",
            terminator: ""
        )
        print("the process grew by \(grown >> 10) MiB; \(statistics.evictions) made room")
    }
}

extension SQLiteDeltaLog {
    /// How many deltas are about an entity.
    fileprivate func deltaCount(about id: Text) async throws -> Int {
        try await read { snapshot in
            guard let entity = try snapshot.entity(id) else { return 0 }
            var positions: Set<Int64> = []
            try snapshot.forEachStream(of: entity, on: nil, by: { _ in true }) { end in
                positions.formUnion(try snapshot.words(of: end.stream, after: nil, limit: .max).map(\.position))
                return true
            }
            return positions.count
        }
    }
}

extension Exclusion {
    /// Trust keeps nothing out.
    static let nothing = Exclusion(number: 0) { _ in false }
}

extension [Duration] {
    var median: Duration { sorted()[count / 2] }
}
