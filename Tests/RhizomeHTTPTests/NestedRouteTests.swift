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

/// Entities as schemas show them, over HTTP (spec: schemas.md, "Nested views").
@Suite struct NestedRouteTests {
    private static let profile = """
        {"collection": "user", "properties": {
          "name": {"type": "text", "required": true}, "age": {"type": "integer", "max": 40}, "nick": {"default": "-"},
          "email": {"type": "text", "required": true},
          "friends": {"type": "reference", "many": true, "schema": "profile"},
          "roles": {"type": "relation", "relation": "casting"}},
         "relations": {"casting": {"roles": {
          "actor": {"context": "roles"}, "film": {"schema": "film", "required": true}, "base_salary": {"type": "integer"}}}}}
        """

    private func harness() async throws -> APIHarness {
        let api = try await APIHarness()
        #expect(try await api.put("/api/schemas/profile", Self.profile).status == 200)
        #expect(try await api.put("/api/schemas/film", #"{"properties": {"title": {"required": true}}}"#).status == 200)
        _ = try await api.put("/api/user/alice", #"{"name": "Alice", "age": 43, "email": "a@x"}"#)
        _ = try await api.put("/api/user/bob", #"{"name": "Bob"}"#)
        for friend in ["bob", "nobody", "alice"] {
            _ = try await api.post(
                #"{"pointers": [{"localContext": "user", "target": "alice", "targetContext": "friends"}, "#
                    + #"{"localContext": "friends", "target": "\#(friend)", "targetContext": "user.friends"}]}"#
            )
        }
        return api
    }

    @Test("an entity is shown with what it refers to, what is missing, what stands in and what is wrong")
    func view() async throws {
        let api = try await harness()
        let role = try await api.post(
            #"{"pointers": [{"localContext": "actor", "target": "alice", "targetContext": "roles"}, "#
                + #"{"localContext": "film", "target": "the_matrix", "targetContext": "film.casting"}, "#
                + #"{"localContext": "base_salary", "target": 1000000}]}"#
        )
        _ = try await api.put("/api/film/the_matrix", #"{"title": "The Matrix"}"#)
        let version = try #require(try await api.get("/api/schemas/profile")["delta"])
        let expected: JSONValue = [
            "id": "alice", "schema": ["name": "profile", "delta": version],
            "properties": [
                "name": "Alice", "age": 43, "nick": "-", "email": "a@x",
                "friends": [
                    ["id": "bob", "properties": ["name": "Bob", "nick": "-"]], ["id": "nobody", "dangling": true],
                    ["id": "alice", "cycle": true],
                ],
                "roles": [
                    [
                        "delta": try #require(role["id"]), "creator": api.node.identity.json,
                        "timeCreated": try #require(role["timeCreated"]),
                        "roles": [
                            "film": ["id": "the_matrix", "properties": ["title": "The Matrix"]],
                            "base_salary": 1_000_000,
                        ],
                    ]
                ],
            ],
            "missing": [["at": ["friends", "bob", "email"], "type": "text", "required": true]],
            "defaulted": [["nick"], ["friends", "bob", "nick"]],
            "violations": [["at": ["age"], "rule": "max", "value": 43, "expected": 40]],
        ]
        let answer = try await api.get("/api/user/alice?schema=profile")
        #expect(answer.status == 200 && answer.json == expected)
        let flat = try await api.get("/api/user/alice?schema=profile&levels=0").json.object?["properties"]?.object
        #expect(flat?["friends"] == [["id": "bob"], ["id": "nobody"], ["id": "alice"]])
        let all = try await api.get("/api/user/bob?schema=profile&missing=all")["missing"]?.array
        #expect(
            all?.map { $0.object?["at"]?.array?.last } == ["age", "nick", "email", "friends", "roles"]
        )
    }

    @Test("it is seen as of a moment and without an author like any read, by the schema of that moment")
    func viewpoint() async throws {
        let api = try await harness()
        let moment = try #require(try await api.get("/api/deltas").json.array?.last?.object?["timeCreated"]?.integer)
        _ = try await api.put("/api/schemas/profile", #"{"properties": {"name": {}}}"#)
        _ = try await api.put("/api/user/alice", #"{"name": "Alicia"}"#)
        #expect(
            try await api.get("/api/user/alice?schema=profile").json.object?["properties"] == ["name": "Alicia"]
        )
        let before = try await api.get("/api/user/alice?schema=profile&asOf=\(moment)").json.object?["properties"]?
            .object
        #expect(before?["name"] == "Alice" && before?["friends"]?.array?.count == 3)
        #expect(try await api.get("/api/user/alice?schema=profile&without=\(api.node.identity.did)").status == 404)
    }

    @Test("an unknown schema or entity is 404, one that can't be used and parameters that say nothing are 400")
    func refused() async throws {
        let api = try await harness()
        #expect(try await api.get("/api/user/alice?schema=none").json == ["error": "Not Found", "schema": "none"])
        #expect(try await api.get("/api/user/nobody-at-all?schema=profile").status == 404)
        let wrong = try await api.post(
            #"{"pointers": [{"localContext": "_schema", "target": "bad", "targetContext": "definition"}, "#
                + #"{"localContext": "definition", "target": "{\"properties\": 1}"}]}"#
        )
        #expect(wrong.status == 201)
        #expect(try await api.get("/api/user/alice?schema=bad").status == 400)
        for query in ["schema=profile&levels=9", "levels=1", "missing=all", "schema=profile&missing=some"] {
            #expect(try await api.get("/api/user/alice?\(query)").status == 400, "\(query)")
        }
    }

    @Test("what would show more than 10,000 nodes is 422")
    func limit() async throws {
        let api = try await harness()
        let drafts = (0..<NestedView.mostNodes).map { number in
            Draft(pointers: [
                Pointer("user", entity: "alice", targetContext: "friends"),
                Pointer("friends", entity: Text("f\(number)"), targetContext: "user.friends"),
            ])
        }
        _ = try await api.node.database.write(drafts)
        let answer = try await api.get("/api/user/alice?schema=profile")
        #expect(answer.status == 422 && answer["error"] == "limit")
        #expect(answer["limit"] == "nodes" && answer["most"] == 10_000)
    }
}
