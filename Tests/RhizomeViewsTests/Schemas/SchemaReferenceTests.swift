import Bytes
import RhizomeCore
import RhizomeTesting
import SignedStatements
import StrictJSON
import Testing

@testable import RhizomeViews

/// What the reference implementation answers about schemas, as our specification states it.
///
/// Its schemas are written in our form: an array of references is `many`, and `maxDepth` n, which counts the root, is
/// `levels` n - 1.
@Suite struct SchemaReferenceTests {
    /// A log with a case's deltas and schemas.
    private func bench(_ reference: ReferenceCase) async throws -> SchemaBench {
        var schemas: [Text: JSONValue] = [:]
        for member in reference.schemas.members { schemas[member.name] = try schema(member.value) }
        let bench = try await SchemaBench(schemas)
        for delta in reference.signed {
            let arrival = Arrival(timeReceived: delta.header.timeCreated, receivedFrom: nil, trustStatement: nil)
            try await bench.append([try delta.admitted(after: [:], arrival: arrival)])
        }
        return bench
    }

    private func schema(_ json: JSONValue) throws -> JSONValue {
        var properties = JSONObject()
        let document = try #require(json.object)
        let required = document["requiredProperties"]?.array ?? []
        for member in try #require(document["properties"]?.object).members {
            let property = try #require(member.value.object)
            let item = property["itemSchema"]?.object ?? property
            var ours = JSONObject()
            switch item["type"] {
            case "reference":
                ours.append("type", "reference")
                ours.append("schema", try #require(item["targetSchema"]))
                ours.append("levels", .integer((item["maxDepth"]?.integer ?? 2) - 1))
            case "primitive":
                ours.append("type", item["primitiveType"] == "string" ? "text" : item["primitiveType"] ?? "")
            case let other: ours.append("type", other ?? "any")
            }
            if property["type"] == "array" { ours.append("many", true) }
            if required.contains(.text(member.name)) { ours.append("required", true) }
            properties.append(member.name, .object(ours))
        }
        return ["properties": .object(properties)]
    }

