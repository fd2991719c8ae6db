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
