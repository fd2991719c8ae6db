import Bytes
import Locks
import RhizomeCore
import RhizomeTesting
import SignedStatements
import StrictJSON
import Testing

@testable import RhizomeViews

/// Views that are kept up to date give what views that are computed anew do.
@Suite struct ViewCacheTests {
    private static let entities: [Text] = ["e", "f", "g"]

    private static func exclusion(_ number: Int, _ author: PublicKey? = nil) -> Exclusion {
        Exclusion(number: number) { $0.author == author }
    }

    /// Appends to a log and tells the cache, as a node does.
    private static func append(_ deltas: [AdmittedDelta], to log: InMemoryDeltaLog, _ cache: ViewCache) async throws {
        cache.note(try await log.append(deltas, cursors: [:]))
    }

    @Test("what was seen within a transaction is what is read after it, from the cache too, whatever comes then")
    func glimpses() async throws {
        try await withSeedAsync { random in
            let exclusions = [Self.exclusion(0), Self.exclusion(1, try TestAuthors.signer("bob").publicKey)]
            for _ in 0..<60 {
                let log = InMemoryDeltaLog()
                let cache = ViewCache()
                let exclusion = try #require(exclusions.randomElement(using: &random))
                let reader = EntityReader(log: log, without: exclusion, cache: cache)
                let anew = EntityReader(log: log, perspective: Perspective(without: exclusion))
                var deltas = try RandomHistory.deltas(about: Self.entities, using: &random).shuffled(using: &random)[
                    ...
                ]
                while !deltas.isEmpty {
                    let batch = Array(deltas.prefix(Int.random(in: 1...4, using: &random)))
                    deltas.removeFirst(batch.count)
                    let (stored, glimpses) = try await log.write { transaction in
                        let stored = try transaction.append(batch, cursors: [:])
                        let glimpses = try Self.entities.map { id in
                            try #require(try transaction.glance { try reader.glimpse(of: id, in: $0) })
                        }
                        return (stored, glimpses)
                    }
                    cache.note(stored)
                    for (id, glimpse) in zip(Self.entities, glimpses) {
                        if Bool.random(using: &random) { reader.keep(glimpse) }
                        let view = try await anew.entity(id)
                        #expect(glimpse.view == view, "RHIZOME_TEST_SEED=\(random.seed)")
                        #expect(try await reader.entity(id) == view, "RHIZOME_TEST_SEED=\(random.seed)")
                    }
                }
            }
        }
    }

