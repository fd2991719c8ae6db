import Bytes
import RhizomeCore
import RhizomeTesting
import RhizomeViews
import SignedStatements
import StrictJSON
import Testing

/// Reads through contexts, and what a query puts on top (spec: views.md, "Contexts").
@Suite struct ContextPerspectiveTests {
    private static let nothing = Exclusion(number: 0) { _ in false }
    private let ann = Fixture.author("ann")
    private let bob = Fixture.author("bob")
    private let mod = Fixture.author("mod")
    private let deltas = [
        Fixture.write("a", by: "ann", at: 1, "name", .text("Ann")),
        Fixture.write("b", by: "bob", at: 2, "name", .text("Bob")),
        Fixture.write("m", by: "mod", at: 3, "name", .text("Mod")), Fixture.negation("n", by: "mod", at: 4, of: "b"),
        Fixture.write("z", by: "ann", at: 5, "age", .integer(5)),
        Fixture.write("y", by: "bob", at: 6, "age", .integer(4)),
    ]

    private func view(
        _ context: ContextDefinition,
        in collection: Text? = nil,
        _ narrow: (Perspective) -> Perspective = { $0 }
    ) throws -> JSONValue? {
        let perspective = narrow(Perspective(of: context, without: Self.nothing))
        let visible = try VisibleDeltas(among: deltas, seenAs: perspective).filtered(by: perspective.filters)
        let view = EntityView(of: "e", in: visible) { perspective.resolver(of: $0, in: collection) }
        return view.map { .object($0.properties) }
    }

    private func rule(_ author: String) -> JSONValue { ["==": [["var": "creator"], Fixture.author(author).json]] }

    private func filter(_ author: String) throws -> DeltaFilter { DeltaFilter(try JSONLogicRule(rule(author))) }

    @Test("a context's parts are steps of the view")
    func parts() throws {
        #expect(try view(ContextDefinition()) == ["age": 4, "name": "Mod"])
        #expect(try view(ContextDefinition(authors: .all)) == ["age": 4, "name": "Mod"])
        #expect(try view(ContextDefinition(authors: .these([ann]))) == ["age": 5, "name": "Ann"])
        #expect(try view(ContextDefinition(authors: .these([]))) == nil)
        #expect(try view(ContextDefinition(filter: rule("bob"))) == ["age": 4, "name": "Bob"])
        #expect(try view(ContextDefinition(filter: rule("bob"), moderators: [mod])) == ["age": 4])
        #expect(try view(ContextDefinition(asOf: 2)) == ["name": "Bob"])
    }

    @Test("the query's moment replaces the context's, in either direction")
    func asOf() throws {
        let context = try ContextDefinition(asOf: 2)
        #expect(try view(context) { $0.narrowed(asOf: 1) } == ["name": "Ann"])
        #expect(try view(context) { $0.narrowed(asOf: 5) } == ["age": 5, "name": "Mod"])
        #expect(try view(context) { $0.narrowed() } == ["name": "Bob"])
    }

    @Test("the query's authors are those of both, without adds, and filters are both passed")
    func narrowed() throws {
        let context = try ContextDefinition(authors: .these([ann, bob]))
        #expect(try view(context) { $0.narrowed(authors: [bob, mod]) } == ["age": 4, "name": "Bob"])
        #expect(try view(context) { $0.narrowed(authors: [mod]) } == nil)
        #expect(try view(ContextDefinition()) { $0.narrowed(authors: [ann]) } == ["age": 5, "name": "Ann"])
        #expect(try view(context) { $0.narrowed(without: [bob]) } == ["age": 5, "name": "Ann"])
        #expect(try view(context) { $0.narrowed(without: [ann]).narrowed(without: [bob]) } == nil)
        let filtered = try ContextDefinition(filter: [">": [["var": "timeCreated"], 1]])
        let byBob = try filter("bob")
        let byAnn = try filter("ann")
        #expect(try view(filtered) { $0.narrowed(filter: byBob) } == ["age": 4, "name": "Bob"])
        #expect(try view(filtered) { $0.narrowed(filter: byAnn) } == ["age": 5])
    }

