import Bytes
import NIOHTTP1
import RhizomeCore
import RhizomeDatabase
import RhizomeTesting
import RhizomeViews
import SignedStatements
import StrictJSON
import Testing

@testable import RhizomeHTTP

/// The entities of a schema for which a rule holds (spec: schemas.md, "Queries by schema").
@Suite struct SchemaQueryRouteTests {
    private func harness() async throws -> APIHarness {
        let api = try await APIHarness()
        _ = try await api.put(
            "/api/schemas/user",
            """
            {"collection": "user", "properties": {"name": {"type": "text", "required": true}, "age": {"type": "integer"},
             "twice": {"derived": {"*": [{"var": "age"}, 2]}}, "kind": {"default": "plain"},
             "friend": {"type": "reference", "schema": "user"}}}
            """
        )
        for (id, json) in [
            ("a", #"{"name": "Ann", "age": 30, "friend": "b"}"#), ("b", #"{"name": "Bob", "age": 9}"#),
            ("c", #"{"name": "Cy"}"#), ("d", #"{"age": 50}"#), ("e", #"{"name": "Eve", "age": 30, "kind": "odd"}"#),
        ] {
            // `d` lacks what is required, so it is written past the schema.
            let path = id == "d" ? nil : "/api/user/\(id)"
            if let path {
                #expect(try await api.put(path, json).status == 200)
            } else {
                let pointers = [Pointer("user", entity: "d", targetContext: "age"), Pointer("age", .integer(50))]
                _ = try await api.node.database.write([Draft(pointers: pointers)])
            }
        }
        _ = try await api.put("/api/film/f", #"{"name": "F"}"#)
        return api
    }

    private func query(_ api: APIHarness, _ json: String, _ more: String = "") async throws -> Answer {
        try await api.send(
            .POST,
            "/api/schemas/user/query\(more)",
            [("Content-Type", "application/json")],
            body: Array(json.utf8)
        )
    }

    private func ids(_ answer: Answer) -> [Text] {
        (answer["entities"]?.array ?? []).compactMap { $0.object?["id"]?.text }
    }

    @Test("its members are the collection's entities with all that is required, shown as trees")
    func members() async throws {
        let api = try await harness()
        let answer = try await query(api, "{}")
        #expect(ids(answer) == ["a", "b", "c", "e"])
        #expect(answer["total"] == 4 && answer["limited"] == false && answer["next"] == nil)
        #expect(answer["position"] == .integer(try await api.node.memory.count()))
        let tree = try await api.get("/api/user/a?schema=user").json
        #expect(answer["entities"]?.array?.first == tree)
        #expect(try await query(api, "{}", "?without=\(api.node.identity.json.text ?? "")")["total"] == 0)
        #expect(
            try await api.send(
                .POST,
                "/api/schemas/none/query",
                [("Content-Type", "application/json")],
                body: Array("{}".utf8)
            ).status == 404
        )
    }

    @Test(
        "a filter sees the id, by what it is referred to, and values, derived and defaulted ones too",
        arguments: [
            (#"{">": [{"var": "age"}, 10]}"#, ["a", "e"]), (#"{"==": [{"var": "twice"}, 18]}"#, ["b"]),
            (#"{"==": [{"var": "kind"}, "plain"]}"#, ["a", "b", "c"]), (#"{"==": [{"var": "id"}, "c"]}"#, ["c"]),
            (#"{"in": ["friend", {"var": "_referencedAs"}]}"#, ["b"]),
            (#"{"==": [{"var": "friend"}, "b"]}"#, ["a"]),
        ] as [(String, [Text])]
    )
    func filter(rule: String, expected: [Text]) async throws {
        let api = try await harness()
        #expect(ids(try await query(api, "{\"filter\": \(rule)}")) == expected)
    }

    @Test("pages in any order show each entity once, as of the position of the first, whatever comes meanwhile")
    func pages() async throws {
        let api = try await harness()
        let order = #""order": [{"by": "age", "descending": true}, {"by": "name"}], "limit": 1"#
        var found: [Text] = []
        var after = ""
        var positions: Set<JSONValue?> = []
        repeat {
            let page = try await query(api, "{\(order)\(after)}")
            found += ids(page)
            #expect(page["total"] == 4 && page["limited"] == true)
            positions.insert(page["position"])
            after = page["next"].map { ", \"after\": \($0)" } ?? ""
            _ = try await api.put("/api/user/new\(found.count)", #"{"name": "N", "age": 40}"#)
        } while !after.isEmpty
        #expect(found == ["a", "e", "b", "c"])
        #expect(positions.count == 1)
    }

    @Test(
        "what can't be a query is 400",
        arguments: [
            #"{"filter": {"invalid-operator": [1]}}"#, #"{"limit": 0}"#, #"{"after": "x"}"#,
            #"{"order": [{"by": "none"}]}"#,
            #"{"order": "age"}"#, #"{"more": 1}"#,
        ]
    )
    func refused(json: String) async throws {
        let api = try await harness()
        let answer = try await query(api, json)
        #expect(answer.status == 400)
        if json.contains("invalid-operator") { #expect(answer["error"] == "Invalid query operator: invalid-operator") }
    }
}
