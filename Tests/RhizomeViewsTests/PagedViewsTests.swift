import Bytes
import Locks
import RhizomeCore
import RhizomeTesting
import SignedStatements
import StrictJSON
import Testing

@testable import RhizomeViews

/// Histories and lossless views that are read bit by bit (spec: views.md, "What an answer costs").
@Suite struct PagedViewsTests {
    private static let entities: [Text] = ["e", "f"]

    /// Random deltas, some of which are about many properties of an entity at once.
    private static func deltas(using random: inout SeededGenerator) throws -> [AdmittedDelta] {
        var deltas = try RandomHistory.deltas(about: entities, using: &random)
        var maker = DeltaMaker(time: 1_735_689_600_000_500)
        for _ in 0..<Int.random(in: 0..<4, using: &random) {
            let names = (0..<Int.random(in: 1..<30, using: &random)).map { Text("p\($0 % 20)") }
            deltas.append(
                try maker.delta(
                    ["ann", "bob"].randomElement(using: &random) ?? "",
                    names.shuffled(using: &random).flatMap { name in
                        [
                            Pointer(Bool.random(using: &random) ? "user" : name, entity: "e", targetContext: name),
                            Pointer(name, .integer(1)),
                        ]
                    }
                )
            )
        }
        return deltas.shuffled(using: &random)
    }

