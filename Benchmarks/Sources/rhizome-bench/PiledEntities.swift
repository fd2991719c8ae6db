import Bytes
import Foundation
import RhizomeCore
import RhizomeStore
import RhizomeViews

/// What an entity costs about whose deltas a stranger piles up much, and what long chains and long sums cost.
struct PiledEntities {
    /// Where the store lies; built once.
    let folder: String
    /// How often the summed property was asserted; the piles are a tenth of that.
    let many: Int

    private var pile: Int { many / 10 }

    func run() async throws {
        let log = try await SQLiteDeltaLog.prepared(folder, build)
        defer { try? log.close() }
        print("an entity       of 10 changes alone, and one about which a stranger said much, cold, median:")
        let alone = try await median { try await EntityReader(log: log).entity("alone") != nil }
        for kind in ["negations", "deltas", "members"] {
            let time = try await median { try await EntityReader(log: log).entity(Text(kind)) != nil }
            Goal.ratio(time, to: alone, atMost: 2).tell("\(pile) foreign \(kind)")
        }
        let half = try await median { try await EntityReader(log: log).entity("half") != nil }
        let chain = try await median { try await EntityReader(log: log).entity("chain") != nil }
        Goal.ratio(chain, to: half, atMost: 2.5).tell("a chain of \(pile / 2), \(pile) negations")
        Goal.time(chain, atMost: .seconds(2)).tell("the longer chain")
        try await sum(log)
    }

    /// From a task of the pool, as programs read that serve others.
    @concurrent private func sum(_ log: SQLiteDeltaLog) async throws {
        let cache = ViewCache()
        var eyes = Perspective(without: .nothing)
        eyes.resolvers = ResolverTable(["*": ["n": .sum]])
        let reader = EntityReader(log: log, perspective: eyes, cache: cache)
        let clock = ContinuousClock()
        let before = try StartMeasurement.residentKiB()
        var start = clock.now
        guard try await reader.entity("sum") != nil else { throw BenchmarkError("there is no sum") }
        Goal.time(clock.now - start, atMost: .seconds(3)).tell("sum of \(many), first")
        Goal.memory((try StartMeasurement.residentKiB() - before) >> 10, below: 64).tell("  memory grown by")
        var times: [Duration] = []
        var writer = try DeltaWriter(log, authors: 1)
        for _ in 0..<50 {
            let position = try await log.count()
            try await writer.write(Self.sum(1))
            try await writer.finish()
            cache.note(try await log.deltas(after: position, limit: 10))
            start = clock.now
            _ = try await reader.entity("sum")
            times.append(clock.now - start)
        }
        Goal.time(times.median, atMost: .milliseconds(1)).tell("sum after one more, median")
    }

    private static func sum(_ number: Int) -> [Pointer] {
        [Pointer("user", entity: "sum", targetContext: "n"), Pointer("n", .integer(Int64(number)))]
    }

    private func build(_ log: SQLiteDeltaLog) async throws {
        var writer = try DeltaWriter(log, authors: 2)
        let transaction: Text = "T"
        let membership = Pointer("_transaction", entity: transaction, targetContext: "deltas")
        for entity in ["alone", "negations", "deltas", "members"] as [Text] {
            var said: [DeltaID] = []
            if entity == "members" { try await writer.write(.transaction(transaction, size: 10)) }
            for number in 0..<10 {
                let pointers = [
                    Pointer("user", entity: entity, targetContext: "p"), Pointer("p", .integer(Int64(number))),
                ]
                said.append(try await writer.write(entity == "members" ? [membership] + pointers : pointers))
            }
            for number in 0..<pile {
                switch entity {
                case "negations": try await writer.write(.negation(of: said[9 - number % 2]), by: 1)
                case "deltas": try await writer.write([Pointer("like", entity: entity, targetContext: "likes")], by: 1)
                case "members": try await writer.write([membership, Pointer("n", .integer(1))], by: 1)
                default: break
                }
            }
        }
        for (entity, length) in [("half", pile / 2), ("chain", pile)] {
            // The first of two statements stays, so that there is something to see.
            for number in 0..<2 {
                var last = try await writer.write([
                    Pointer("user", entity: Text(entity), targetContext: "p"), Pointer("p", .integer(Int64(number))),
                ])
                if number == 1 { for _ in 0..<length { last = try await writer.write(.negation(of: last)) } }
            }
        }
        for number in 0..<many { try await writer.write(Self.sum(number), by: number % 2) }
        try await writer.finish()
    }
}
