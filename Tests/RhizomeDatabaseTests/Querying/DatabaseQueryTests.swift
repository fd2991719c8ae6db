import Bytes
import RhizomeCore
import RhizomeDatabase
import RhizomeIdentity
import RhizomeQueries
import RhizomeTesting
import RhizomeViews
import SignedStatements
import StrictJSON
import Testing

/// Queries over what a database holds (spec: query.md).
@Suite struct DatabaseQueryTests {
    private static let people = #"{"entities":{"of":"user","columns":["name","age"]}}"#

    private static func perspectives(
        _ deltas: [ViewedDelta],
        using random: inout SeededGenerator
    ) throws -> [Perspective] {
        let mod = try TestAuthors.signer("mod").publicKey
        let bob = try TestAuthors.signer("bob").publicKey
        let resolvers = StandardResolver.allCases.map { resolver in
            Perspective(resolvers: ResolverTable(["user": ["age": resolver, "name": resolver]]), ranking: [bob, mod])
        }
        return [
            Perspective(), Perspective(moderators: [mod]), Perspective(without: [bob]),
            Perspective(asOf: deltas.map(\.timeCreated).randomElement(using: &random)),
        ] + resolvers.shuffled(using: &random).prefix(4)
    }

    /// The rows of `people` by the definition of views.
    private static func expected(_ deltas: [ViewedDelta], _ perspective: Perspective) -> [[JSONValue?]] {
        let visible = VisibleDeltas(among: deltas, seenAs: perspective)
        return (["e", "f", "g"] as [Text]).compactMap { id in
            let isMember = visible.deltas(about: id).contains { delta in
                delta.pointers.contains { $0.localContext == "user" && $0.entity?.id == id }
            }
            let view = EntityView(of: id, in: visible) { perspective.resolver(of: $0, in: "user") }
            guard isMember, let view else { return nil }
            return [.text(id), view.properties["name"], view.properties["age"]]
        }
    }

    private static func cells(_ result: QueryResult) -> [[JSONValue?]] {
        (0..<result.count).map { result.cells(ofRow: $0) }.sorted { "\($0)" < "\($1)" }
    }

