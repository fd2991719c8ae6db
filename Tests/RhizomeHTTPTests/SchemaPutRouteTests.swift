import Bytes
import DatabaseTesting
import RhizomeCore
import RhizomeDatabase
import RhizomeIdentity
import RhizomeTesting
import RhizomeViews
import SignedStatements
import StrictJSON
import Testing

@testable import RhizomeHTTP

/// Writing through schemas (spec: schemas.md, "Writing through a schema").
@Suite struct SchemaPutRouteTests {
    private func harness(_ schemas: [String: String]) async throws -> APIHarness {
        let api = try await APIHarness()
        for (name, json) in schemas {
            #expect(try await api.put("/api/schemas/\(name)", json).status == 200)
        }
        return api
    }

    /// What each delta says that was written after a position.
    private func pointers(_ api: APIHarness, after position: Int64) async throws -> [[Pointer]] {
        try await api.node.memory.deltas(after: position, limit: 2_000).map(\.delta.body.pointers)
    }

    @Test("all that is wrong is told at once, of the entity as it would be, and nothing is written")
    func violations() async throws {
        let api = try await harness([
            "user": """
            {"open": false, "properties": {"name": {"type": "text", "required": true, "minLength": 2, "pattern": "[A-Z][a-z]*"},
             "age": {"type": "integer", "min": 0, "max": 9}, "kind": {"oneOf": ["a", "b"]},
             "tags": {"type": "text", "many": true, "maxItems": 1}, "twice": {"derived": {"*": [{"var": "age"}, 2]}}}}
            """
        ])
        let before = try await api.node.memory.count()
        let answer = try await api.put(
            "/api/user/u",
            #"{"age": 10, "kind": "c", "stray": 1, "twice": 4, "tags": ["x", "y"]}"#
        )
        let violations: JSONValue = [
            ["property": "stray", "rule": "unexpected", "value": 1, "expected": .null],
            ["property": "twice", "rule": "derived", "value": 4, "expected": ["*": [["var": "age"], 2]]],
            ["property": "name", "rule": "required", "value": .null, "expected": "text"],
            ["property": "age", "rule": "max", "value": 10, "expected": 9],
            ["property": "kind", "rule": "oneOf", "value": "c", "expected": ["a", "b"]],
            ["property": "tags", "rule": "maxItems", "value": 2, "expected": 1],
        ]
        #expect(answer.status == 400 && answer.json == ["error": "schema", "schema": "user", "violations": violations])
        let wrong = try await api.put("/api/user/u", #"{"name": "x", "age": "1", "tags": "x"}"#)
        let rules = wrong["violations"]?.array?.map { $0.object?["rule"] }
        #expect(rules == ["minLength", "pattern", "type", "type"])
        #expect(try await api.node.memory.count() == before)
        #expect(try await api.put("/api/user/u", #"{"name": "Ann", "age": 3, "tags": ["x"]}"#).status == 200)
        // What is required is there already; to clear it is refused, to delete all isn't.
        #expect(try await api.put("/api/user/u", #"{"age": 4}"#).status == 200)
        #expect(try await api.put("/api/user/u", #"{"name": null}"#)["violations"]?.array?.count == 1)
        #expect(try await api.put("/api/user/u", #"{"name": null, "age": null, "tags": null}"#).status == 200)
        // Another collection has no schema of its own.
        #expect(try await api.put("/api/film/u", #"{"age": 100}"#).status == 200)
    }

    @Test("a schema that is named in the query holds besides the collection's own")
    func named() async throws {
        let api = try await harness([
            "user": #"{"properties": {"name": {"type": "text"}}}"#,
            "strict": #"{"properties": {"age": {"type": "integer", "required": true}}}"#,
        ])
        #expect(try await api.put("/api/user/u?schema=strict", #"{"name": "A"}"#)["schema"] == "strict")
        #expect(try await api.put("/api/user/u?schema=strict", #"{"name": 1, "age": 1}"#)["schema"] == "user")
        #expect(try await api.put("/api/user/u?schema=strict", #"{"name": "A", "age": 1}"#).status == 200)
        let made = try await api.put("/api/user?schema=strict", #"{"properties": {"age": 2}}"#)
        #expect(made.status == 200)
        #expect(try await api.put("/api/user/u?schema=none", #"{"age": 1}"#).status == 404)
        // The version that counts at the moment of the write.
        _ = try await api.put("/api/schemas/user", #"{"properties": {"name": {"type": "integer"}}}"#)
        #expect(try await api.put("/api/user/u", #"{"name": "B"}"#).status == 400)
        _ = try await api.delete("/api/schemas/user")
        #expect(try await api.put("/api/user/u", #"{"name": "B"}"#).status == 200)
    }

    @Test("a reference points to the entity under its role, so that it finds back, and is written once")
    func references() async throws {
        let api = try await harness([
            "user": """
            {"properties": {"boss": {"type": "reference", "role": "is", "inverse": "leads"},
             "friend": {"type": "reference"}}}
            """
        ])
        let before = try await api.node.memory.count()
        #expect(try await api.put("/api/user/a", #"{"boss": "b"}"#).status == 200)
        #expect(try await api.put("/api/user/a", #"{"boss": "b"}"#).status == 200)
        #expect(try await api.put("/api/user/a", #"{"friend": "c"}"#).status == 200)
        #expect(try await api.put("/api/user/a", #"{"boss": null}"#).status == 200)
        #expect(
            try await pointers(api, after: before) == [
                [
                    Pointer("user", entity: "a", targetContext: "boss"),
                    Pointer("is", entity: "b", targetContext: "leads"),
                ],
                [
                    Pointer("user", entity: "a", targetContext: "friend"),
                    Pointer("friend", entity: "c", targetContext: "user.friend"),
                ],
                [Pointer("user", entity: "a", targetContext: "boss"), Pointer("is", .null)],
            ]
        )
        let shown = try await api.get("/api/user/a?schema=user").json.object?["properties"]
        #expect(shown == ["friend": ["id": "c", "dangling": true]])
        #expect(try await api.put("/api/user/a", #"{"friend": ""}"#)["field"] == "friend")
    }

    @Test("many values are written by their difference; what only another can take back is 409")
    func many() async throws {
        let api = try await harness([
            "user": #"{"properties": {"tags": {"type": "text", "many": true}, "name": {}}}"#
        ])
        #expect(try await api.put("/api/user/a", #"{"tags": ["x", "y", "x"]}"#).status == 200)
        let first = try await api.node.memory.deltas(after: 1, limit: 10)
        // The size, and one delta for each value.
        #expect(first.count == 3)
        let x = try #require(first.dropFirst().first?.id)
        let before = try await api.node.memory.count()
        #expect(try await api.put("/api/user/a", #"{"tags": ["z", "y"]}"#).status == 200)
        let transaction = try #require(try await pointers(api, after: before).first?.first?.entity?.id)
        let membership = Pointer("_transaction", entity: transaction, targetContext: "deltas")
        #expect(
            try await pointers(api, after: before).dropFirst() == [
                [membership, Pointer("user", entity: "a", targetContext: "tags"), Pointer("tags", .text("z"))],
                [membership] + .negation(of: x),
            ]
        )
        let tags: @Sendable () async throws -> JSONValue? = {
            try await api.get("/api/user/a?schema=user").json.object?["properties"]?.object?["tags"]
        }
        #expect(try await tags() == ["y", "z"])
        #expect(try await api.put("/api/user/a", #"{"tags": ["y", "z"]}"#).status == 200)
        #expect(try await api.node.memory.count() == before + 3)
        // Another asserts one of them too, and one of its own.
        let ann = try TestAuthors.signer("ann")
        try api.node.state(.trust(ann.publicKey, name: "ann"))
        var maker = DeltaMaker()
        for value in ["y", "w"] {
            let delta = try maker.delta(
                "ann",
                [
                    Pointer("user", entity: "a", targetContext: "tags"), Pointer("tags", .text(Text(value))),
                ]
            )
            #expect(try await api.post(cbor: delta.delta.bytes).status == 201)
        }
        let refused = try await api.put("/api/user/a", #"{"tags": ["z"]}"#)
        #expect(refused.status == 409)
        #expect(
            refused.json == [
                "error": "others", "property": "tags", "values": ["w", "y"], "creators": [.string(ann.publicKey.did)],
            ]
        )
        #expect(try await api.put("/api/user/a", #"{"tags": ["w", "y"]}"#).status == 200)
        #expect(try await tags() == ["y", "w"])
        #expect(try await api.put("/api/user/a", #"{"name": ["w"]}"#)["violations"]?.array?.count == 1)
        #expect(try await api.put("/api/film/a", #"{"tags": ["w"]}"#)["field"] == "tags")
        #expect(try await api.put("/api/user/a", #"{"tags": ["w", null]}"#)["error"] == "schema")
    }

    @Test("a value that its resolver doesn't show isn't what is checked")
    func resolver() async throws {
        let api = try await harness([
            "user": #"{"properties": {"sum": {"type": "integer", "resolver": "sum", "max": 5}}}"#
        ])
        #expect(try await api.put("/api/user/a", #"{"sum": 3}"#).status == 200)
        let answer = try await api.put("/api/user/a", #"{"sum": 4}"#)
        #expect(answer["violations"] == [["property": "sum", "rule": "max", "value": 7, "expected": 5]])
    }

    @Test("a PUT has at most 1,024 changed values, and at most 100 violations are told")
    func limits() async throws {
        let api = try await harness(["user": #"{"properties": {"n": {"type": "integer", "many": true}}}"#])
        let numbers = (0...1_024).map(String.init).joined(separator: ",")
        #expect(try await api.put("/api/user/a", "{\"n\": [\(numbers)]}")["field"] == "properties")
        let texts = (0...1_024).map { "\"\($0)\"" }.joined(separator: ",")
        #expect(try await api.put("/api/user/a", "{\"n\": [\(texts)]}")["violations"]?.array?.count == 100)
    }
}
