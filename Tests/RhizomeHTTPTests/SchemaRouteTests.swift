import Bytes
import DatabaseTesting
import HTTPTypes
import RhizomeCore
import RhizomeDatabase
import RhizomeIdentity
import RhizomeTesting
import RhizomeViews
import SignedStatements
import StrictJSON
import Testing

@testable import RhizomeHTTP

/// Schemas over HTTP (spec: schemas.md, "Names and storing").
@Suite struct SchemaRouteTests {
    @Test("a schema is kept in one delta, and told with its version and the circles that it leads into")
    func put() async throws {
        let api = try await APIHarness()
        let before = try await api.node.memory.count()
        let definition: JSONValue = [
            "properties": ["name": ["type": "text"], "friends": ["type": "reference", "schema": "user"]]
        ]
        let answer = try await api.put("/api/schemas/user", definition.description)
        #expect(answer.status == 200)
        let delta = try #require(try await api.node.memory.deltas(after: before, limit: 10).last?.delta)
        #expect(
            delta.body.pointers == [
                Pointer("_schema", entity: "user", targetContext: "definition"),
                Pointer("definition", .text(Text(definition.description))),
            ]
        )
        #expect(answer.headers[.eTag] == "\"\(delta.id)\"")
        let expected: JSONValue = [
            "name": "user", "creator": api.node.identity.json,
            "timeCreated": .integer(delta.header.timeCreated.microseconds), "delta": delta.id.json,
            "cycles": [["user", "user"]], "definition": definition,
        ]
        #expect(answer.json == expected)
        #expect(try await api.get("/api/schemas/user").json == expected)
        _ = try await api.put("/api/schemas/user", definition.description)
        #expect(try await api.node.memory.count() == before + 1)
        let list = try await api.get("/api/schemas").json.array
        #expect(list?.map { $0.object?["definition"] } == [definition])
        // A context of the same name is another thing.
        #expect(try await api.get("/api/contexts/user").status == 404)
        _ = try await api.put("/api/contexts/user", "{}")
        #expect(try await api.get("/api/schemas/user").json == expected)
    }

    @Test("a schema is told as JSON Schema of the tree that it shows, with the schemas to which it refers")
    func jsonSchema() async throws {
        let api = try await APIHarness()
        _ = try await api.put(
            "/api/schemas/user",
            #"""
            {"description": "somebody", "open": false, "properties": {
              "name": {"type": "text", "required": true, "pattern": "[A-Z].*", "maxLength": 9},
              "age": {"type": "integer", "min": 0, "default": 1}, "tags": {"many": true, "minItems": 1},
              "friends": {"type": "reference", "schema": "user", "many": true},
              "boss": {"type": "reference", "schema": "person"}, "home": {"type": "reference"},
              "roles": {"type": "relation", "relation": "cast"}},
             "relations": {"cast": {"roles": {"film": {"schema": "film", "required": true}, "pay": {"type": "number"}}}}}
            """#
        )
        _ = try await api.put("/api/schemas/film", #"{"properties": {"title": {"type": "text"}}}"#)
        let answer = try await api.get("/api/schemas/user?format=json-schema")
        #expect(answer.status == 200 && answer.headers[.contentType] == "application/schema+json")
        #expect(answer["$schema"] == "https://json-schema.org/draft/2020-12/schema")
        #expect(answer["description"] == "somebody" && answer["title"] == "user")
        let definitions = try #require(answer["$defs"]?.object)
        #expect(definitions.members.map(\.name) == ["user", "person", "film"])
        #expect(definitions["person"] == ["type": "object"])
        let user = try #require(definitions["user"]?.object)
        #expect(user["required"] == ["name"] && user["additionalProperties"] == false)
        let told = try #require(user["properties"]?.object)
        #expect(told["name"] == ["type": "string", "maxLength": 9, "pattern": "^(?:[A-Z].*)$"])
        #expect(told["age"] == ["default": 1, "type": "integer", "minimum": 0])
        // The schema takes the tree, and refuses what isn't one.
        let check = JSONSchemaCheck(document: try #require(answer.json.object))
        let right: JSONValue = [
            "id": "ann", "schema": ["name": "user", "delta": "x"],
            "properties": [
                "name": "Ann", "age": 2, "tags": ["a", 1],
                "friends": [["id": "bob", "properties": ["name": "Bob"]], ["id": "ann", "cycle": true]],
                "boss": ["id": "eve", "properties": ["any": [1]]], "home": ["id": "h", "dangling": true],
                "roles": [
                    [
                        "delta": "d", "creator": "c", "timeCreated": 1,
                        "roles": ["film": ["id": "m", "properties": ["title": "M"]], "pay": .float(1.5)],
                    ]
                ],
            ],
            "missing": [], "defaulted": [], "violations": [],
        ]
        #expect(check.faults(of: right, by: answer.json) == [])
        for wrong: JSONValue in [
            ["name": "ann"], ["name": "Ann", "age": -1], ["name": "Ann", "tags": []], ["name": "Ann", "more": 1], [:],
            ["name": "Ann", "friends": [["id": "bob", "properties": [:]]]],
            ["name": "Ann", "home": ["properties": [:]]],
            ["name": "Ann", "roles": [["delta": "d", "creator": "c", "timeCreated": 1, "roles": ["pay": 1]]]],
        ] {
            #expect(check.faults(of: ["id": "ann", "properties": wrong], by: answer.json) != [], "\(wrong)")
        }
        #expect(try await api.get("/api/schemas/user?format=xml").status == 400)
        #expect(try await api.get("/api/contexts/user?format=json-schema").status == 400)
    }

    @Test("circles over several schemas are told as the page has them")
    func cycles() async throws {
        let api = try await APIHarness()
        for (name, other) in [("a", "b"), ("b", "c"), ("c", "a")] {
            _ = try await api.put(
                "/api/schemas/\(name)",
                #"{"properties": {"x": {"type": "reference", "schema": "\#(other)"}}}"#
            )
        }
        #expect(try await api.get("/api/schemas/a")["cycles"] == [["a", "b", "c", "a"]])
        #expect(try await api.get("/api/schemas/b")["cycles"] == [["b", "c", "a", "b"]])
    }

    @Test(
        "what can't be a schema gets 400 in the words of the page, and nothing is written",
        arguments: [
            (
                "user", #"{"properties": {"p": {"type": "string"}}}"#,
                ["error": "Unknown schema type at user.p", "field": "properties.p.type"]
            ),
            (
                "user", #"{"properties": {"a": {"derived": {"var": "b"}}, "b": {"derived": {"var": "a"}}}}"#,
                ["error": "cycle", "field": "properties.a.derived", "cycle": ["a", "b", "a"]]
            ),
        ] as [(String, String, JSONValue)]
    )
    func refused(name: String, body: String, error: JSONValue) async throws {
        let api = try await APIHarness()
        let answer = try await api.put("/api/schemas/\(name)", body)
        #expect(answer.status == 400 && answer.json == error)
        #expect(try await api.put("/api/schemas/a%20b", #"{"properties": {}}"#).json.object?["field"] == "name")
        let long = "{\"properties\": {}, \"description\": \"\(String(repeating: "a", count: 64 << 10))\"}"
        #expect(try await api.put("/api/schemas/user", long).status == 400)
        #expect(try await api.node.memory.count() == 0)
    }

    @Test("another's schema that can't be read is listed with the place of the fault, and is 400 where it is named")
    func unreadable() async throws {
        let api = try await APIHarness()
        let ann = try TestAuthors.signer("ann")
        try api.node.state(.trust(ann.publicKey, name: "ann"))
        var maker = DeltaMaker(time: 1_735_689_601_000_000)
        let delta = try maker.delta(
            "ann",
            [
                Pointer("_schema", entity: "user", targetContext: "definition"),
                Pointer("definition", .text(#"{"properties": {"p": {"type": "string"}}}"#)),
            ]
        )
        #expect(try await api.node.database.submit(delta.delta.bytes).stored != nil)
        let listed = try #require(try await api.get("/api/schemas").json.array?.first?.object)
        #expect(listed["name"] == .string("user@\(ann.publicKey.did)") && listed["definition"] == .null)
        #expect(listed["error"] != nil)
        let named = try await api.get("/api/schemas/user%40ann")
        #expect(named.status == 400 && named["place"] == "properties.p.type" && named["field"] == "schema")
        #expect(try await api.get("/api/schemas/user").status == 404)
    }
}