    @Test("entities are the rows that views show, from any perspective, at any position")
    func entities() async throws {
        try await withSeedAsync { random in
            for _ in 0..<25 {
                let deltas = try RandomHistory.deltas(about: ["e", "f", "g"], using: &random)
                let node = try await QueriedDatabase(deltas)
                let position = Int.random(in: 0...deltas.count, using: &random)
                for held in [deltas.count, position] {
                    let viewed = deltas.prefix(held).map { ViewedDelta($0.delta) }
                    for perspective in try Self.perspectives(viewed, using: &random) {
                        let answer = try await node.database.query(
                            QueriedDatabase.query(#"{"query":\#(Self.people)}"#),
                            from: perspective,
                            at: Int64(held)
                        )
                        let expected = Self.expected(viewed, perspective).sorted { "\($0)" < "\($1)" }
                        #expect(Self.cells(answer.result) == expected, "\(random.seed)")
                        #expect(answer.position == Int64(held))
                    }
                }
            }
        }
    }

    @Test("a row is there by the deltas alone on which it rests, each of which counts")
    func provenance() async throws {
        try await withSeedAsync { random in
            for _ in 0..<15 {
                let deltas = try RandomHistory.deltas(about: ["e", "f", "g"], using: &random)
                let node = try await QueriedDatabase(deltas)
                let viewed = deltas.map { ViewedDelta($0.delta) }
                let query = try QueriedDatabase.query(#"{"query":\#(Self.people),"provenance":"rows"}"#)
                for perspective in try Self.perspectives(viewed, using: &random) {
                    let result = try await node.database.query(query, from: perspective).result
                    let visible = VisibleDeltas(among: viewed, seenAs: perspective)
                    let counted = Set(
                        (["e", "f", "g"] as [Text]).flatMap { id in
                            visible.deltas(about: id).map(\.id).filter { !visible.negated.contains($0) }
                        }
                    )
                    for row in 0..<result.count {
                        let because = result.because(ofRow: row)
                        #expect(!because.isEmpty && counted.isSuperset(of: because), "\(random.seed)")
                        let evidence = Self.evidence(because, viewed)
                        let alone = try await QueriedDatabase(deltas.filter { evidence.contains($0.delta.id) })
                        let again = try await alone.database.query(query, from: perspective).result
                        let isThere = (0..<again.count).contains { again.cells(ofRow: $0) == result.cells(ofRow: row) }
                        #expect(isThere, "\(random.seed)")
                    }
                }
            }
        }
    }

    /// Some deltas, and all on which it rests whether they count: their transactions, and what negates what is there.
    private static func evidence(_ ids: [DeltaID], _ deltas: [ViewedDelta]) -> Set<DeltaID> {
        var found = Set(ids)
        var before = 0
        while found.count > before {
            before = found.count
            let held = deltas.filter { found.contains($0.id) }
            let transactions = Set(
                held.flatMap { delta in
                    delta.pointers.filter { $0.localContext == "_transaction" }.compactMap(\.entity?.id)
                }
            )
            for delta in deltas {
                for pointer in delta.pointers {
                    guard let (id, _) = pointer.entity else { continue }
                    let isPart = pointer.localContext == "_transaction" && transactions.contains(id)
                    let negates =
                        pointer.localContext == "_negates" && DeltaID(hex: id.string).map(found.contains) == true
                    if isPart || negates { found.insert(delta.id) }
                }
            }
        }
        return found
    }

    // MARK: - Examples

    private static func casting(_ film: Text, _ actor: Text, _ more: [Pointer] = []) -> [Pointer] {
        [
            Pointer("film", entity: film, targetContext: "cast"),
            Pointer("actor", entity: actor, targetContext: "roles"),
        ] + more
    }

    private static func write(_ collection: Text, _ id: Text, _ property: Text, _ value: Value) -> [Pointer] {
        [Pointer(collection, entity: id, targetContext: property), Pointer(property, value)]
    }

    private static func films() async throws -> QueriedDatabase {
        var maker = DeltaMaker()
        let deltas = try [
            maker.delta("ann", write("film", "matrix", "title", .text("The Matrix"))),
            maker.delta("ann", write("film", "speed", "year", .integer(1994))),
            maker.delta("bob", write("person", "keanu", "name", .text("Keanu"))),
            maker.delta("ann", casting("matrix", "keanu", [Pointer("pay", .integer(10))])),
            maker.delta("ann", casting("speed", "keanu", [Pointer("actor", entity: "sandra", targetContext: "roles")])),
            maker.delta("bob", write("person", "keanu", "_secret", .integer(1))),
        ]
        return try await QueriedDatabase(deltas)
    }

    @Test("what isn't named is all that entities have; what nobody has may be asked for")
    func open() async throws {
        let node = try await Self.films()
        #expect(
            try await node.rows(#"{"query":{"entities":{"of":"film"}}}"#) == [
                #"{"id":"speed","year":1994}"#, #"{"id":"matrix","title":"The Matrix"}"#,
            ]
        )
        let plain = try await node.database.query(QueriedDatabase.query(#"{"query":{"entities":{"of":"film"}}}"#))
        #expect(plain.result.columns == ["id", "title", "year"])
        #expect(
            try await node.rows(
                #"{"query":{"project":[{"select":[{"entities":{"of":"film"}},{"!":[{"var":"rating"}]}]},["id","rating"]]}}"#
            ) == [#"{"id":"speed"}"#, #"{"id":"matrix"}"#]
        )
        #expect(try await node.rows(#"{"query":{"project":[{"entities":{}},["id"]]}}"#).count == 4)
        #expect(
            try await node.rows(
                #"{"query":{"select":[{"entities":{"of":"person"}},{"in":[{"var":"id"},["nobody","keanu"]]}]}}"#
            ) == [#"{"id":"keanu","name":"Keanu"}"#]
        )
    }

    @Test("deltas about a property are rows of their roles, one for each pointer of a role")
    func deltas() async throws {
        let node = try await Self.films()
        let cast = #"{"deltas":{"property":"cast","columns":{"film":"film","who":"actor","pay":"pay"}}}"#
        #expect(
            try await node.rows(#"{"query":{"project":[\#(cast),["film","who","pay"]]}}"#) == [
                #"{"film":"speed","who":"keanu"}"#, #"{"film":"speed","who":"sandra"}"#,
                #"{"film":"matrix","who":"keanu","pay":10}"#,
            ]
        )
        let names = #"{"join":[\#(cast),{"entities":{"of":"person","columns":["name"]}},{"on":[["who","id"]]}]}"#
        #expect(
            try await node.rows(#"{"query":{"project":[\#(names),["film","name"]]}}"#) == [
                #"{"film":"speed","name":"Keanu"}"#, #"{"film":"matrix","name":"Keanu"}"#,
            ]
        )
        let told = try await node.database.query(QueriedDatabase.query(#"{"query":\#(cast),"provenance":"cells"}"#))
            .result
        let ann = try TestAuthors.signer("ann").publicKey
        for index in 0..<told.count {
            let row = told.json(ofRow: index)
            let delta = try #require(row["_delta"])
            #expect(row["_creator"] == .string(ann.did) && row["_time"]?.integer != nil)
            #expect(row["_because"]?.object?[""] == [delta])
        }
    }

    @Test("a query that is too large for all, or has no meaning over what is held, says so")
    func refusals() async throws {
        let node = try await Self.films()
        let schema = try QueriedDatabase.query(#"{"query":{"project":[{"entities":{"schema":"film"}},["id"]]}}"#)
        await #expect(throws: QueryFault.self) { try await node.database.query(schema) }
        // Only what is held tells that both have a title.
        let both = try QueriedDatabase.query(
            #"{"query":{"join":[{"entities":{"of":"film"}},{"rename":[{"entities":{"of":"film"}},{"id":"other"}]},{"on":[["id","other"]]}]}}"#
        )
        let fault = await #expect(throws: QueryFault.self) { try await node.database.query(both) }
        #expect(fault?.at == "/join")
    }
}
