import Bytes
import Locks
import RhizomeCore
import RhizomeTesting
import SignedStatements
import StrictJSON
import Testing

@testable import RhizomeViews

/// All answers that are being made share one budget of memory (spec: views.md, "What an answer costs").
@Suite struct AnswerMemoryTests {
    /// An entity that takes more than 2 MiB to show.
    private static func wideEntity() async throws -> InMemoryDeltaLog {
        let log = InMemoryDeltaLog()
        var maker = DeltaMaker()
        for number in 0..<10 {
            let property = Text("p\(number)")
            let pointers = [
                Pointer("user", entity: "e", targetContext: property),
                Pointer(property, .text(Text(String(repeating: "x", count: 100_000)))),
            ]
            _ = try await log.append([try maker.delta("ann", pointers)], cursors: [:])
        }
        let small = [Pointer("user", entity: "small", targetContext: "p"), Pointer("p", .integer(1))]
        _ = try await log.append([try maker.delta("ann", small)], cursors: [:])
        return log
    }

    private static func read<Value: Sendable>(
        _ answer: AnswerMemory,
        _ body: () async throws -> Value
    ) async rethrows -> Value {
        try await AnswerMemory.$current.withValue(answer, operation: body)
    }

    @Test("an answer holds what it shows until it is dropped, and gives all back; a small one takes nothing")
    func holding() async throws {
        let reader = EntityReader(log: try await Self.wideEntity())
        let budget = Budget(limit: 16 << 20)
        do {
            let small = AnswerMemory(of: budget)
            #expect(try await Self.read(small) { try await reader.entity("small") } != nil)
            #expect(budget.taken == 0)
            let answer = AnswerMemory(of: budget)
            #expect(try await Self.read(answer) { try await reader.entity("e") }?.properties.members.count == 10)
            #expect(budget.taken == 3 << 20)
            // The next reading of the same answer has that in hand.
            #expect(try await Self.read(answer) { try await reader.changes(of: "e") }?.count == 10)
            #expect(budget.taken == 3 << 20)
            withExtendedLifetime((small, answer)) {}
        }
        #expect(budget.taken == 0)
    }

    @Test("where others have the memory an answer waits and is begun again, with as much as it needs")
    func waiting() async throws {
        let memory = try await Self.wideEntity()
        let log = WatchedLog(memory)
        let budget = Budget(limit: 4 << 20, patience: .seconds(3_600))
        #expect(budget.take(3 << 20))
        let reading = Task {
            try await Self.read(AnswerMemory(of: budget)) { try await EntityReader(log: log).entity("e") }
        }
        while budget.waitingCount == 0 { try await Task.sleep(for: .milliseconds(1)) }
        // It waits without holding anything, and what is small is read meanwhile.
        #expect(budget.taken == 3 << 20)
        let small = AnswerMemory(of: budget)
        #expect(try await Self.read(small) { try await EntityReader(log: log).entity("small") } != nil)
        budget.give(3 << 20)
        #expect(try await reading.value?.properties.members.count == 10)
        #expect(budget.taken == 0)
        // The one that was broken off is none that ended.
        #expect(log.rowsRead.count == 2)
    }

