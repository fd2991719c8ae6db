import Bytes
import RhizomeCore
import RhizomeTesting
import RhizomeViews
import SignedStatements
import StrictJSON
import Testing

/// What an answer costs is what it shows, not all that was ever said (spec: views.md).
@Suite struct ViewCostTests {
    /// Rows that each kind of reading looks at.
    private func rows(_ memory: InMemoryDeltaLog, asOf: Timestamp, without: PublicKey) async throws -> [String: Int] {
        var rows: [String: Int] = [:]
        func read(
            _ name: String,
            _ perspective: Perspective = Perspective(),
            _ body: (EntityReader) async throws -> Bool
        ) async throws {
            let log = WatchedLog(memory)
            let isFound = try await body(EntityReader(log: log, perspective: perspective))
            #expect(isFound)
            rows[name] = log.rowsRead.reduce(0, +)
        }
        try await read("entity") { try await $0.entity("e") != nil }
        let put = try EntityPut(collection: "user", id: "e", properties: ["name": 1])
        try await read("put") { try await $0.current(for: put).last.count == 1 }
        try await read("list") { try await $0.collection("user", count: 9).ids == ["e"] }
        try await read("asOf", Perspective(asOf: asOf)) { try await $0.entity("e") != nil }
        try await read("without", Perspective(without: [without])) { try await $0.entity("e") != nil }
        let ranked = ResolverTable(["*": ["name": .byRank, "age": .byAuthor, "city": .firstWriteWins]])
        try await read("ranked", Perspective(resolvers: ranked)) { try await $0.entity("e") != nil }
        return rows
    }

    private static let properties: [Text] = ["name", "age", "city"]

    /// Ann and bob change an entity so many times each.
    private func history(_ maker: inout DeltaMaker, changes: Int) throws -> [AdmittedDelta] {
        var deltas: [AdmittedDelta] = []
        for number in 0..<changes {
            for author in ["ann", "bob"] {
                for property in Self.properties {
                    deltas.append(try maker.delta(author, write(property, .integer(Int64(number)))))
                }
            }
        }
        return deltas
    }

    private func write(_ property: Text, _ value: Value) -> [Pointer] {
        [Pointer("user", entity: "e", targetContext: property), Pointer(property, value)]
    }

