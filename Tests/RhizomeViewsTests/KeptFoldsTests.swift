import Bytes
import RhizomeCore
import RhizomeTesting
import SignedStatements
import StrictJSON
import Testing

@testable import RhizomeViews

/// A fold that is kept and goes on gives what one does that is made anew (spec: views.md, "What an answer costs").
@Suite struct KeptFoldsTests {
    private static let resolvers: [StandardResolver] = [.min, .max, .sum, .average, .count, .majority, .all, .concat]
    private static let properties = resolvers.map { Text("p-\($0.rawValue)") }
    private static let table = ResolverTable(["*": Dictionary(uniqueKeysWithValues: zip(properties, resolvers))])

    /// A log with its cache, which is told of what is appended, late or early.
    private struct Kept {
        let memory = InMemoryDeltaLog()
        let log: WatchedLog
        let cache = ViewCache(keepingFoldsOver: 1)

        init() { log = WatchedLog(memory) }

        func append(_ deltas: [AdmittedDelta]) async throws {
            cache.note(try await memory.append(deltas, cursors: [:]))
        }

        func read(_ entity: Text, from perspective: Perspective) async throws -> EntityView? {
            try await EntityReader(log: log, perspective: perspective, cache: cache).entity(entity)
        }

        func readAnew(_ entity: Text, from perspective: Perspective) async throws -> EntityView? {
            try await EntityReader(log: memory, perspective: perspective).entity(entity)
        }

        /// Rows that a reading looks at.
        func rows(_ entity: Text, from perspective: Perspective) async throws -> Int {
            let before = log.rowsRead.reduce(0, +)
            #expect(try await read(entity, from: perspective) == readAnew(entity, from: perspective))
            return log.rowsRead.reduce(0, +) - before
        }
    }

    private static func eyes(_ number: Int, without author: PublicKey? = nil) -> Perspective {
        var eyes = Perspective(without: Exclusion(number: number) { $0.author == author })
        eyes.resolvers = table
        return eyes
    }

    private static func write(_ property: Text, _ value: Value, of entity: Text = "e") -> [Pointer] {
        [Pointer("user", entity: entity, targetContext: property), Pointer(property, value)]
    }

    // MARK: - Random histories

    /// Deltas about entities, negations of any and of what never comes, transactions: in any order of arrival.
    private static func history(using random: inout SeededGenerator) throws -> [AdmittedDelta] {
        var maker = DeltaMaker()
        var deltas: [AdmittedDelta] = []
        let values: [Value] = [.integer(1), .integer(2), .text("a"), .text("b"), .null]
        for _ in 0..<Int.random(in: 1..<50, using: &random) {
            let author = ["ann", "bob", "mod"].randomElement(using: &random) ?? ""
            var pointers: [Pointer] = []
            switch Int.random(in: 0..<6, using: &random) {
            case 0:
                pointers = .transaction(
                    Bool.random(using: &random) ? "T" : "U",
                    size: .random(in: 0..<4, using: &random)
                )
            case 1, 2:
                for target in deltas.shuffled(using: &random).prefix(Int.random(in: 1..<3, using: &random)) {
                    pointers += .negation(of: target.delta.id)
                }
            default: break
            }
            if pointers.isEmpty || Int.random(in: 0..<4, using: &random) == 0 {
                for property in properties.shuffled(using: &random).prefix(2) {
                    pointers += write(
                        property,
                        values.randomElement(using: &random) ?? .null,
                        of: Bool.random(using: &random) ? "e" : "f"
                    )
                }
            }
            if Int.random(in: 0..<3, using: &random) == 0 {
                for transaction in ["T", "U"].shuffled(using: &random).prefix(Int.random(in: 1...2, using: &random)) {
                    pointers.append(Pointer("_transaction", entity: Text(transaction), targetContext: "deltas"))
                }
            }
            let previous = deltas.filter { $0.delta.author == (try? maker.author(author)) }
            let after = Bool.random(using: &random) ? previous.suffix(1) : []
            deltas.append(try maker.delta(author, pointers, after: Array(after)))
        }
        return deltas
    }