    private static func perspective(using random: inout SeededGenerator) throws -> Perspective {
        let mod = try TestAuthors.signer("mod").publicKey
        let bob = try TestAuthors.signer("bob").publicKey
        let rule = try JSONLogicRule(JSONValue(parsing: Array(#"{">": [{"var": "pointers.length"}, 2]}"#.utf8)))
        return [
            Perspective(), Perspective(moderators: [mod]), Perspective(without: [bob]),
            Perspective(filters: [DeltaFilter(rule)]), Perspective(isExcluded: { $0.author == bob }),
        ].randomElement(using: &random) ?? Perspective()
    }

    @Test("pages are what the whole is, cut anywhere, and the whole is what all deltas at once give")
    func pages() async throws {
        try await withSeedAsync { random in
            for _ in 0..<30 {
                let log = InMemoryDeltaLog()
                let deltas = try Self.deltas(using: &random)
                _ = try await log.append(deltas, cursors: [:])
                let perspective = try Self.perspective(using: &random)
                let visible = try VisibleDeltas(among: deltas.map { ViewedDelta($0.delta) }, seenAs: perspective)
                    .filtered(by: perspective.filters)
                let reader = EntityReader(log: log, perspective: perspective)
                for entity in Self.entities + ["T", "nobody"] {
                    let limit = Int.random(in: 1..<8, using: &random)
                    let changes = visible.changes(of: entity)
                    #expect(try await reader.changes(of: entity) == changes, "\(random.seed)")
                    #expect(try await history(of: entity, reader, limit) == changes, "\(random.seed)")
                    let oracle = LosslessOracle(of: entity, in: visible)
                    #expect(
                        try await reader.losslessPage(entity)?.json(log) == oracle?.json,
                        "\(random.seed)"
                    )
                    #expect(try await lossless(entity, reader, limit)?.json(log) == oracle?.json, "\(random.seed)")
                }
            }
        }
    }

    /// A history put together from pages.
    private func history(
        of id: Text,
        _ reader: EntityReader,
        _ limit: Int
    ) async throws -> [EntityHistory.Change]? {
        guard var changes = try await reader.changes(of: id, limit: limit) else { return nil }
        while let last = changes.last {
            let page = try #require(try await reader.changes(of: id, after: last.place, limit: limit))
            #expect(page.count <= limit)
            guard !page.isEmpty else { break }
            changes += page
        }
        return changes
    }

    /// A lossless view put together from pages.
    private func lossless(_ id: Text, _ reader: EntityReader, _ limit: Int) async throws -> LosslessPage? {
        guard var view = try await reader.losslessPage(id, limit: limit) else { return nil }
        while let end = view.end {
            #expect(end == view.items.last?.place)
            let page = try #require(try await reader.losslessPage(id, after: end, limit: limit))
            #expect(!page.items.isEmpty && page.items.count <= limit)
            view.items += page.items
            view.referencedAs = Set(view.referencedAs + page.referencedAs).sorted()
            view.isComplete = view.isComplete && page.isComplete
            view.end = page.end
        }
        return view
    }

    @Test("what comes between two pages shifts nothing: each item that was there is told once, in order")
    func inserts() async throws {
        try await withSeedAsync { random in
            for _ in 0..<20 {
                let log = InMemoryDeltaLog()
                var names: [Text] = []
                var maker = DeltaMaker()
                for _ in 0..<30 {
                    names.append(Text("p\(Int.random(in: 0..<6, using: &random))"))
                }
                // Made in the order of their times, appended in any.
                var late = try names.map { try maker.delta("ann", Self.write($0, 1) + Self.write("q", 2)) }
                    .shuffled(using: &random)
                let early = late.prefix(15)
                late.removeFirst(15)
                _ = try await log.append(Array(early), cursors: [:])
                let reader = EntityReader(log: log)
                let before = try #require(try await reader.changes(of: "e")).map(\.place)
                let itemsBefore = try #require(try await reader.losslessPage("e")).items.map(\.place)
                var places: [EntityHistory.Place] = []
                var items: [LosslessView.Place] = []
                var (isHistoryOver, end) = (false, LosslessView.Place?.none)
                repeat {
                    let page = try #require(try await reader.changes(of: "e", after: places.last, limit: 3))
                    places += page.map(\.place)
                    isHistoryOver = page.isEmpty
                    if items.isEmpty || end != nil {
                        let page = try #require(try await reader.losslessPage("e", after: end, limit: 3))
                        items += page.items.map(\.place)
                        end = page.end
                    }
                    if let delta = late.popLast() { _ = try await log.append([delta], cursors: [:]) }
                } while !isHistoryOver || end != nil
                #expect(places == places.sorted() && Set(places).count == places.count, "\(random.seed)")
                #expect(places.filter(Set(before).contains) == before, "\(random.seed)")
                #expect(Set(items).count == items.count, "\(random.seed)")
                #expect(items.filter(Set(itemsBefore).contains) == itemsBefore, "\(random.seed)")
            }
        }
    }

    @Test("what is appended while an answer is read isn't in it, nor does it take anything out of it")
    func oneState() async throws {
        var maker = DeltaMaker()
        let memory = InMemoryDeltaLog()
        var chain: [AdmittedDelta] = []
        for number in 0..<600 {
            chain.append(try maker.delta("ann", Self.write(Text("p\(number % 7)"), number), after: chain.suffix(1)))
        }
        let deltas = chain
        _ = try await memory.append(deltas, cursors: [:])
        let visible = VisibleDeltas(among: deltas.map { ViewedDelta($0.delta) }, seenAs: Perspective())
        // Each look is followed by a negation, by something earlier and later, and by a fork, which would end all.
        let made = Lock(maker)
        let log = WatchedLog(memory) {
            let count = try await memory.count()
            let more = try made.withLock { maker in
                [
                    try maker.delta("ann", .negation(of: deltas[Int(count) % 600].delta.id), after: [deltas[599]]),
                    try maker.delta("bob", Self.write("p3", 1)), try maker.delta("bob", Self.write("a", 1)),
                ]
            }
            _ = try await memory.append(more, cursors: [:])
        }
        let reader = EntityReader(log: log, perspective: Perspective(refusesForked: true))
        #expect(try await reader.changes(of: "e") == visible.changes(of: "e"))
        #expect(log.readings.count > 3)
        let again = InMemoryDeltaLog()
        _ = try await again.append(deltas, cursors: [:])
        let other = WatchedLog(again) {
            let more = try made.withLock { try $0.delta("ann", Self.write("a", 1), after: [deltas[10]]) }
            _ = try await again.append([more], cursors: [:])
        }
        let view = try await EntityReader(log: other, perspective: Perspective(refusesForked: true)).losslessPage("e")
        #expect(try await view?.json(again) == LosslessOracle(of: "e", in: visible)?.json)
        #expect(try await EntityReader(log: again, perspective: Perspective(refusesForked: true)).entity("e") == nil)
    }

    // MARK: - Cost

    @Test("a page costs what it shows: of a long history no more than three times what it costs of a short one")
    func cost() async throws {
        var rows: [[Int]] = []
        for count in [10, 1_000] {
            var maker = DeltaMaker()
            let memory = InMemoryDeltaLog()
            let deltas = try (0..<count).map { try maker.delta("ann", Self.write("name", $0)) }
            _ = try await memory.append(deltas, cursors: [:])
            let log = WatchedLog(memory)
            let reader = EntityReader(log: log)
            #expect(try await reader.changes(of: "e", limit: 20)?.count == min(20, count))
            let first = log.rowsRead.reduce(0, +)
            let middle = ViewedDelta(deltas[count / 2].delta).moment
            let place = EntityHistory.Place(moment: middle, index: 0)
            #expect(try await reader.changes(of: "e", after: place, limit: 4)?.count == 4)
            let second = log.rowsRead.reduce(0, +)
            let item = LosslessView.Place(property: "name", moment: middle)
            #expect(try await reader.losslessPage("e", after: item, limit: 4)?.items.count == 4)
            rows.append([first, second - first, log.rowsRead.reduce(0, +) - second])
        }
        for (few, many) in zip(rows[0], rows[1]) { #expect(many <= 3 * few, "\(rows)") }
    }

    @Test("behind thousands of hidden deltas a page still finds what it shows, looking shortly each time")
    func hidden() async throws {
        var maker = DeltaMaker()
        let memory = InMemoryDeltaLog()
        let negated = try (0..<2_000).map { try maker.delta("ann", Self.write("name", $0)) }
        _ = try await memory.append(negated, cursors: [:])
        _ = try await memory.append(
            try negated.map { try maker.delta("ann", .negation(of: $0.delta.id)) },
            cursors: [:]
        )
        _ = try await memory.append([try maker.delta("ann", Self.write("name", 1))], cursors: [:])
        let log = WatchedLog(memory)
        #expect(try await EntityReader(log: log).changes(of: "e", limit: 1)?.map(\.value) == [.integer(1)])
        let time = negated[1_999].delta.header.timeCreated.microseconds
        let rule = try JSONLogicRule(JSONValue(parsing: Array(#"{">": [{"var": "timeCreated"}, \#(time)]}"#.utf8)))
        let filtered = EntityReader(log: log, perspective: Perspective(filters: [DeltaFilter(rule)]))
        #expect(try await filtered.losslessPage("e", limit: 1)?.items.count == 1)
        #expect(log.readings.count > 8)
        // What SQLite's log takes for a short reading.
        for reading in log.readings { #expect(reading.rows < 2_000) }
    }

    @Test("deltas of 1,024 pointers are read once to survey a view and once to tell it, and not held meanwhile")
    func wide() async throws {
        var maker = DeltaMaker()
        let pointers = (0..<512).flatMap { Self.write(Text("p\($0)"), $0) }
        let memory = InMemoryDeltaLog()
        _ = try await memory.append(try (0..<10).map { _ in try maker.delta("ann", pointers) }, cursors: [:])
        let log = WatchedLog(memory)
        let view = try #require(try await EntityReader(log: log).lossless("e"))
        #expect(view.referencedAs.names == ["user"])
        var iterator = view.makeAsyncIterator()
        var (count, held) = (0, 0)
        while try await iterator.next() != nil {
            count += 1
            held = max(held, iterator.heldBytes)
        }
        #expect(count == 10 * 512)
        // The merge of a stream looks for the ids of one moment.
        #expect(log.readings.map(\.deltas).reduce(0, +) <= 20)
        #expect(held < 256 << 10, "\(held)")
    }

    // MARK: - Large entities

    @Test("an entity with many large properties is read in parts of one state, a small one at once")
    func parts() async throws {
        var maker = DeltaMaker()
        let memory = InMemoryDeltaLog()
        let text = Text(String(repeating: "x", count: 20_000))
        let deltas = try (0..<200).map { number in
            try maker.delta(
                "ann",
                [
                    Pointer("user", entity: "e", targetContext: Text("p\(number)")),
                    Pointer(Text("p\(number)"), .text(text)),
                ]
            )
        }
        _ = try await memory.append(deltas, cursors: [:])
        _ = try await memory.append([try maker.delta("ann", Self.write("n", 1, "small"))], cursors: [:])
        let expected = try await EntityReader(log: memory).entity("e")
        #expect(expected?.properties.count == 200)
        let made = Lock(maker)
        let log = WatchedLog(memory) {
            let more = try made.withLock { try $0.delta("bob", Self.write("p99", 1)) }
            _ = try await memory.append([more], cursors: [:])
        }
        let parts = try #require(try await EntityReader(log: log).parts(of: "e"))
        var properties = parts.first.properties
        #expect(properties.count < 60)
        var iterator = try #require(parts.rest).makeAsyncIterator()
        while let (name, value) = try await iterator.next() {
            properties.append(name, value)
            #expect(iterator.heldBytes < 512 << 10)
        }
        #expect(properties == expected?.properties)
        let before = log.readings.count
        let small = try #require(try await EntityReader(log: log).parts(of: "small"))
        #expect(small.rest == nil)
        #expect(small.first.properties.count == 1)
        #expect(log.readings.count == before + 1)
        #expect(try await EntityReader(log: log).parts(of: "nobody") == nil)
    }

    private static func write(_ property: Text, _ value: Int, _ entity: Text = "e") -> [Pointer] {
        [Pointer("user", entity: entity, targetContext: property), Pointer(property, .integer(Int64(value)))]
    }
}

@Suite struct LeastNamesTests {
    @Test("part by part they are all names in order, with their streams, and little is held at once")
    func parts() {
        withSeed { random in
            for _ in 0..<50 {
                var all: [Text: Int] = [:]
                var added: [Text] = []
                for number in 0..<Int.random(in: 1..<400, using: &random) {
                    let tail = String(repeating: "x", count: .random(in: 0..<40, using: &random))
                    let name = Text("\(number % 120)" + tail)
                    all[name, default: 0] += 1
                    added.append(name)
                }
                let capacity = Int.random(in: 1..<20_000, using: &random)
                var last: Text?
                var found: [Text] = []
                while true {
                    var names = LeastNames(capacity: capacity)
                    for (number, name) in added.shuffled(using: &random).enumerated() {
                        if let last, name <= last { continue }
                        let stream = WordStream(entity: 1, author: 2, role: WordRole(number: Int64(number)))
                        let word = Word(moment: WordMoment(number: 0), position: 1)
                        names.add(name, StreamEnd(stream: stream, last: word, isTied: false))
                    }
                    let (part, bytes) = names.take()
                    #expect(part.count == 1 || bytes <= capacity, "\(random.seed)")
                    for (name, streams) in part { #expect(streams.count == all[name], "\(random.seed)") }
                    found += part.map(\.name)
                    guard names.isCut, let name = part.last?.name else { break }
                    last = name
                }
                #expect(found == all.keys.sorted(), "\(random.seed)")
            }
        }
    }
}