    @Test("an entity that was changed a thousand times costs what one does that was changed a few times")
    func changes() async throws {
        var counted: [[String: Int]] = []
        for changes in [4, 400] {
            var maker = DeltaMaker()
            let log = InMemoryDeltaLog()
            let deltas = try history(&maker, changes: changes)
            _ = try await log.append(deltas, cursors: [:])
            let middle = deltas[deltas.count / 2].delta.header.timeCreated
            counted.append(try await rows(log, asOf: middle, without: maker.author("bob")))
        }
        for (kind, few) in counted[0] { #expect(try #require(counted[1][kind]) <= few + 10, "\(kind)") }
    }

    @Test("what others pile up about somebody's deltas and transactions changes no answer and costs it nothing")
    func strangers() async throws {
        var maker = DeltaMaker()
        let log = InMemoryDeltaLog()
        let size = try maker.delta("ann", .transaction("T", size: 2))
        let membership = Pointer("_transaction", entity: "T", targetContext: "deltas")
        var deltas = try history(&maker, changes: 3) + [size]
        deltas += try ["name", "age"].map { try maker.delta("ann", [membership] + write($0, .integer(100))) }
        _ = try await log.append(deltas, cursors: [:])
        let asOf = try #require(deltas.last).delta.header.timeCreated
        let before = try await rows(log, asOf: asOf, without: maker.author("bob"))
        let view = try await EntityReader(log: log).entity("e")
        for number in 0..<300 {
            let target = deltas[number % deltas.count].delta.id
            let pile = [
                try maker.delta("mallory", .negation(of: target)),
                try maker.delta("mallory", [membership, Pointer("n", .integer(Int64(number)))]),
                try maker.delta("mallory", .transaction("T", size: 1_000_000)),
                try maker.delta("mallory", [Pointer("like", entity: "e", targetContext: "name")]),
            ]
            _ = try await log.append(pile, cursors: [:])
        }
        #expect(try await EntityReader(log: log).entity("e") == view)
        let after = try await rows(log, asOf: asOf, without: maker.author("bob"))
        for (kind, alone) in before { #expect(try #require(after[kind]) <= 2 * alone, "\(kind)") }
        // Distrusted, nothing of hers is looked at.
        let mallory = try maker.author("mallory")
        let watched = WatchedLog(log)
        let trust = Perspective {
            $0.author == mallory
        } share: {
            $0 == mallory ? .none : .all
        }
        #expect(try await EntityReader(log: watched, perspective: trust).entity("e") == view)
        #expect(watched.rowsRead.allSatisfy { $0 <= 2 * before["entity", default: 0] })
    }

    @Test("however many local contexts somebody makes for a property, no reading looks at more of it")
    func localContexts() async throws {
        var counted: [[String: Int]] = []
        for contexts in [200, 4_000] {
            var maker = DeltaMaker()
            let log = InMemoryDeltaLog()
            var deltas = try history(&maker, changes: 3)
            let asOf = try #require(deltas.last).delta.header.timeCreated
            for first in stride(from: 0, to: contexts, by: 200) {
                let pointers = (first..<first + 200).map { Pointer(Text("c\($0)"), entity: "e", targetContext: "name") }
                deltas.append(try maker.delta("mallory", pointers + [Pointer("name", .integer(Int64(first)))]))
            }
            _ = try await log.append(deltas, cursors: [:])
            counted.append(try await rows(log, asOf: asOf, without: maker.author("bob")))
            #expect(try await EntityReader(log: log).entity("e")?.properties["name"] == .integer(Int64(contexts - 200)))
        }
        for (kind, few) in counted[0] {
            #expect(try #require(counted[1][kind]) <= few + 100, "\(kind)")
            #expect(few <= 400, "\(kind)")
        }
    }

    @Test("a PUT looks at the properties that it names, not at all that an entity has")
    func manyProperties() async throws {
        var counted: [Int] = []
        for count in [10, 2_000] {
            var maker = DeltaMaker()
            let log = InMemoryDeltaLog()
            var deltas: [AdmittedDelta] = []
            for number in 0..<count {
                deltas.append(try maker.delta("ann", write(Text("p\(number)"), .integer(Int64(number)))))
            }
            _ = try await log.append(deltas, cursors: [:])
            let watched = WatchedLog(log)
            let put = try EntityPut(collection: "user", id: "e", properties: ["p3": 1, "p5": 2, "new": 3])
            let current = try await EntityReader(log: watched).current(for: put)
            #expect(current.last.mapValues(\.value) == ["p3": .integer(3), "p5": .integer(5)])
            #expect(current.isReferenced)
            counted.append(watched.rowsRead.reduce(0, +))
        }
        #expect(counted[0] == counted[1])
    }

    @Test("a PUT where there is no schema costs a look-up more; through one, what the schema names")
    func schemas() async throws {
        var maker = DeltaMaker()
        let log = InMemoryDeltaLog()
        var deltas: [AdmittedDelta] = []
        for number in 0..<200 { deltas.append(try maker.delta("ann", write(Text("p\(number)"), .integer(1)))) }
        _ = try await log.append(deltas, cursors: [:])
        let put = try EntityPut(collection: "user", id: "e", properties: ["p3": 2, "p5": 2])
        let own = try maker.author("own")
        let cache = ViewCache()
        func rows(_ read: (EntityReader) async throws -> Int) async throws -> Int {
            let watched = WatchedLog(log)
            #expect(
                try await read(EntityReader(log: watched, without: Exclusion(number: 0) { _ in false }, cache: cache))
                    == 2
            )
            return watched.rowsRead.reduce(0, +)
        }
        let plain = try await rows { try await $0.current(for: put).last.count }
        func planned() async throws -> Int {
            try await rows { reader in
                try await reader.plan(put, by: own) { "T" }.deltas.filter { $0.pointers.first?.localContext != "size" }
                    .count - 1
            }
        }
        let without = try await planned()
        #expect(without - plain <= 1)
        for (properties, most) in [(2, 30), (20, 90)] {
            let document = (0..<properties).map { "\"p\($0)\": {\"type\": \"integer\"}" }.joined(separator: ", ")
            _ = try await log.append(
                [
                    try maker.delta(
                        "own",
                        [
                            Pointer("_schema", entity: "user", targetContext: "definition"),
                            Pointer("definition", .text(Text("{\"properties\": {\(document)}}"))),
                        ]
                    )
                ],
                cursors: [:]
            )
            let through = try await planned()
            #expect(through - without <= most, "\(through) rows, \(without) without")
        }
    }

    @Test("what excluded authors name costs lists nothing, and what one more author names a few look-ups")
    func junk() async throws {
        var maker = DeltaMaker()
        let log = InMemoryDeltaLog()
        let (ann, mallory) = (try maker.author("ann"), try maker.author("mallory"))
        func name(_ entity: Text, by author: String) throws -> AdmittedDelta {
            try maker.delta(
                author,
                [Pointer("user", entity: entity, targetContext: "name"), Pointer("name", .integer(1))]
            )
        }
        let entities = (10..<90).map { Text("e\($0)") }
        _ = try await log.append(try entities.map { try name($0, by: "ann") }, cursors: [:])
        let trust = Perspective {
            $0.author == mallory
        } share: {
            $0 == mallory ? .none : .all
        }
        func rows() async throws -> [Int] {
            var rows: [Int] = []
            for eyes in [trust, Perspective(without: [mallory]), Perspective(authors: [ann])] {
                let watched = WatchedLog(log)
                let reader = EntityReader(log: watched, perspective: eyes)
                #expect(try await reader.collection("user", count: 50).ids == Array(entities.prefix(50)))
                #expect(
                    try await reader.collection("user", after: entities[29], count: 60, .withValues).ids
                        == Array(entities.dropFirst(30))
                )
                #expect(try await reader.entities(count: 50).ids == Array(entities.prefix(50)))
                rows.append(watched.rowsRead.reduce(0, +))
            }
            return rows
        }
        let before = try await rows()
        _ = try await log.append(try (0..<3_000).map { try name(Text("e\($0)"), by: "mallory") }, cursors: [:])
        // Some rows for each entity that both name, and for her herself.
        for (after, before) in zip(try await rows(), before) { #expect(after <= 2 * before) }
        let watched = WatchedLog(log)
        let page = try await EntityReader(log: watched).collection("user", after: "e2000", count: 20)
        #expect(page.ids.first == "e2001" && page.ids.count == 20 && page.hasMore)
        #expect(watched.rowsRead.reduce(0, +) < 500)
    }

    @Test("negations by others cost nothing, and an author's own negations of other deltas one look-up each")
    func foreignNegations() async throws {
        var maker = DeltaMaker()
        let log = InMemoryDeltaLog()
        let deltas = try history(&maker, changes: 2)
        _ = try await log.append(deltas, cursors: [:])
        let asOf = try #require(deltas.last).delta.header.timeCreated
        let bob = try maker.author("bob")
        let view = try await EntityReader(log: log).entity("e")
        let before = try await rows(log, asOf: asOf, without: bob)
        let foreign = try (0..<2_000).map { number in
            try maker.delta("mallory", .negation(of: deltas[number % deltas.count].delta.id))
        }
        _ = try await log.append(foreign, cursors: [:])
        #expect(try await rows(log, asOf: asOf, without: bob) == before)
        // Ann takes back what nobody reads here.
        let own = try (0..<100).map { _ in
            try maker.delta("ann", .negation(of: try maker.delta("ann", write("other", .null)).delta.id))
        }
        _ = try await log.append(own, cursors: [:])
        #expect(try await EntityReader(log: log).entity("e") == view)
        for (kind, after) in try await rows(log, asOf: asOf, without: bob) {
            #expect(after <= before[kind, default: 0] + 10, "\(kind)")
        }
    }

    @Test("an entity that was changed without end is shown and listed: no count is refused")
    func sums() async throws {
        var maker = DeltaMaker()
        let log = InMemoryDeltaLog()
        _ = try await log.append(try history(&maker, changes: 200), cursors: [:])
        let table = ResolverTable(["*": ["name": .sum, "age": .count, "city": .majority]])
        let watched = WatchedLog(log)
        let view = try await EntityReader(log: watched, perspective: Perspective(resolvers: table)).entity("e")
        // Each delta once, and nothing else of it.
        #expect(watched.rowsRead.reduce(0, +) <= 1_200 + 30)
        #expect(view?.properties["name"] == 39_800)
        #expect(view?.properties["age"] == 400)
        #expect(view?.properties["city"] == 199)
        #expect(try await EntityReader(log: log).changes(of: "e")?.count == 1_200)
    }
}