    /// An order of arrival in which nothing comes before its previous.
    private static func shuffled(
        _ deltas: [AdmittedDelta],
        using random: inout SeededGenerator
    ) -> [AdmittedDelta] {
        var waiting = deltas
        var ordered: [AdmittedDelta] = []
        var held: Set<DeltaID> = []
        while !waiting.isEmpty {
            let ready = waiting.indices.filter { waiting[$0].delta.header.previous.allSatisfy(held.contains) }
            guard let next = ready.randomElement(using: &random) else { return ordered }
            let delta = waiting.remove(at: next)
            held.insert(delta.delta.id)
            ordered.append(delta)
        }
        return ordered
    }

    @Test("after each step of a random history, what goes on is what is made anew, from every perspective")
    func histories() async throws {
        try await withSeedAsync { random in
            let (bob, mod) = (try TestAuthors.signer("bob").publicKey, try TestAuthors.signer("mod").publicKey)
            for _ in 0..<30 {
                let kept = Kept()
                let deltas = try Self.history(using: &random)
                var moderated = Self.eyes(0)
                moderated.moderators = [mod]
                var refusing = moderated
                refusing.refusesForked = true
                let past = deltas.randomElement(using: &random)?.delta.header.timeCreated
                // A change of trust is another number.
                let perspectives = [
                    Self.eyes(0), moderated, refusing, Self.eyes(1, without: bob), moderated.narrowed(without: [mod]),
                    moderated.narrowed(without: [bob]), moderated.narrowed(asOf: past),
                    Self.eyes(0).narrowed(authors: [bob]),
                ]
                var arriving = Self.shuffled(deltas, using: &random)[...]
                while !arriving.isEmpty {
                    let batch = arriving.prefix(Int.random(in: 1...4, using: &random))
                    arriving.removeFirst(batch.count)
                    if Int.random(in: 0..<5, using: &random) == 0 {
                        // Not told of before it is read.
                        let appended = try await kept.memory.append(Array(batch), cursors: [:])
                        for eyes in perspectives {
                            #expect(
                                try await kept.read("e", from: eyes) == kept.readAnew("e", from: eyes),
                                "RHIZOME_TEST_SEED=\(random.seed)"
                            )
                        }
                        kept.cache.note(appended)
                    } else {
                        try await kept.append(Array(batch))
                    }
                    for entity in ["e", "f"] as [Text] where Int.random(in: 0..<3, using: &random) > 0 {
                        for eyes in perspectives {
                            #expect(
                                try await kept.read(entity, from: eyes) == kept.readAnew(entity, from: eyes),
                                "RHIZOME_TEST_SEED=\(random.seed)"
                            )
                        }
                    }
                }
            }
        }
    }

    // MARK: - Costs

    /// An entity of which a property was asserted so often, and where its fold is kept.
    private static func sum(_ count: Int, _ maker: inout DeltaMaker) async throws -> (Kept, [AdmittedDelta]) {
        let kept = Kept()
        var deltas: [AdmittedDelta] = []
        for _ in 0..<count { deltas.append(try maker.delta("ann", write("p-sum", .integer(1)))) }
        try await kept.append(deltas)
        #expect(try await kept.rows("e", from: eyes(0)) > count)
        return (kept, deltas)
    }

    @Test("what is read again costs what came since: own and others' words, transactions, what others do elsewhere")
    func costs() async throws {
        var maker = DeltaMaker()
        let (kept, deltas) = try await Self.sum(2_000, &maker)
        let eyes = Self.eyes(0)
        #expect(try await kept.rows("e", from: eyes) < 20)
        try await kept.append([try maker.delta("ann", Self.write("p-sum", .integer(1)))])
        #expect(try await kept.rows("e", from: eyes) < 30)
        #expect(try await kept.read("e", from: eyes)?.properties["p-sum"] == 2_001)
        // A PUT of several properties, the size delta first; a late word of long ago.
        let membership = Pointer("_transaction", entity: "T", targetContext: "deltas")
        try await kept.append([
            try maker.delta("ann", .transaction("T", size: 2)),
            try maker.delta("ann", [membership] + Self.write("p-sum", .integer(1))),
            try maker.delta("ann", [membership] + Self.write("name", .text("Ann"))),
        ])
        #expect(try await kept.rows("e", from: eyes) < 60)
        #expect(try await kept.read("e", from: eyes)?.properties["p-sum"] == 2_002)
        var early = DeltaMaker(time: 1_000)
        try await kept.append([try early.delta("bob", Self.write("p-sum", .integer(1)))])
        #expect(try await kept.rows("e", from: eyes) < 60)
        // A member of a transaction that isn't complete yet waits for the rest.
        let late = Pointer("_transaction", entity: "U", targetContext: "deltas")
        try await kept.append([try maker.delta("ann", [late] + Self.write("p-sum", .integer(1)))])
        #expect(try await kept.rows("e", from: eyes) < 60)
        try await kept.append([try maker.delta("ann", .transaction("U", size: 1))])
        #expect(try await kept.rows("e", from: eyes) < 60)
        #expect(try await kept.read("e", from: eyes)?.properties["p-sum"] == 2_004)
        // Traffic of all kinds, far more than is remembered while folds are made, that has nothing to do with it.
        var foreign: [AdmittedDelta] = []
        for number in 0..<3_000 {
            let delta = try maker.delta("mallory", Self.write("p-sum", .integer(Int64(number)), of: "f"))
            foreign += [
                delta, try maker.delta("mallory", .negation(of: delta.delta.id)),
                // Somebody else's, which it takes back for nobody.
                try maker.delta("mallory", .negation(of: deltas[number % deltas.count].delta.id)),
            ]
        }
        try await kept.append(foreign)
        #expect(try await kept.rows("e", from: eyes) < 60)
        #expect(try await kept.read("e", from: eyes)?.properties["p-sum"] == 2_004)
    }

    @Test("what takes back something that was folded, or brings it back, has the fold made anew")
    func negations() async throws {
        var maker = DeltaMaker()
        let (kept, deltas) = try await Self.sum(1_000, &maker)
        let negation = try maker.delta("ann", .negation(of: deltas[17].delta.id))
        try await kept.append([negation])
        #expect(try await kept.rows("e", from: Self.eyes(0)) > 1_000)
        #expect(try await kept.read("e", from: Self.eyes(0))?.properties["p-sum"] == 999)
        try await kept.append([try maker.delta("ann", .negation(of: negation.delta.id))])
        #expect(try await kept.rows("e", from: Self.eyes(0)) > 1_000)
        #expect(try await kept.read("e", from: Self.eyes(0))?.properties["p-sum"] == 1_000)
    }

    @Test("what is appended while a fold is being made is not lost, and one perspective never sees another's fold")
    func race() async throws {
        var maker = DeltaMaker()
        let (first, _) = try await Self.sum(1_000, &maker)
        let more = try maker.delta("ann", Self.write("p-sum", .integer(1)))
        let (memory, cache) = (first.memory, first.cache)
        let log = WatchedLog(memory) {
            // Told of after the state was read.
            if try await memory.count() == 1_000 { cache.note(try await memory.append([more], cursors: [:])) }
        }
        // Another number: nothing is kept for it yet.
        let eyes = Self.eyes(7)
        let reader = EntityReader(log: log, perspective: eyes, cache: cache)
        #expect(try await reader.entity("e")?.properties["p-sum"] == 1_000)
        let before = log.rowsRead.reduce(0, +)
        #expect(try await reader.entity("e")?.properties["p-sum"] == 1_001)
        #expect(log.rowsRead.reduce(0, +) - before < 30)
        let distrusting = Self.eyes(8, without: try maker.author("ann"))
        #expect(try await first.read("e", from: distrusting) == nil)
    }

    @Test("folds are kept in bounded memory, those that were read longest ago go first")
    func bounded() async throws {
        let kept = Kept()
        var maker = DeltaMaker()
        for number in 0..<300 {
            try await kept.append([try maker.delta("ann", Self.write("p-sum", .integer(1), of: Text("e\(number)")))])
            #expect(try await kept.read(Text("e\(number)"), from: Self.eyes(0))?.properties["p-sum"] == 1)
        }
        #expect(kept.cache.folds.count == 256)
        #expect(kept.cache.folds.bytes < 1 << 20)
    }
}
