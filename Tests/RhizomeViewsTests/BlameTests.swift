import Bytes
import RhizomeCore
import RhizomeTesting
import SignedStatements
import StrictJSON
import Testing

@testable import RhizomeViews

/// Who said what, and why it counts (spec: cli.md, `blame`).
@Suite struct BlameTests {
    private static let entities: [Text] = ["e", "f"]

    private static func perspective(using random: inout SeededGenerator, times: [Timestamp]) throws -> Perspective {
        let mod = try TestAuthors.signer("mod").publicKey
        let bob = try TestAuthors.signer("bob").publicKey
        let ann = try TestAuthors.signer("ann").publicKey
        let rule = try JSONLogicRule(JSONValue(parsing: Array(#"{">": [{"var": "pointers.length"}, 2]}"#.utf8)))
        var perspective =
            [
                Perspective(), Perspective(moderators: [mod]), Perspective(without: [bob]),
                Perspective(authors: [bob, ann]), Perspective(filters: [DeltaFilter(rule)]),
                Perspective(isExcluded: { $0.author == bob }), Perspective(asOf: times.randomElement(using: &random)),
            ].randomElement(using: &random) ?? Perspective()
        func resolver() -> StandardResolver { StandardResolver.allCases.randomElement(using: &random) ?? .all }
        perspective.resolvers = ResolverTable(["*": ["name": resolver(), "age": resolver()]])
        perspective.ranking = [mod, ann].shuffled(using: &random)
        return perspective
    }

    /// Why a delta's word on a property is left out before any resolver looks at it, by all deltas at once.
    private static func step(_ delta: ViewedDelta, _ perspective: Perspective, among all: [ViewedDelta]) throws
        -> Overruling?
    {
        var everybody = perspective
        everybody.authors = nil
        everybody.without = []
        let left = VisibleDeltas(among: all, seenAs: everybody)
        if perspective.isExcluded(delta) { return .distrusted }
        if let asOf = perspective.asOf, delta.timeCreated > asOf { return .future }
        if !left.deltas.contains(delta) { return .incomplete }
        if VisibleDeltas(among: all, seenAs: perspective).negated.contains(delta.id) { return .negated }
        let shown = try VisibleDeltas(among: all, seenAs: perspective).filtered(by: perspective.filters)
        return shown.deltas.contains(delta) ? nil : .outside
    }

    /// A blame as JSON, made in parts of so many bytes.
    private static func json(_ blame: EntityBlame, bytes: Int) throws -> [UInt8] {
        var json = BlameJSON(blame, in: "user", context: nil, epoch: [1], petname: { _ in nil })
        var whole: [UInt8] = []
        while let part = json.next(atLeast: bytes) {
            #expect(!part.isEmpty)
            whole += part
        }
        return whole
    }

    @Test("each word stands once, for what keeps it out or in: without what counts the value is another")
    func complete() async throws {
        try await withSeedAsync { random in
            for _ in 0..<40 {
                let log = InMemoryDeltaLog()
                let deltas = try RandomHistory.deltas(about: Self.entities, using: &random)
                _ = try await log.append(deltas, cursors: [:])
                let all = deltas.map { ViewedDelta($0.delta) }
                let perspective = try Self.perspective(using: &random, times: all.map(\.timeCreated))
                let reader = EntityReader(log: log, perspective: perspective)
                for entity in Self.entities {
                    let blame = try await reader.blame(of: entity, in: "user", limit: .max)
                    if let blame {
                        let json = try Self.json(blame, bytes: .max)
                        let told = try #require(try JSONValue(parsing: json).object?["properties"]?.array)
                        #expect(
                            told.map { [$0.object?["because"], $0.object?["over"]].map { $0?.array?.count } }
                                == blame.properties.map { [$0.because.count, $0.over.count] }
                        )
                        #expect(try Self.json(blame, bytes: Int.random(in: 1...500, using: &random)) == json)
                    }
                    let said = Set(all.flatMap { $0.properties(of: entity) })
                    #expect(blame?.properties.map(\.name) ?? [] == said.sorted(), "\(random.seed)")
                    let view = try await reader.entity(entity, in: "user")
                    for property in blame?.properties ?? [] {
                        #expect(property.value == view?.properties[property.name], "\(random.seed)")
                        try Self.check(property, of: entity, perspective, all)
                        let few = try await reader.blame(of: entity, in: "user", on: [property.name], limit: 2)
                        let cut = try #require(few?.properties.first)
                        #expect(few?.properties.count == 1)
                        #expect(cut.because == property.because)
                        #expect(cut.over == Array(property.over.prefix(2)))
                        #expect(cut.overCount == property.overCount, "\(random.seed)")
                    }
                }
            }
        }
    }

    private static func check(
        _ property: EntityBlame.Property,
        of entity: Text,
        _ perspective: Perspective,
        _ all: [ViewedDelta]
    ) throws {
        let expected = all.filter { $0.properties(of: entity).contains(property.name) }
        let because = Set(property.because.map(\.delta))
        let told = property.because.map(\.delta) + property.over.map(\.word.delta)
        #expect(Set(told) == Set(expected.map(\.id)) && told.count == expected.count)
        #expect(property.overCount == Int64(property.over.count))
        for words in [property.because, property.over.map(\.word)] {
            let moments = words.map { Moment(timeCreated: $0.timeCreated, id: $0.delta) }
            #expect(moments == moments.sorted(by: >))
        }
        let deltas = Dictionary(uniqueKeysWithValues: all.map { ($0.id, $0) })
        var chosen: Set<DeltaID> = because
        for overruled in property.over {
            let delta = try #require(deltas[overruled.word.delta])
            let step = try step(delta, perspective, among: all)
            if let step { #expect(overruled.why == step) } else { chosen.insert(delta.id) }
        }
        // The resolver alone, over what all steps leave.
        let assertions =
            try VisibleDeltas(among: all, seenAs: perspective)
            .filtered(by: perspective.filters)
            .assertions(about: entity)[property.name] ?? []
        let resolver = property.resolver.resolver(ranking: perspective.ranking)
        #expect(Set(assertions.map(\.delta.id)).isSubset(of: chosen))
        #expect(resolver.resolve(assertions) == property.value || assertions.isEmpty)
        if !because.isEmpty {
            #expect(resolver.resolve(assertions.filter { because.contains($0.delta.id) }) == property.value)
            #expect(resolver.resolve(assertions.filter { !because.contains($0.delta.id) }) != property.value)
        }
    }

    /// Why each word of a property is overruled, as `delta: why`, for assertions that all steps leave.
    private static func reasons(
        _ values: [(author: String, value: Value)],
        _ resolver: StandardResolver
    ) async throws -> (because: [Value?], over: [Overruling]) {
        var maker = DeltaMaker()
        let log = InMemoryDeltaLog()
        for (author, value) in values {
            let pointers = [Pointer("user", entity: "e", targetContext: "p"), Pointer("p", value)]
            _ = try await log.append([try maker.delta(author, pointers)], cursors: [:])
        }
        let ranking = [try TestAuthors.signer("ann").publicKey]
        let table = ResolverTable(["*": ["p": resolver]])
        let reader = EntityReader(log: log, perspective: Perspective(resolvers: table, ranking: ranking))
        let property = try #require(await reader.blame(of: "e", limit: 10)?.properties.first)
        return (property.because.map(\.value), property.over.map(\.why))
    }

    @Test("each resolver says in its own words why a value doesn't count")
    func resolvers() async throws {
        let values: [(String, Value)] = [
            ("ann", .integer(2)), ("bob", .text("x")), ("bob", .integer(1)), ("ann", .null), ("bob", .integer(2)),
        ]
        let expected: [(StandardResolver, [Value?], [Overruling])] = [
            (.lastWriteWins, [.integer(2)], [.later, .later, .later, .later]),
            (.firstWriteWins, [.integer(2)], [.earlier, .earlier, .earlier, .earlier]),
            (.byRank, [.null], [.rank, .rank, .rank, .later]),
            (.byAuthor, [.integer(2), .null], [.later, .later, .later]),
            (.min, [.integer(1)], [.less, .notNumber, .notNumber, .less]),
            (.max, [.integer(2), .integer(2)], [.notNumber, .greater, .notNumber]),
            (.sum, [.integer(2), .integer(1), .integer(2)], [.notNumber, .notNumber]),
            (.majority, [.integer(2), .integer(2)], [.noValue, .fewer, .fewer]),
            (.all, [.integer(2), .integer(1), .text("x"), .integer(2)], [.noValue]),
            (.concat, [.text("x")], [.noValue, .noValue, .noValue, .noValue]),
        ]
        for (resolver, because, over) in expected {
            let found = try await Self.reasons(values, resolver)
            #expect(found.because == because, "\(resolver)")
            #expect(found.over == over, "\(resolver)")
        }
    }

    @Test(
        "an author whose log forks is named as such where forked authors don't count, and a lack of any word is nothing"
    )
    func forked() async throws {
        var maker = DeltaMaker()
        let log = InMemoryDeltaLog()
        for value in 0..<2 {
            let pointers = [Pointer("user", entity: "e", targetContext: "p"), Pointer("p", .integer(Int64(value)))]
            _ = try await log.append([try maker.delta("ann", pointers)], cursors: [:])
        }
        let reader = EntityReader(log: log, perspective: Perspective(refusesForked: true))
        let property = try #require(await reader.blame(of: "e", limit: 10)?.properties.first)
        #expect(property.because.isEmpty && property.value == nil)
        #expect(property.over.map(\.why) == [.forked, .forked])
        #expect(try await reader.blame(of: "nobody", limit: 10) == nil)
    }

    @Test("what isn't told of 2,000 words is counted in the index")
    func cost() async throws {
        var maker = DeltaMaker()
        let log = InMemoryDeltaLog()
        var deltas: [AdmittedDelta] = []
        for value in 0..<2_000 {
            let pointers = [Pointer("user", entity: "e", targetContext: "p"), Pointer("p", .integer(Int64(value)))]
            deltas.append(try maker.delta("ann", pointers, after: deltas.suffix(1)))
        }
        _ = try await log.append(deltas, cursors: [:])
        let watched = WatchedLog(log)
        for resolver in [StandardResolver.lastWriteWins, .firstWriteWins] {
            let perspective = Perspective(resolvers: ResolverTable(["*": ["p": resolver]]))
            let reader = EntityReader(log: watched, perspective: perspective)
            let property = try #require(await reader.blame(of: "e", limit: 10)?.properties.first)
            #expect(property.because.map(\.value) == [.integer(resolver == .lastWriteWins ? 1_999 : 0)])
            #expect(property.over.count == 10 && property.overCount == 1_999)
        }
        #expect(watched.readings.allSatisfy { $0.deltas < 20 })
    }
}