    @Test("who waits too long is told that the node is busy; who is cancelled waits no longer and leaves nothing taken")
    func busy() async throws {
        let log = try await Self.wideEntity()
        let brief = Budget(limit: 1 << 20, patience: .milliseconds(1))
        #expect(brief.take(1 << 20))
        await #expect(throws: DeltaLogError(.busy, "")) {
            try await Self.read(AnswerMemory(of: brief)) { try await EntityReader(log: log).history(of: "e") }
        }
        #expect(brief.taken == 1 << 20)
        let budget = Budget(limit: 1 << 20, patience: .seconds(3_600))
        #expect(budget.take(1 << 20))
        let reading = Task {
            try await Self.read(AnswerMemory(of: budget)) { try await EntityReader(log: log).entity("e") }
        }
        while budget.waitingCount == 0 { try await Task.sleep(for: .milliseconds(1)) }
        reading.cancel()
        await #expect(throws: CancellationError.self) { try await reading.value }
        #expect(budget.taken == 1 << 20)
    }

    @Test("an answer that needs more than there is in all is given alone")
    func alone() async throws {
        let log = try await Self.wideEntity()
        let budget = Budget(limit: 1 << 20, patience: .seconds(3_600))
        for _ in 0..<2 {
            let answer = AnswerMemory(of: budget)
            #expect(try await Self.read(answer) { try await EntityReader(log: log).entity("e") } != nil)
            #expect(budget.taken > 2 << 20)
        }
        let counts = try await withThrowingTaskGroup(of: Int?.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    try await Self.read(AnswerMemory(of: budget)) {
                        try await EntityReader(log: log).entity("e")?.properties.members.count
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(counts == [10, 10, 10, 10])
        #expect(budget.taken == 0)
    }

    @Test("a view that the cache has waits for the memory that writing it takes")
    func cached() async throws {
        let log = try await Self.wideEntity()
        let cache = ViewCache()
        let reader = EntityReader(log: log, without: .init(number: 0) { _ in false }, cache: cache)
        #expect(try await reader.entity("e") != nil)
        let budget = Budget(limit: 2 << 20, patience: .milliseconds(1))
        #expect(budget.take(2 << 20))
        await #expect(throws: DeltaLogError(.busy, "")) {
            try await Self.read(AnswerMemory(of: budget)) { try await reader.entity("e") }
        }
        budget.give(2 << 20)
        let answer = AnswerMemory(of: budget)
        #expect(try await Self.read(answer) { try await reader.entity("e") } != nil)
        #expect(budget.taken == 2 << 20)
        #expect(cache.statistics.hits == 2)
        withExtendedLifetime(answer) {}
    }

    @Test("what a reading has let go counts no more: folding over many values takes what one of them does")
    func letGo() async throws {
        let log = try await Self.wideEntity()
        let budget = Budget(limit: 16 << 20)
        let answer = AnswerMemory(of: budget)
        let counts = Dictionary(uniqueKeysWithValues: (0..<10).map { (Text("p\($0)"), StandardResolver.count) })
        let reader = EntityReader(log: log, perspective: Perspective(resolvers: ResolverTable(["*": counts])))
        #expect(try await Self.read(answer) { try await reader.entity("e") } != nil)
        #expect(budget.taken == 0)
        withExtendedLifetime(answer) {}
    }

    @Test("a long chain of negations counts, and so do the names that a stretch of the log touches")
    func deep() async throws {
        let log = InMemoryDeltaLog()
        var maker = DeltaMaker()
        let word = [Pointer("user", entity: "e", targetContext: "p"), Pointer("p", .integer(1))]
        var last = try maker.delta("ann", word)
        var deltas = [last]
        for _ in 0..<1_000 {
            last = try maker.delta("ann", .negation(of: last.delta.id))
            deltas.append(last)
        }
        for number in 0..<300 {
            let unknown = (0..<10).map { Pointer("x", entity: Text("\(number)-\($0)"), targetContext: "y") }
            deltas.append(try maker.delta("ann", unknown))
        }
        _ = try await log.append(deltas, cursors: [:])
        let full = Budget(limit: 1, patience: .milliseconds(1))
        #expect(full.take(1))
        let roomy = Budget(limit: 16 << 20)
        for read in [
            { try await EntityReader(log: log).entity("e")?.properties["p"] == 1 },
            {
                var position: Int64 = 0
                while position < Int64(deltas.count) {
                    position = try await ChangeReader(log: log).changes(in: "user", after: position).position
                }
                return true
            },
        ] {
            await #expect(throws: DeltaLogError(.busy, "")) { try await Self.read(AnswerMemory(of: full), read) }
            let answer = AnswerMemory(of: roomy)
            #expect(try await Self.read(answer, read))
            #expect(roomy.taken > 0)
            withExtendedLifetime(answer) {}
        }
    }
}
