import Bytes
import RhizomeCore
import RhizomeTesting
import RhizomeViews
import StrictJSON
import Testing

@Suite struct EntityPutTests {
    private func put(_ properties: JSONObject) throws -> EntityPut {
        try EntityPut(collection: "user", id: "e", properties: properties)
    }

    private func plan(_ properties: JSONObject, over deltas: [ViewedDelta] = []) throws -> [PlannedDelta] {
        try put(properties).deltas(changing: VisibleDeltas(among: deltas, seenAs: Perspective()), transaction: "T")
    }

    private func pair(_ property: Text, _ value: Value) -> [Pointer] {
        [Pointer("user", entity: "e", targetContext: property), Pointer(property, value)]
    }

    @Test("one property is one delta with exactly two pointers")
    func oneProperty() throws {
        #expect(try plan(["name": "Ann"]) == [PlannedDelta(pointers: pair("name", .text("Ann")))])
    }

    @Test("more than one are a transaction, the size delta first, each later than what it replaces")
    func transaction() throws {
        let old = Fixture.write("a", at: 77, "name", .text("old"))
        let member = Pointer("_transaction", entity: "T", targetContext: "deltas")
        #expect(
            try plan(["name": "Ann", "id": "e", "age": 30], over: [old]) == [
                PlannedDelta(
                    pointers: [
                        Pointer("_transaction", entity: "T", targetContext: "size"), Pointer("size", .integer(2)),
                    ]
                ),
                PlannedDelta(pointers: [member] + pair("name", .text("Ann")), replacedTime: 77),
                PlannedDelta(pointers: [member] + pair("age", .integer(30))),
            ]
        )
    }

    @Test("what has the same CBOR bytes is not written again; null clears once")
    func unchanged() throws {
        let deltas = [
            Fixture.write("a", at: 1, "n", .integer(1)), Fixture.write("b", at: 1, "t", .text("\u{e9}")),
            Fixture.write("c", at: 1, "z", .null), Fixture.write("d", at: 1, "f", .float(0.5)),
        ]
        #expect(
            try plan(["n": 1, "t": "\u{e9}", "z": .null, "f": .float(0.5), "absent": .null, "id": 5], over: deltas)
                == []
        )
        #expect(try plan(["n": "1"], over: deltas).map(\.pointers) == [pair("n", .text("1"))])
        #expect(try plan(["t": "e\u{301}"], over: deltas).map(\.pointers) == [pair("t", .text("e\u{301}"))])
        #expect(try plan(["n": .null], over: deltas).map(\.pointers) == [pair("n", .null)])
        #expect(try plan(["z": false], over: deltas).map(\.pointers) == [pair("z", .bool(false))])
        #expect(try plan([:], over: deltas) == [])
    }

    @Test("what no visible delta tells of under this collection is written there, whatever others tell of it")
    func otherCollection() throws {
        let user = Fixture.write("a", at: 7, "active", .bool(true))
        func film(_ properties: JSONObject, over deltas: [ViewedDelta]) throws -> [PlannedDelta] {
            try EntityPut(collection: "film", id: "e", properties: properties)
                .deltas(changing: VisibleDeltas(among: deltas, seenAs: Perspective()), transaction: "T")
        }
        let active = [Pointer("film", entity: "e", targetContext: "active"), Pointer("active", .bool(true))]
        #expect(
            try film(["active": true], over: [user]) == [PlannedDelta(pointers: active, replacedTime: 7)]
        )
        // All that are named, or the film would lack some of them; but a null that clears nothing says nothing.
        let both = try film(["active": true, "year": 1962, "lost": .null], over: [user])
        #expect(both.map { $0.pointers.last?.value } == [.integer(2), .bool(true), .integer(1962)])
        let written = Fixture.delta("b", at: 8, active)
        #expect(try film(["active": true], over: [user, written]) == [])
        // Out of view it tells nothing.
        let negated = [user, written, Fixture.negation("c", at: 9, of: "b")]
        #expect(try film(["active": true], over: negated).map(\.pointers) == [active])
        let cleared = Fixture.write("d", at: 9, "active", .null)
        #expect(try film(["active": .null], over: [user, cleared]).map { $0.pointers.last?.value } == [.null])
    }

    @Test("where all are to be said, all are, in the order given, each later than what it replaces")
    func sayingAll() throws {
        let deltas = [Fixture.write("a", by: "bob", at: 7, "hours", .integer(5))]
        func all(_ properties: JSONObject) throws -> [PlannedDelta] {
            try EntityPut(collection: "user", id: "e", properties: properties, saysAll: true)
                .deltas(changing: VisibleDeltas(among: deltas, seenAs: Perspective()), transaction: "T")
        }
        #expect(
            try all(["hours": 5]) == [PlannedDelta(pointers: pair("hours", .integer(5)), replacedTime: 7)]
        )
        #expect(try all(["hours": 5, "none": .null, "id": "e"]).map(\.replacedTime) == [nil, 7, nil])
        #expect(try all([:]) == [])
    }

    @Test("a 1.0 in JSON is the integer 1 already")
    func reduced() throws {
        let json = try JSONValue(parsing: Array(#"{"n": 1.0, "m": 1e0}"#.utf8))
        let deltas = [Fixture.write("a", at: 1, "n", .integer(1)), Fixture.write("b", at: 1, "m", .integer(1))]
        #expect(try plan(try #require(json.object), over: deltas) == [])
    }

    @Test("clearing an entity is null for each of its values that a PUT can set")
    func clearing() throws {
        let deltas = [
            Fixture.write("a", at: 1, "name", .text("Ann")), Fixture.write("b", at: 2, "age", .integer(30)),
            Fixture.write("c", at: 3, "gone", .integer(1)), Fixture.write("d", at: 4, "gone", .null),
            Fixture.write("e", at: 5, "_odd", .integer(1)), Fixture.write("f", at: 6, "id", .text("e")),
        ]
        func view(_ deltas: [ViewedDelta]) throws -> EntityView {
            try #require(EntityView(of: "e", in: VisibleDeltas(among: deltas, seenAs: Perspective())))
        }
        let held = try view(deltas)
        #expect(held.hasValues)
        let puts = try EntityPut.clearing(held, collection: "user")
        #expect(puts.count == 1)
        let put = try #require(puts.first)
        #expect(put.properties.map(\.name) == ["age", "name"])
        #expect(put.properties.allSatisfy { $0.value == .null })
        #expect(try !view(Array(deltas[2...])).hasValues)
        #expect(!EntityView(absent: "e").hasValues)
        for view in [held, EntityView(absent: "e")] {
            #expect(throws: FieldError(.reserved, field: "", "")) {
                try EntityPut.clearing(view, collection: "_user")
            }
        }
        // A peer may have given it more properties than one PUT can name.
        let many = try view((0..<2_049).map { Fixture.write("\($0)", at: 1, Text("p\($0)"), .integer(1)) })
        let parts = try EntityPut.clearing(many, collection: "user")
        #expect(parts.map(\.properties.count) == [1_024, 1_024, 1])
        #expect(Set(parts.flatMap { $0.properties.map(\.name) }).count == 2_049)
    }

    @Test("a PUT has at most 1,024 properties, id not counted")
    func mostProperties() throws {
        var properties: JSONObject = ["id": "e"]
        for number in 0..<1_024 { properties.append(Text("p\(number)"), .integer(Int64(number))) }
        // The size, and each of them.
        #expect(try plan(properties).count == 1_025)
        properties.append("one more", 1)
        let error = #expect(throws: FieldError.self) { try put(properties) }
        #expect(error?.code == .count)
        #expect(error?.field == "properties")
        #expect(error?.message.contains("1024") == true)
    }

    @Test(
        "nothing is put into a collection that has a path of its own",
        arguments: [
            "audit", "blame", "collections", "contexts", "delta", "deltas", "functions", "health", "html", "hyperview",
            "lossless", "metrics", "openapi.json", "peers", "proofs", "queries", "query", "schemas", "status", "stream",
            "transaction", "trust", "ui",
        ]
    )
    func reservedCollections(name: Text) {
        #expect(throws: FieldError(.reserved, field: "collection", "")) {
            try EntityPut(collection: name, id: "e", properties: ["a": 1])
        }
    }

    @Test("reserved, empty and long names, arrays and objects are refused, with the field")
    func refusals() {
        let long = Text(String(repeating: "x", count: 1_025))
        let cases: [(JSONObject, FieldError.Code, String)] = [
            (["a": 1, "_b": 1], .reserved, "_b"), (["": 1], .value, ""), ([long: 1], .limit, long.string),
            (["a": []], .type, "a"), (["a": ["b": 1]], .type, "a"),
        ]
        for (properties, code, field) in cases {
            let error = #expect(throws: FieldError.self) { try put(properties) }
            #expect(error?.code == code)
            #expect(error?.field == field)
        }
        for (collection, id, code, field) in [
            ("_c", "e", .reserved, "collection"), ("trust", "e", .reserved, "collection"),
            ("", "e", .value, "collection"), (long, "e", .limit, "collection"), ("c", "", .value, "id"),
            ("c", long, .limit, "id"), ("c", "count", .reserved, "id"),
        ] as [(Text, Text, FieldError.Code, String)] {
            let error = #expect(throws: FieldError.self) {
                try EntityPut(collection: collection, id: id, properties: [:])
            }
            #expect(error?.code == code)
            #expect(error?.field == field)
        }
        #expect(throws: Never.self) { try put([Text(String(repeating: "x", count: 1_024)): 1]) }
    }

    @Test("what is planned, once written, shows as it was asked for, and planning it again gives nothing")
    func idempotence() throws {
        let names: [Text] = ["a", "b", "user", "size", "deltas"]
        try withSeed { random in
            var deltas: [ViewedDelta] = []
            for round in 0..<100 {
                var wanted = JSONObject()
                for name in names where Bool.random(using: &random) {
                    wanted.append(name, [.null, 1, "x", true].randomElement(using: &random) ?? .null)
                }
                let put = try put(wanted)
                let before = VisibleDeltas(among: deltas, seenAs: Perspective())
                let planned = put.deltas(changing: before, transaction: Text("T\(round)"))
                for (index, delta) in planned.enumerated() {
                    let time = max(Timestamp(round), (delta.replacedTime ?? 0) + 1)
                    deltas.append(Fixture.delta("\(round)-\(index)", at: time, delta.pointers))
                }
                let after = VisibleDeltas(among: deltas.shuffled(using: &random), seenAs: Perspective())
                let view = EntityView(of: "e", in: after)
                for member in wanted.members { #expect(view?.properties[member.name] ?? .null == member.value) }
                #expect(put.deltas(changing: after, transaction: "again").isEmpty)
            }
        }
    }
}
