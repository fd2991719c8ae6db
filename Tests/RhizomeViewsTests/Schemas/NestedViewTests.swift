import Bytes
import RhizomeCore
import RhizomeTesting
import SignedStatements
import StrictJSON
import Testing

@testable import RhizomeViews

/// Entities as schemas show them, with what they refer to (spec: schemas.md, "Nested views").
@Suite struct NestedViewTests {
    private static let user: JSONValue = [
        "properties": [
            "name": ["type": "text", "required": true, "maxLength": 3], "age": ["type": "integer", "max": 5],
            "nick": ["type": "text", "default": "none"],
            "friends": ["type": "reference", "many": true, "schema": "user", "levels": 3],
            "boss": ["type": "reference", "role": "is", "schema": "person", "inverse": "leads"],
            "double": ["type": "number", "derived": ["+": [["var": "age"], ["var": "age"]]]],
            "fourfold": ["derived": ["*": [2, ["var": "double"]]]],
            "roles": ["type": "relation", "relation": "casting"],
        ],
        "relations": [
            "casting": [
                "roles": [
                    "actor": ["context": "roles", "required": true], "film": ["schema": "person", "many": true],
                    "salary": ["type": "integer"],
                ]
            ]
        ],
    ]
    private static let person: JSONValue = [
        "collection": "user", "open": false,
        "properties": [
            "name": ["type": "text", "resolver": "first-write-wins"],
            "friends": ["type": "reference", "many": true, "schema": "user", "levels": 8, "required": true],
        ],
    ]

    @Test("over random histories of entities in circles it is what a look at all deltas gives")
    func oracle() async throws {
        try await withSeedAsync(nil) { random in
            for _ in 0..<60 {
                let bench = try await SchemaBench(["user": Self.user, "person": Self.person])
                let deltas = try Self.deltas(&bench.maker, using: &random)
                try await bench.append(deltas)
                let mod = try bench.maker.author("mod")
                for perspective in [
                    Perspective(), Perspective(moderators: [mod], without: [try bench.maker.author("ann")]),
                ] {
                    let visible = VisibleDeltas(among: deltas.map { ViewedDelta($0.delta) }, seenAs: perspective)
                    for schema in ["user", "person"] as [Text] {
                        let graph = try await bench.graph(schema)
                        for levels in [nil, 0, 2] as [Int?] {
                            let all = Bool.random(using: &random)
                            let view = try await EntityReader(log: bench.log, perspective: perspective).nested(
                                "a",
                                in: "user",
                                through: graph,
                                levels: levels,
                                tellingAllMissing: all
                            )
                            var oracle = NestedOracle(
                                visible: visible,
                                schemas: ["user": Self.user, "person": Self.person],
                                tellsAllMissing: all
                            )
                            let expected = oracle.view(of: "a", schema, levels: levels ?? 8)
                            let told = expected.map { properties -> JSONObject in
                                [
                                    "id": "a",
                                    "schema": ["name": .text(schema), "delta": .string(graph.root.delta.description)],
                                    "properties": properties, "missing": .array(oracle.missing),
                                    "defaulted": .array(oracle.defaulted), "violations": .array(oracle.violations),
                                ]
                            }
                            #expect(view?.json(own: bench.own) == told, "RHIZOME_TEST_SEED=\(random.seed)")
                        }
                    }
                }
            }
        }
    }

