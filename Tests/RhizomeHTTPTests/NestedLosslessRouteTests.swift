import Bytes
import RhizomeCore
import RhizomeDatabase
import RhizomeIdentity
import RhizomeTesting
import RhizomeViews
import StrictJSON
import Testing

@testable import RhizomeHTTP

/// All that was said of an entity with what it refers to (spec: schemas.md, "Nested views").
@Suite struct NestedLosslessRouteTests {
    @Test("entities under a role or property of the schema are told in the place of their ids")
    func view() async throws {
        let api = try await APIHarness()
        _ = try await api.put(
            "/api/schemas/user",
            #"{"properties": {"name": {"required": true}, "friend": {"type": "reference", "schema": "user", "levels": 2}}}"#
        )
        _ = try await api.put("/api/user/a", #"{"name": "A", "friend": "b"}"#)
        _ = try await api.put("/api/user/b", #"{"name": "B", "friend": "a"}"#)
        _ = try await api.put("/api/user/c", #"{"name": "C", "friend": "nobody"}"#)
        func friend(_ json: JSONValue) -> JSONObject? {
            let pointers = json.object?["properties"]?.object?["friend"]?.array?.first?.object?["pointers"]?.array
            return pointers?.compactMap { $0.object?["friend"] }.first?.object
        }
        let answer = try await api.get("/api/lossless/a?schema=user")
        #expect(answer.status == 200)
        let b = try #require(friend(answer.json))
        #expect(b["id"] == "b" && b["isComplete"] == true)
        #expect(b["referencedAs"] == ["friend", "user"])
        #expect(b["properties"]?.object?["name"]?.array?.count == 1)
        #expect(friend(.object(b)) == ["id": "a", "cycle": true])
        // But for what is told of those below, a delta is told as without a schema.
        let plain = try await api.get("/api/lossless/a").json.object
        #expect(answer["properties"]?.object?["name"] == plain?["properties"]?.object?["name"])
        #expect(answer["referencedAs"] == plain?["referencedAs"])
        let dangling = try await api.get("/api/hyperview/c?schema=user")
        #expect(friend(dangling.json) == ["id": "nobody", "dangling": true])
        let flat = try await api.get("/api/lossless/a?schema=user&levels=0")
        #expect(flat["properties"] == plain?["properties"])
        #expect(try await api.get("/api/lossless/a?schema=none").status == 404)
        #expect(try await api.get("/api/lossless/none?schema=user").status == 404)
        #expect(try await api.get("/api/lossless/a?schema=user&limit=1").status == 400)
        #expect(try await api.get("/api/lossless/a?levels=1").status == 400)
        _ = try await api.node.database.write([
            Draft(pointers: [Pointer("user", entity: "d", targetContext: "friend"), Pointer("friend", .text("a"))])
        ])
        let missing = try await api.get("/api/lossless/d?schema=user")["missing"]
        #expect(missing == [["at": ["name"], "type": "any", "required": true]])
    }
}