    @Test(
        "a query finds the reference's entities",
        arguments: try ReferenceCase.named(["Q01", "Q03", "Q05", "Q06", "Q08", "Q15"])
    )
    func query(reference: ReferenceCase) async throws {
        let bench = try await bench(reference)
        let graph = try await bench.graph(try #require(reference.operation["schema"]?.text))
        let filter = try reference.operation["filter"].map { try JSONLogicRule($0) }
        let found = try await EntityReader(log: bench.log).query(SchemaQuery(filter: filter), through: graph)
        let told: JSONValue = [
            "totalFound": .integer(Int64(found.total)), "limited": .bool(found.ids.count < found.total),
            "ids": .array(found.ids.map { .text($0) }),
        ]
        #expect(told == reference.expected)
    }

    @Test(
        "a schema that there isn't is not found, where the reference finds nothing",
        arguments: try ReferenceCase.named(["Q10"])
    )
    func unknownSchema(reference: ReferenceCase) async throws {
        let bench = try await bench(reference)
        let name = DefinitionName(try #require(reference.operation["schema"]?.text), by: bench.own)
        #expect(try await bench.definitions.definition(name) == nil)
    }

    @Test("an unknown operator is named", arguments: try ReferenceCase.named(["Q11"]))
    func unknownOperator(reference: ReferenceCase) throws {
        let rule = try #require(reference.operation["filter"])
        let error = #expect(throws: JSONLogicError.self) { try JSONLogicRule(rule) }
        let operation = try #require(error?.unknownOperator)
        #expect(["error": .string("Invalid query operator: \(operation)")] == reference.expected)
    }

    @Test("one entity is had by its id and schema, another isn't there", arguments: try ReferenceCase.named(["Q13"]))
    func one(reference: ReferenceCase) async throws {
        let bench = try await bench(reference)
        let graph = try await bench.graph(try #require(reference.operation["schema"]?.text))
        var found: [JSONValue] = []
        for id in try #require(reference.operation["ids"]?.array).compactMap(\.text) {
            let view = try await EntityReader(log: bench.log).nested(id, through: graph)
            found.append(view.map { .text($0.id) } ?? .null)
        }
        #expect(.array(found) == reference.expected)
    }

    @Test(
        "references are shown as deep as both limits allow",
        arguments: try ReferenceCase.named(["X01", "X03"])
    )
    func nested(reference: ReferenceCase) async throws {
        let bench = try await bench(reference)
        let graph = try await bench.graph(try #require(reference.operation["schema"]?.text))
        let depth = try #require(reference.operation["maxDepth"]?.integer)
        let view = try await EntityReader(log: bench.log).nested(
            try #require(reference.operation["entity"]?.text),
            through: graph,
            levels: Int(depth) - 1
        )
        #expect(shown(try #require(view?.properties)) == shown(expected: reference.expected))
    }

    @Test(
        "a reference to nobody is marked, where the reference makes a composite",
        arguments: try ReferenceCase.named(["X06"])
    )
    func dangling(reference: ReferenceCase) async throws {
        let bench = try await bench(reference)
        let view = try await EntityReader(log: bench.log).nested("alice", through: bench.graph("user"))
        #expect(view?.properties["friends"] == [["id": "nonexistent", "dangling": true]])
    }

    @Test(
        "an entity that refers to itself is shown again by another schema alone, where the reference leaves it out",
        arguments: try ReferenceCase.named(["X05"])
    )
    func itself(reference: ReferenceCase) async throws {
        let bench = try await bench(reference)
        let view = try await EntityReader(log: bench.log).nested("alice", through: bench.graph("user"))
        #expect(view?.properties["friends"] == [["id": "alice", "properties": ["name": "Alice"]]])
        let same = try await SchemaBench([
            "user": ["properties": ["friends": ["type": "reference", "many": true, "schema": "user"]]]
        ])
        try await same.append(
            try await bench.log.deltas(after: 0, limit: 10).map { stored in
                try stored.delta.admitted(
                    after: [:],
                    arrival: Arrival(
                        timeReceived: stored.delta.header.timeCreated,
                        receivedFrom: nil,
                        trustStatement: nil
                    )
                )
            }.filter { !$0.delta.body.pointers.contains { $0.localContext == "_schema" } }
        )
        let cycle = try await EntityReader(log: same.log).nested("alice", through: same.graph("user"))
        #expect(cycle?.properties["friends"] == [["id": "alice", "cycle": true]])
    }

    /// The ids of those that are shown with their properties, by property.
    private func shown(_ properties: JSONObject) -> JSONValue {
        var shown = JSONObject()
        for member in properties.members {
            let items = (member.value.array ?? [member.value]).compactMap(\.object).filter { $0["properties"] != nil }
            guard !items.isEmpty else { continue }
            shown.append(
                member.name,
                .array(
                    items.map { item in
                        ["id": item["id"] ?? .null, "nested": self.shown(item["properties"]?.object ?? [:])]
                    }
                )
            )
        }
        return .object(shown)
    }

    private func shown(expected: JSONValue) -> JSONValue {
        var shown = JSONObject()
        for member in expected.object?["nested"]?.object?.members ?? [] {
            shown.append(
                member.name,
                .array(
                    (member.value.array ?? []).map { item in
                        ["id": item.object?["id"] ?? .null, "nested": self.shown(expected: item)]
                    }
                )
            )
        }
        return .object(shown)
    }

    @Test(
        "what can't be a schema is refused, an unknown type in the reference's words",
        arguments: try ReferenceCase.named(["X08"])
    )
    func register(reference: ReferenceCase) throws {
        let schemas = try #require(reference.operation["schemas"]?.array)
        #expect(throws: SchemaError.unknownType(property: "bad")) {
            try SchemaDefinition(json: try schema(schemas[0]))
        }
        #expect(reference.expected.array?.first == ["error": "Unknown schema type at invalid.bad"])
        // What is required is said of a property, so none can be that there isn't.
        let member = FieldError(.unknown, field: "requiredProperties", "")
        #expect(throws: member) {
            try SchemaDefinition(json: ["properties": [:], "requiredProperties": ["nonexistent"]])
        }
        #expect(throws: FieldError(.value, field: "name", "")) { try SchemaDefinition.checkName("") }
    }

    @Test("what comes from elsewhere isn't refused but told", arguments: try ReferenceCase.named(["X12"]))
    func violations(reference: ReferenceCase) async throws {
        let bench = try await bench(reference)
        for (index, put) in try #require(reference.operation["puts"]?.array).enumerated() {
            let id = try #require(put.array?[0].text)
            let put = try EntityPut(collection: "users", id: id, properties: try #require(put.array?[1].object))
            let plan = try await EntityReader(log: bench.log).plan(put, by: bench.own) { Text("T\(index)") }
            for delta in plan.deltas { try await bench.append([try bench.maker.delta("own", delta.pointers)]) }
        }
        let schema = try await bench.graph("user").schema
        let page = try await EntityReader(log: bench.log).violations(of: schema, in: "users", count: 10)
        let expected = try #require(reference.expected.object)
        #expect(expected["total"] == .integer(Int64(page.checked)))
        #expect(expected["invalid"] == .integer(Int64(page.invalid)))
        #expect(expected["invalidIds"] == .array(page.violations.map { .text($0.entity) }))
    }

    @Test("the worked example of a blog post, delta by delta", arguments: try ReferenceCase.named(["B10"]))
    func blogPost(reference: ReferenceCase) async throws {
        // The reference's rules go by roles: each is a reference of the property under which it stands.
        let bench = try await SchemaBench([
            "post": [
                "properties": [
                    "author": ["type": "reference", "schema": "named_entity"],
                    "comments": ["type": "reference", "many": true, "role": "comment", "schema": "comment"],
                ]
            ], "named_entity": ["properties": [:]], "comment": ["properties": [:]],
        ])
        for delta in reference.signed {
            let arrival = Arrival(timeReceived: delta.header.timeCreated, receivedFrom: nil, trustStatement: nil)
            try await bench.append([try delta.admitted(after: [:], arrival: arrival)])
        }
        let view = try await EntityReader(log: bench.log).nestedLossless("post_001", through: bench.graph("post"))
        let root = try #require(view?.root)
        let deltas = Dictionary(uniqueKeysWithValues: reference.signed.map { ($0.id, $0.body.pointers) })
        func told(_ node: NestedLossless.Node) -> JSONObject {
            var json = JSONObject()
            for (name, items) in node.properties {
                json.append(
                    name,
                    .array(
                        items.map { item in
                            var expanded = JSONObject()
                            for (index, shown) in item.shown {
                                guard case .entity(let other) = shown, let pointer = deltas[item.delta]?[index] else {
                                    continue
                                }
                                var inner: JSONObject = ["id": .text(other.id)]
                                for member in told(other).members { inner.append(member.name, member.value) }
                                expanded.append(pointer.localContext, .object(inner))
                            }
                            guard expanded.count > 0 else { return reference.label(item.delta) }
                            return ["delta": reference.label(item.delta), "expanded": .object(expanded)]
                        }
                    )
                )
            }
            return json
        }
        let expected = try #require(reference.expected.object?["post_001"]?.object)
        #expect(sorted(.object(told(root))) == sorted(.object(expected)))
    }

    /// The same with members by the bytes of their names.
    private func sorted(_ json: JSONValue) -> JSONValue {
        switch json {
        case .array(let items): return .array(items.map(sorted))
        case .object(let object):
            var told = JSONObject()
            for member in object.members.sorted(by: { $0.name < $1.name }) {
                told.append(member.name, sorted(member.value))
            }
            return .object(told)
        default: return json
        }
    }

    @Test("circles between schemas are named", arguments: try ReferenceCase.named(["B15"]))
    func cycle(reference: ReferenceCase) async throws {
        let schemas = try #require(reference.operation["schemas"]?.object)
        let cycles = await SchemaReferences.cycles(from: try #require(reference.operation["start"]?.text)) { name in
            schemas[name]?.object?.members.compactMap(\.value.text) ?? []
        }
        #expect(.array((cycles.first ?? []).map { .text($0) }) == reference.expected)
    }

    @Test("a relationship entity resolves to its fields", arguments: try ReferenceCase.named(["V06"]))
    func relate(reference: ReferenceCase) throws {
        let arguments = try #require(reference.operation["args"]?.array)
        let texts = arguments.compactMap(\.text)
        let put = try RelationshipPut(
            id: "r",
            from: texts[0],
            to: texts[1],
            type: texts[2],
            properties: try #require(arguments[3].object)
        )
        let deltas = put.deltas(transaction: "T").enumerated().map { index, planned in
            Fixture.delta("\(index)", at: Timestamp(Int64(index)), planned.pointers)
        }
        let view = EntityView(of: "r", in: VisibleDeltas(among: deltas, seenAs: Perspective()))
        #expect(view.map { .object($0.properties) } == reference.expected)
    }
}