    @Test("a context's moderators take out what they negate, but for those in without")
    func moderators() throws {
        let context = try ContextDefinition(authors: .these([bob]), moderators: [mod])
        #expect(try view(context) == ["age": 4])
        #expect(try view(context) { $0.narrowed(without: [mod]) } == ["age": 4, "name": "Bob"])
        // Whom a query's authors leave out moderates still: step 4 comes before step 5.
        #expect(try view(context) { $0.narrowed(authors: [bob]) } == ["age": 4])
    }

    @Test("properties have the resolvers of the collection under which they are read, then those of *")
    func resolvers() throws {
        let context = try ContextDefinition(
            resolvers: ResolverTable(["*": ["age": .max, "name": .all], "user": ["age": .sum], "film": [:]])
        )
        #expect(try view(context, in: "user") == ["age": 9, "name": ["Ann", "Bob", "Mod"]])
        #expect(try view(context, in: "film") == ["age": 5, "name": ["Ann", "Bob", "Mod"]])
        #expect(try view(context) == ["age": 5, "name": ["Ann", "Bob", "Mod"]])
    }

    @Test("by-rank goes by the order of the context's authors, whatever the query narrows")
    func ranks() throws {
        let table = ResolverTable(["*": ["name": .byRank, "age": .byRank]])
        let context = try ContextDefinition(authors: .these([bob, ann, mod]), resolvers: table)
        #expect(try view(context) == ["age": 4, "name": "Bob"])
        #expect(try view(context) { $0.narrowed(authors: [mod, ann]) } == ["age": 5, "name": "Ann"])
        #expect(try view(ContextDefinition(resolvers: table)) == ["age": 4, "name": "Mod"])
        #expect(try view(ContextDefinition(authors: .all, resolvers: table)) == ["age": 4, "name": "Mod"])
    }

    @Test("a filter that costs too much is told from the query's")
    func costly() throws {
        let twice: JSONValue = ["merge": [["var": "accumulator"], ["var": "accumulator"]]]
        let rule: JSONValue = ["reduce": [.array((0..<40).map { .integer($0) }), twice, [1]]]
        let context = try ContextDefinition(filter: rule)
        let error = try #require(throws: JSONLogicError.self) { try view(context) }
        #expect(error.rule == "context.filter")
        let query = DeltaFilter(try JSONLogicRule(rule))
        let other = try #require(throws: JSONLogicError.self) {
            try view(ContextDefinition()) { $0.narrowed(filter: query) }
        }
        #expect(other.rule == "filter")
    }

    @Test("the same deltas give the same bytes through any context, in whatever order and however often they came")
    func orderIndependence() async throws {
        let authors = try ["ann", "bob", "mod"].map { try TestAuthors.signer($0).publicKey }
        let names = Dictionary(uniqueKeysWithValues: zip(authors, ["ann", "bob", "mod"]))
        try await withSeedAsync { random in
            for _ in 0..<60 {
                let deltas = try RandomHistory.deltas(about: ["e", "f"], using: &random)
                let times = deltas.map(\.delta.header.timeCreated)
                let range = (times.min() ?? 0) - 1...(times.max() ?? 0)
                let context = try RandomContext.definition(authors: authors, times: range, using: &random)
                let query = try RandomContext.definition(authors: authors, times: range, using: &random)
                let perspective = Perspective(of: context, without: Self.nothing) { names[$0] }
                    .narrowed(asOf: query.asOf, without: Set(query.moderators ?? []))
                var answers: Set<String> = []
                for _ in 0..<4 {
                    let log = InMemoryDeltaLog()
                    let reader = EntityReader(log: log, perspective: perspective)
                    var rest = deltas.shuffled(using: &random)
                    rest += rest.prefix(Int.random(in: 0...rest.count, using: &random))
                    while !rest.isEmpty {
                        let batch = rest.prefix(Int.random(in: 1...8, using: &random))
                        rest.removeFirst(batch.count)
                        _ = try await log.append(Array(batch), cursors: [:])
                    }
                    var answer = ""
                    for id in ["e", "f", "T"] as [Text] {
                        answer += "\(try await reader.entity(id, in: "user")?.json ?? .null)"
                        answer += "\(try await reader.losslessPage(id)?.json(log) ?? .null)"
                        answer += "\(try await reader.historyJSON(of: id))"
                    }
                    answer += "\(try await reader.entities(count: 100).ids)"
                    answers.insert(answer)
                }
                #expect(answers.count == 1, "seed \(random.seed)")
            }
        }
    }
}
