import Bytes
import HTTPTypes
import NIOHTTP1
import RhizomeCore
import RhizomeDatabase
import RhizomeIdentity
import RhizomeTesting
import RhizomeViews
import SignedStatements
import StrictJSON
import Testing

@testable import RhizomeHTTP

/// Deltas that relate entities (spec: schemas.md, "Relationships").
@Suite struct RelationRouteTests {
    private static let film = """
        {"properties": {"cast": {"type": "relation", "relation": "casting"}}, "relations": {"casting": {"roles": {
          "actor": {"context": "roles", "required": true}, "film": {"context": "cast", "required": true},
          "part": {"context": "actor", "many": true}, "salary": {"type": "integer"}}}}}
        """

    private func post(_ api: APIHarness, _ path: String, _ json: String) async throws -> Answer {
        try await api.send(.POST, path, [("Content-Type", "application/json")], body: Array(json.utf8))
    }

    @Test("a relation is written as one delta, checked, and found from each of its ends")
    func relate() async throws {
        let api = try await APIHarness()
        _ = try await api.put("/api/schemas/film", Self.film)
        let path = "/api/schemas/film/relations/casting"
        let json = #"{"actor": "keanu", "film": "the_matrix", "part": ["neo", "anderson"], "salary": 1000000}"#
        let answer = try await post(api, path, json)
        #expect(answer.status == 201)
        let id = try #require(answer["id"]?.text)
        #expect(answer.headers[.location] == "/api/deltas/\(id)")
        let stored = try #require(try await api.node.memory.deltas(after: 1, limit: 10).first)
        #expect(
            stored.delta.body.pointers == [
                Pointer("actor", entity: "keanu", targetContext: "roles"),
                Pointer("film", entity: "the_matrix", targetContext: "cast"),
                Pointer("part", entity: "neo", targetContext: "actor"),
                Pointer("part", entity: "anderson", targetContext: "actor"),
                Pointer("salary", .integer(1_000_000)),
            ]
        )
        for (entity, property) in [("keanu", "roles"), ("the_matrix", "cast"), ("neo", "actor")] {
            let related = try await api.get("/api/film/\(entity)/related")["related"]?.array
            #expect(related?.map { $0.object?["delta"]?.text } == [id])
            #expect(related?.first?.object?["property"] == .string(property))
            #expect(related?.first?.object?["relation"] == "casting")
        }
        let roles = try await api.get("/api/film/keanu/related").json.object?["related"]?.array?.first?.object?["roles"]
        #expect(
            roles == [
                "film": ["id": "the_matrix", "property": "cast"],
                "part": [["id": "neo", "property": "actor"], ["id": "anderson", "property": "actor"]],
                "salary": 1_000_000,
            ]
        )
        let before = try await api.node.memory.count()
        let wrong = try await post(api, path, #"{"film": ["a", "b"], "salary": "much", "stray": 1}"#)
        let rules = wrong["violations"]?.array?.compactMap { $0.object }.map { [$0["property"], $0["rule"]] }
        #expect(wrong.status == 400)
        #expect(
            rules == [
                ["stray", "unexpected"], ["actor", "required"], ["film", "maxItems"], ["salary", "type"],
            ]
        )
        #expect(try await post(api, "/api/schemas/film/relations/none", json).status == 404)
        #expect(try await post(api, "/api/schemas/none/relations/casting", json).status == 404)
        #expect(try await post(api, path, #"{"film": "", "actor": "k"}"#)["field"] == "film")
        #expect(try await api.node.memory.count() == before)
    }

    @Test("related deltas are told oldest first, by property, role and relation, in pages that inserts don't shift")
    func related() async throws {
        let api = try await APIHarness()
        _ = try await api.put("/api/schemas/film", Self.film)
        _ = try await api.put("/api/film/f", #"{"title": "F", "year": 1}"#)
        for number in 0..<5 {
            _ = try await post(
                api,
                "/api/schemas/film/relations/casting",
                #"{"actor": "a\#(number)", "film": "f"}"#
            )
        }
        _ = try await api.post(
            #"{"pointers": [{"localContext": "film", "target": "f", "targetContext": "sequel"}, "#
                + #"{"localContext": "sequel", "target": "g", "targetContext": "prequel"}]}"#
        )
        let whole = try #require(try await api.get("/api/film/f/related")["related"]?.array)
        #expect(whole.count == 6)
        let times = whole.compactMap { $0.object?["timeCreated"]?.integer }
        #expect(times == times.sorted())
        func count(_ query: String) async throws -> Int? {
            try await api.get("/api/film/f/related?\(query)")["related"]?.array?.count
        }
        #expect(try await count("property=cast") == 5)
        #expect(try await count("property=sequel") == 1)
        #expect(try await count("role=actor") == 5)
        #expect(try await count("relation=casting") == 5)
        #expect(try await count("relation=casting&role=sequel") == 0)
        #expect(try await api.get("/api/film/f/related?relation=none").status == 400)
        #expect(try await api.get("/api/film/nobody/related").status == 404)
        #expect(try await api.get("/api/film/f/related?without=\(api.node.identity.did)").status == 404)
        var pages: [JSONValue] = []
        var next: String? = "/api/film/f/related?limit=4"
        while let path = next {
            let page = try await api.get(path)
            pages += try #require(page["related"]?.array)
            next = page.next
        }
        #expect(pages == whole)
    }

    @Test("programs relate entities too, and make an entity of a relationship")
    func swift() async throws {
        let api = try await APIHarness()
        let database = api.node.database
        _ = try await api.put("/api/schemas/film", Self.film)
        let delta = try await database.relate("casting", of: "film", ["actor": "keanu", "film": "f"])
        #expect(try await api.get("/api/film/f/related")["related"]?.array?.first?.object?["delta"] == delta.id.json)
        await #expect(throws: FieldError.self) { try await database.relate("none", of: "film", [:]) }
        await #expect(throws: FieldError.self) { try await database.relate("casting", of: "none", [:]) }
        let error = await #expect(throws: SchemaViolations.self) {
            try await database.relate("casting", of: "film", ["actor": 1])
        }
        #expect(error?.items.count == 2)
        let id = try await database.relate(from: "user-1", to: "user-2", type: "follows", properties: ["version": 1])
        #expect(
            try await api.get("/api/relationships/\(id)").json.object?["properties"]
                == ["source": "user-1", "target": "user-2", "type": "follows", "version": 1]
        )
        for end in ["user-1", "user-2"] {
            let related = try await api.get("/api/user/\(end)/related")["related"]?.array
            #expect(related?.map { $0.object?["property"] } == ["follows"])
        }
        await #expect(throws: FieldError.self) {
            try await database.relate(from: "a", to: "b", type: "t", properties: ["source": 1])
        }
    }
}