    @Test("after each step of a random history, what is kept is what is computed anew, from every perspective")
    func histories() async throws {
        try await withSeedAsync { random in
            let moderators = Set(try ["mod", "bob"].map { try TestAuthors.signer($0).publicKey })
            let exclusions = [Self.exclusion(0), Self.exclusion(1, try TestAuthors.signer("bob").publicKey)]
            for _ in 0..<60 {
                let log = InMemoryDeltaLog()
                let cache = ViewCache()
                // Negations come before what they negate, and members before sizes.
                var deltas = try RandomHistory.deltas(about: Self.entities, using: &random).shuffled(using: &random)[
                    ...
                ]
                while !deltas.isEmpty {
                    let batch = deltas.prefix(Int.random(in: 1...4, using: &random))
                    deltas.removeFirst(batch.count)
                    try await Self.append(Array(batch), to: log, cache)
                    for entity in Self.entities + ["T"] where Int.random(in: 0..<3, using: &random) > 0 {
                        let exclusion = try #require(exclusions.randomElement(using: &random))
                        let reader = EntityReader(log: log, without: exclusion, cache: cache)
                        let kept = try await reader.entity(entity)
                        let hits = cache.statistics.hits
                        #expect(try await reader.entity(entity) == kept)
                        #expect(cache.statistics.hits == hits + 1)
                        let anew = try await EntityReader(
                            log: log,
                            perspective: Perspective(isExcluded: exclusion.isExcluded)
                        ).entity(entity)
                        #expect(kept == anew, "RHIZOME_TEST_SEED=\(random.seed)")
                        let perspective = Perspective(moderators: moderators)
                        let seen = try await EntityReader(log: log, perspective: perspective)
                            .visibleDeltas(about: [entity])
                        let held = try await log.deltas(after: 0, limit: 1_000).map { ViewedDelta($0.delta) }
                        let expected = VisibleDeltas(among: held, seenAs: perspective)
                        #expect(
                            seen.deltas(about: entity) == expected.deltas(about: entity),
                            "RHIZOME_TEST_SEED=\(random.seed)"
                        )
                    }
                }
            }
        }
    }

    @Test("a member of several transactions shows with all of them, where its negation matters too")
    func memberOfSeveral() async throws {
        let log = InMemoryDeltaLog()
        let moderators = try ["mod", "bob"].map { try TestAuthors.signer($0).publicKey }
        let reader = EntityReader(log: log, perspective: Perspective(moderators: Set(moderators)))
        var maker = DeltaMaker()
        func membership(_ transaction: Text) -> Pointer {
            Pointer("_transaction", entity: transaction, targetContext: "deltas")
        }
        let write = try maker.delta("ann", [membership("T")] + Self.write("name", .text("Ann")))
        let member = try maker.delta("bob", [membership("T"), membership("U")])
        let sizes = [
            try maker.delta("ann", .transaction("T", size: 1)), try maker.delta("bob", .transaction("T", size: 1)),
            try maker.delta("bob", .transaction("U", size: 1)),
        ]
        _ = try await log.append([write, member] + sizes, cursors: [:])
        #expect(try await reader.entity("e")?.properties["name"] == "Ann")
        // Since bob negates a delta of his own too, which both its transactions show, nobody else takes that back.
        let negation = try maker.delta("bob", .negation(of: write.delta.id) + .negation(of: member.delta.id))
        let moderation = try maker.delta("mod", .negation(of: negation.delta.id))
        _ = try await log.append([negation, moderation], cursors: [:])
        #expect(try await reader.entity("e") == nil)
    }

    @Test("a view that is up to date asks nothing of the log, and is looked up again once, after a delta about it")
    func warm() async throws {
        let memory = InMemoryDeltaLog()
        let log = WatchedLog(memory)
        let cache = ViewCache()
        var maker = DeltaMaker()
        let first = try maker.delta("ann", Self.write("name", .text("Ann")))
        try await Self.append([first], to: memory, cache)
        let reader = EntityReader(log: log, without: Self.exclusion(0), cache: cache)
        #expect(try await reader.entity("e")?.properties["name"] == "Ann")
        for _ in 0..<10 { #expect(try await reader.entity("e")?.properties["name"] == "Ann") }
        #expect(log.rowsRead.count == 1)
        let second = try maker.delta("ann", Self.write("name", .text("Anna")), after: [first])
        try await Self.append([second], to: memory, cache)
        #expect(try await reader.entity("e")?.properties["name"] == "Anna")
        #expect(log.rowsRead.count == 2)
        // What is about others changes nothing.
        try await Self.append(
            [
                try maker.delta(
                    "bob",
                    [Pointer("user", entity: "f", targetContext: "name"), Pointer("name", .text("F"))]
                )
            ],
            to: memory,
            cache
        )
        #expect(try await reader.entity("e")?.properties["name"] == "Anna")
        #expect(log.rowsRead.count == 2)
    }

    @Test("what is appended while an entity is gathered is not lost")
    func race() async throws {
        let memory = InMemoryDeltaLog()
        let cache = ViewCache()
        var maker = DeltaMaker()
        let first = try maker.delta("ann", Self.write("name", .text("Ann")))
        let second = try maker.delta("ann", Self.write("name", .text("Anna")), after: [first])
        try await Self.append([first], to: memory, cache)
        let isFirst = Lock(true)
        let log = WatchedLog(memory) {
            let appends = isFirst.withLock { isFirst in
                defer { isFirst = false }
                return isFirst
            }
            if appends { try await Self.append([second], to: memory, cache) }
        }
        let reader = EntityReader(log: log, without: Self.exclusion(0), cache: cache)
        #expect(try await reader.entity("e")?.properties["name"] == "Ann")
        #expect(try await reader.entity("e")?.properties["name"] == "Anna")
    }

    @Test("the cache stays within its bytes, and lets go first what was read longest ago")
    func bounded() async throws {
        let log = InMemoryDeltaLog()
        let cache = ViewCache(bytes: 20_000)
        var maker = DeltaMaker()
        var last: AdmittedDelta?
        for number in 0..<100 {
            let delta = try maker.delta(
                "ann",
                [
                    Pointer("user", entity: Text("\(number)"), targetContext: "n"),
                    Pointer("n", .integer(Int64(number))),
                ],
                after: last.map { [$0] } ?? []
            )
            last = delta
            try await Self.append([delta], to: log, cache)
        }
        let reader = EntityReader(log: log, without: Self.exclusion(0), cache: cache)
        for number in 0..<100 {
            #expect(try await reader.entity(Text("\(number)"))?.properties["n"] == .integer(Int64(number)))
            #expect(cache.statistics.bytes <= 20_000)
        }
        #expect(cache.statistics.evictions > 50)
        #expect(cache.statistics.entities > 5)
        let misses = cache.statistics.misses
        _ = try await reader.entity("99")
        #expect(cache.statistics.misses == misses)
        _ = try await reader.entity("0")
        #expect(cache.statistics.misses == misses + 1)
    }

    @Test("what is written often and read seldom is let go, and read right")
    func writtenOften() async throws {
        let log = InMemoryDeltaLog()
        let cache = ViewCache()
        var maker = DeltaMaker()
        var last = try maker.delta("ann", Self.write("n", .integer(0)))
        try await Self.append([last], to: log, cache)
        let reader = EntityReader(log: log, without: Self.exclusion(0), cache: cache)
        _ = try await reader.entity("e")
        for number in 1...1_000 {
            last = try maker.delta("ann", Self.write("n", .integer(Int64(number))), after: [last])
            try await Self.append([last], to: log, cache)
        }
        #expect(cache.statistics.entities == 0)
        #expect(cache.statistics.bytes == 0)
        #expect(try await reader.entity("e")?.properties["n"] == 1_000)
    }

    private static func write(_ property: Text, _ value: Value) -> [Pointer] {
        [Pointer("user", entity: "e", targetContext: property), Pointer(property, value)]
    }
}
