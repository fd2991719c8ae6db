import Bytes
import RhizomeCore
import RhizomeDatabase
import RhizomeIdentity
import RhizomeTesting
import RhizomeViews
import SignedStatements
import StrictJSON
import Testing

@testable import RhizomeHTTP

/// What others said that isn't as a schema wants it (spec: schemas.md, `violations`).
@Suite struct ViolationRouteTests {
    @Test("what isn't as the schema wants it is told with who said it, and nothing is refused")
    func violations() async throws {
        let api = try await APIHarness()
        _ = try await api.put("/api/user/u1", #"{"name": "Ann", "age": 3}"#)
        _ = try await api.put("/api/user/u2", #"{"age": 12, "stray": true}"#)
        _ = try await api.put("/api/film/f", #"{"age": 99}"#)
        let before = try await api.node.memory.count()
        _ = try await api.put(
            "/api/schemas/user",
            #"{"open": false, "properties": {"name": {"type": "text", "required": true}, "age": {"type": "integer", "max": 9}}}"#
        )
        let ann = try TestAuthors.signer("ann")
        try api.node.state(.trust(ann.publicKey, name: "ann"))
        var maker = DeltaMaker()
        let wrong = try maker.delta(
            "ann",
            [
                Pointer("user", entity: "u1", targetContext: "age"), Pointer("age", .text("old")),
            ]
        )
        #expect(try await api.post(cbor: wrong.delta.bytes).status == 201)
        let deltas = try await api.node.memory.deltas(after: 0, limit: Int(before))
        func told(_ property: Text) throws -> [JSONValue] {
            let delta = try #require(
                deltas.first { $0.delta.body.pointers.contains(Pointer("user", entity: "u2", targetContext: property)) }
            )
            return [delta.id.json, api.node.identity.json, .integer(delta.delta.header.timeCreated.microseconds)]
        }
        let (age, stray) = (try told("age"), try told("stray"))
        var expected: [JSONValue] = [
            [
                "entity": "u2", "property": "name", "rule": "required", "value": .null, "expected": "text",
                "delta": .null, "creator": .null, "timeCreated": .null,
            ],
            [
                "entity": "u2", "property": "age", "rule": "max", "value": 12, "expected": 9,
                "delta": age[0], "creator": age[1], "timeCreated": age[2],
            ],
            [
                "entity": "u2", "property": "stray", "rule": "unexpected", "value": true, "expected": .null,
                "delta": stray[0], "creator": stray[1], "timeCreated": stray[2],
            ],
        ]
        let own = try await api.get("/api/schemas/user/violations?without=\(ann.publicKey.json.text ?? "")")
        #expect(own.json == ["violations": .array(expected), "checked": 2, "valid": 1, "invalid": 1])
        // Ann's word is older than ours, so it is seen without ours alone.
        let theirs = try await api.get("/api/schemas/user/violations?authors=ann")
        expected = [
            [
                "entity": "u1", "property": "name", "rule": "required", "value": .null, "expected": "text",
                "delta": .null, "creator": .null, "timeCreated": .null,
            ],
            [
                "entity": "u1", "property": "age", "rule": "type", "value": "old", "expected": "integer",
                "delta": wrong.delta.id.json, "creator": ann.publicKey.json,
                "timeCreated": .integer(wrong.delta.header.timeCreated.microseconds),
            ],
        ]
        #expect(theirs.json == ["violations": .array(expected), "checked": 1, "valid": 0, "invalid": 1])
        #expect(try await api.get("/api/schemas/none/violations").status == 404)
    }

    @Test("pages tell together what the whole does")
    func pages() async throws {
        let api = try await APIHarness()
        let drafts = (0..<700).map { number in
            Draft(pointers: [
                Pointer("user", entity: Text("u\(number)"), targetContext: "age"),
                Pointer("age", .integer(Int64(number % 3))),
            ])
        }
        _ = try await api.node.database.write(drafts)
        _ = try await api.put("/api/schemas/user", #"{"properties": {"age": {"max": 1}}}"#)
        let whole = try await api.get("/api/schemas/user/violations")
        #expect(whole["checked"] == 700 && whole["invalid"] == 233 && whole["valid"] == 467)
        var (found, checked): ([JSONValue], Int64) = ([], 0)
        var next: String? = "/api/schemas/user/violations?limit=150"
        while let path = next {
            let page = try await api.get(path)
            found += try #require(page["violations"]?.array)
            checked += try #require(page["checked"]?.integer)
            #expect(page["checked"]?.integer ?? 0 <= 150)
            next = page.next
        }
        #expect(checked == 700 && found == whole["violations"]?.array)
    }
}