    private static func deltas(
        _ maker: inout DeltaMaker,
        using random: inout SeededGenerator
    ) throws -> [AdmittedDelta] {
        let entities: [Text] = ["a", "b", "c", "d"]
        var deltas: [AdmittedDelta] = []
        for _ in 0..<Int.random(in: 0..<50, using: &random) {
            let entity = entities.randomElement(using: &random) ?? "a"
            let other = entities.randomElement(using: &random) ?? "a"
            func subject(_ property: Text) -> Pointer { Pointer("user", entity: entity, targetContext: property) }
            let pointers: [Pointer]
            switch Int.random(in: 0..<12, using: &random) {
            case 0:
                pointers = [
                    subject("name"),
                    Pointer("name", .text(Text(String(repeating: "x", count: Int.random(in: 1...5, using: &random))))),
                ]
            case 1:
                pointers = [
                    subject("age"),
                    Pointer("age", Bool.random(using: &random) ? .integer(.random(in: 0..<9, using: &random)) : .null),
                ]
            case 2:
                pointers = [subject("nick"), Pointer("nick", Bool.random(using: &random) ? .text("n") : .bool(true))]
            case 3: pointers = [subject("stray"), Pointer("stray", .text("s"))]
            case 4, 5:
                pointers = [subject("friends"), Pointer("friends", entity: other, targetContext: "user.friends")]
            case 6:
                pointers = [
                    subject("friends"), Pointer("friends", Bool.random(using: &random) ? .text(other) : .integer(7)),
                ]
            case 7: pointers = [subject("boss"), Pointer("is", entity: other, targetContext: "leads")]
            case 8: pointers = [subject("boss"), Pointer("boss", .text(other)), Pointer("nothing", .null)]
            case 9, 10:
                var all = [Pointer("actor", entity: entity, targetContext: "roles")]
                if Bool.random(using: &random) {
                    all.append(Pointer("film", entity: other, targetContext: "film.casting"))
                }
                if Bool.random(using: &random) {
                    all.append(Pointer("film", entity: "e", targetContext: "film.casting"))
                }
                if Bool.random(using: &random) {
                    all.append(Pointer("salary", Bool.random(using: &random) ? .integer(9) : .text("much")))
                }
                pointers = all.shuffled(using: &random)
            default:
                guard let target = deltas.randomElement(using: &random) else { continue }
                pointers = .negation(of: target.delta.id)
            }
            deltas.append(try maker.delta(["ann", "bob", "mod"].randomElement(using: &random) ?? "ann", pointers))
        }
        return deltas
    }

    @Test("a tree has 10,000 nodes at most, and one node more is refused as a whole")
    func nodes() async throws {
        let bench = try await SchemaBench(["user": Self.user])
        func befriend(_ count: Int) throws -> AdmittedDelta {
            try bench.maker.delta(
                "ann",
                [
                    Pointer("user", entity: "a", targetContext: "friends"),
                    Pointer("friends", entity: Text("f\(count)"), targetContext: "user.friends"),
                ]
            )
        }
        let reader = EntityReader(log: bench.log)
        try await bench.append((1..<NestedView.mostNodes).map(befriend))
        let view = try await reader.nested("a", in: "user", through: bench.graph("user"))
        #expect(view?.properties["friends"]?.array?.count == NestedView.mostNodes - 1)
        #expect(view?.properties["friends"]?.array?.last == ["id": "f9999", "dangling": true])
        try await bench.append([befriend(NestedView.mostNodes)])
        let graph = try await bench.graph("user")
        await #expect(throws: ReadLimit(.nodes, most: NestedView.mostNodes)) {
            _ = try await reader.nested("a", in: "user", through: graph)
        }
    }

    @Test("who is a schema's is told by its required properties and its collection")
    func members() async throws {
        let bench = try await SchemaBench(["user": Self.user, "person": Self.person, "any": ["properties": [:]]])
        try await bench.append([
            try bench.maker.delta(
                "ann",
                [Pointer("user", entity: "a", targetContext: "name"), Pointer("name", .text("A"))]
            ),
            try bench.maker.delta(
                "ann",
                [Pointer("film", entity: "f", targetContext: "name"), Pointer("name", .text("F"))]
            ),
            try bench.maker.delta(
                "ann",
                [Pointer("user", entity: "b", targetContext: "name"), Pointer("name", .text("B"))]
            ),
            try bench.maker.delta(
                "ann",
                [Pointer("user", entity: "b", targetContext: "name"), Pointer("name", .null)]
            ),
            try bench.maker.delta(
                "ann",
                [Pointer("user", entity: "b", targetContext: "friends"), Pointer("friends", .text("a"))]
            ),
        ])
        for (schema, members) in [("user", ["a", "f"]), ("person", ["b"]), ("any", ["a", "b", "f"])] as [(Text, [Text])]
        {
            let graph = try await bench.graph(schema)
            let found = try await EntityReader(log: bench.log).look { lookup in
                try (["a", "b", "c", "f"] as [Text]).filter { try lookup.isMember($0, of: graph.schema) }
            }
            #expect(found == members)
        }
    }
}
