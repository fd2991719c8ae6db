import Bytes
import DatabaseTesting
import HTTPTypes
import Locks
import RhizomeCore
import RhizomeDatabase
import RhizomeIdentity
import RhizomeProof
import RhizomeTesting
import RhizomeViews
import SignedStatements
import StrictJSON
import Testing

@testable import RhizomeHTTP

@Suite struct CollectionRouteTests {
    @Test("What is put is answered, read, listed and told in its history")
    func put() async throws {
        let api = try await APIHarness()
        let put = try await api.put(
            "/api/user/u1",
            "{\"name\": \"Taliesin\", \"age\": 42, \"height\": 1.5, \"bard\": true, \"king\": null}"
        )
        #expect(put.status == 200)
        let entity: JSONValue = [
            "id": "u1", "properties": ["age": 42, "bard": true, "height": .float(1.5), "name": "Taliesin"],
        ]
        #expect(put.json == entity)
        #expect(try await api.get("/api/user/u1").json == entity)
        #expect(try await api.get("/api/film/u1").json == entity)
        #expect(try await api.get("/api/user/ids").json == ["ids": ["u1"]])
        #expect(try await api.get("/api/film/ids").json == ["ids": []])
        // Four that change, and the transaction's size.
        #expect(try await api.node.memory.count() == 5)
        let history = try #require(try await api.get("/api/user/u1/history")["history"]?.array)
        #expect(history.compactMap { $0.object?["property"]?.text } == ["name", "age", "height", "bard"])
    }

    @Test("Who said what is told with what it won over and why, as it is seen in any way")
    func blame() async throws {
        let api = try await APIHarness()
        for age in [41, 42] { _ = try await api.put("/api/user/u1", "{\"age\": \(age)}") }
        let blame = try await api.get("/api/user/u1/blame")
        #expect(blame.status == 200 && blame["format"] == 1 && blame["collection"] == "user")
        let property = try #require(blame["properties"]?.array?.first?.object)
        #expect(property["property"] == "age" && property["value"] == 42)
        #expect(property["resolver"] == "last-write-wins" && property["overCount"] == 1)
        let because = try #require(property["because"]?.array?.first?.object)
        #expect(because["value"] == 42 && because["creator"] == .string(api.node.identity.did))
        let over = try #require(property["over"]?.array?.first?.object)
        #expect(over["value"] == 41 && over["why"] == "later")
        let id = try #require(because["delta"]?.text)
        #expect(try await api.get("/api/deltas/\(id)").status == 200)
        let then = try #require(over["timeCreated"]?.integer)
        let before = try await api.get("/api/user/u1/blame?asOf=\(then)&limit=1")["properties"]?.array?.first?.object
        #expect(before?["value"] == 41 && before?["over"]?.array?.first?.object?["why"] == "future")
        let without = try await api.get("/api/user/u1/blame?without=\(api.node.identity.did)")
        let nothing = try #require(without["properties"]?.array?.first?.object)
        #expect(nothing["value"] == nil && nothing["because"] == [] && nothing["overCount"] == 2)
        #expect(try await api.get("/api/user/nobody/blame").status == 404)
        #expect(try await api.get("/api/user/u1/blame?after=x").status == 400)
        let proof = try await api.get("/api/user/u1/proof?property=age&complete=true")
        #expect(proof.status == 200 && proof.headers[.contentType] == "application/cbor")
        let verification = await ProofVerification.verify(proof.body)
        #expect(verification.isValid && verification.proof?.claim.isComplete == true)
        #expect(verification.proof?.claim.properties.map(\.json) == [42])
        #expect(try await api.get("/api/user/u1/proof?property=height").status == 404)
        #expect(try await api.get("/api/user/u1/proof?complete=yes").status == 400)
        #expect(try await api.get("/api/user/nobody/proof").status == 404)
    }

    @Test("Only what changes is written, and nothing where nothing does")
    func changesOnly() async throws {
        let api = try await APIHarness()
        _ = try await api.put("/api/user/u1", "{\"name\": \"Taliesin\", \"age\": 42}")
        let before = try await api.node.memory.count()
        let same = try await api.put("/api/user/u1", "{\"name\": \"Taliesin\", \"age\": 42.0}")
        #expect(same.status == 200)
        #expect(same["properties"] == ["age": 42, "name": "Taliesin"])
        #expect(try await api.node.memory.count() == before)
        let one = try await api.put("/api/user/u1", "{\"name\": \"Taliesin\", \"age\": 43}")
        #expect(one["properties"] == ["age": 43, "name": "Taliesin"])
        #expect(try await api.node.memory.count() == before + 1)
        let cleared = try await api.put("/api/user/u1", "{\"age\": null}")
        #expect(cleared["properties"] == ["age": .null, "name": "Taliesin"])
        #expect(try await api.put("/api/user/nobody", "{}").json == ["id": "nobody", "properties": [:]])
        #expect(try await api.get("/api/user/nobody").status == 404)
    }

    @Test("What others know under another name is found under this one too once it is put there")
    func otherCollection() async throws {
        let api = try await APIHarness()
        _ = try await api.put("/api/user/m1", "{\"active\": true}")
        let film = try await api.put("/api/film/m1", "{\"active\": true}")
        #expect(film.status == 200)
        #expect(film["properties"] == ["active": true])
        #expect(try await api.get("/api/film/ids")["ids"] == ["m1"])
        #expect(try await api.get("/api/user/ids")["ids"] == ["m1"])
        let count = try await api.node.memory.count()
        _ = try await api.put("/api/film/m1", "{\"active\": true}")
        #expect(try await api.node.memory.count() == count)
    }

    @Test("With say=all every named property is written in one's own name", arguments: ["/api/work/w1", "/api/work"])
    func sayAll(_ path: String) async throws {
        let api = try await APIHarness()
        _ = try await api.put("/api/contexts/hours", "{\"resolvers\": {\"*\": {\"hours\": \"sum\"}}}")
        let other = try TestAuthors.signer("other")
        try api.node.state(.trust(other.publicKey, name: "other"))
        let theirs = try SignedDelta(
            pointers: [Pointer("work", entity: "w1", targetContext: "hours"), Pointer("hours", .integer(5))],
            after: [],
            timeCreated: 1_735_689_600_000_000,
            signer: other
        )
        #expect(try await api.post(cbor: theirs.bytes).status == 201)
        let hours: JSONValue = ["hours": 5]
        let body = path.hasSuffix("w1") ? hours : ["id": "w1", "properties": hours]
        _ = try await api.put(path, "\(body)")
        #expect(try await api.get("/api/work/w1?context=hours")["properties"] == ["hours": 5])
        #expect(try await api.put("\(path)?say=all", "\(body)")["properties"] == ["hours": 5])
        #expect(try await api.get("/api/work/w1?context=hours")["properties"] == ["hours": 10])
        // A read says nothing.
        #expect(try await api.get("/api/work/w1?say=all")["field"] == "say")
    }

    @Test("Without an id one is made; an id in the properties is taken")
    func collectionPut() async throws {
        let api = try await APIHarness()
        let made = try await api.put("/api/user", "{\"properties\": {\"name\": \"A\"}}")
        #expect(made.json == ["id": "made-1", "properties": ["name": "A"]])
        let named = try await api.put(
            "/api/user",
            "{\"id\": \"u2\", \"properties\": {\"name\": \"B\", \"id\": \"u2\"}}"
        )
        #expect(named.json == ["id": "u2", "properties": ["name": "B"]])
        let inside = try await api.put("/api/user", "{\"properties\": {\"name\": \"C\", \"id\": \"u3\"}}")
        #expect(inside["id"] == "u3")
    }

    @Test(
        "Properties with another id than the entity's are refused as the classic API does",
        arguments: [
            ("/api/user/u1", "{\"id\": \"u2\"}"), ("/api/user", "{\"id\": \"u1\", \"properties\": {\"id\": \"u2\"}}"),
        ]
    )
    func mismatch(_ path: String, _ body: String) async throws {
        let answer = try await APIHarness().put(path, body)
        #expect(answer.status == 400)
        #expect(answer.json == ["error": "ID Mismatch", "param": "u1", "property": "u2"])
    }

    @Test(
        "A PUT that can't be is refused with the field, and writes nothing",
        arguments: [
            ("/api/user/u1", "{\"a\": []}", "a"), ("/api/user/u1", "{\"a\": {}}", "a"),
            ("/api/user/u1", "{\"_a\": 1}", "_a"), ("/api/user/u1", "{\"\": 1}", ""),
            ("/api/user", "{\"properties\": {\"a\": []}}", "properties.a"), ("/api/user", "{\"a\": 1}", "a"),
            ("/api/user", "{}", "properties"), ("/api/user", "{\"properties\": 1}", "properties"),
            ("/api/user", "{\"id\": 1, \"properties\": {}}", "id"),
            ("/api/user", "{\"id\": \"\", \"properties\": {}}", "id"),
            ("/api/user", "{\"id\": \"ids\", \"properties\": {\"a\": 1}}", "id"),
            ("/api/user/count", "{\"a\": 1}", "id"),
            ("/api/_user/u1", "{\"a\": 1}", "collection"), ("/api/functions/u1", "{\"a\": 1}", "collection"),
            ("/api/ui", "{\"properties\": {\"a\": 1}}", "collection"),
            ("/api/user/u1?asOf=1", "{\"a\": 1}", "asOf"), ("/api/user/u1?say=some", "{\"a\": 1}", "say"),
            ("/api/user/u1?say=", "{\"a\": 1}", "say"), ("/api/user?say=All", "{\"properties\": {\"a\": 1}}", "say"),
        ]
    )
    func badPut(_ path: String, _ body: String, _ field: String) async throws {
        let api = try await APIHarness()
        let answer = try await api.put(path, body)
        #expect(answer.status == 400)
        #expect(answer["field"] == .string(field))
        #expect(try await api.node.memory.count() == 0)
    }

    @Test("A property that is too large for a delta is named, alone and among others, and nothing is written")
    func tooLarge() async throws {
        let api = try await APIHarness()
        let large = "\"\(String(repeating: "x", count: 256 * 1024))\""
        for (path, body, field) in [
            ("/api/user/u1", "{\"bio\": \(large)}", "bio"),
            ("/api/user/u1", "{\"a\": 1, \"bio\": \(large), \"c\": 3}", "bio"),
            (
                "/api/user", "{\"id\": \"u1\", \"properties\": {\"a\": 1, \"collection\": \(large)}}",
                "properties.collection"
            ),
        ] {
            let answer = try await api.put(path, body)
            #expect(answer.status == 400)
            #expect(answer["field"] == .string(field))
            #expect(answer["code"] == "limit")
        }
        let pointers = "[{\"localContext\": \"a\", \"target\": 1}, {\"localContext\": \"bio\", \"target\": \(large)}]"
        let delta = try await api.post("{\"pointers\": \(pointers)}")
        #expect(delta.status == 400)
        #expect(delta["field"] == "pointers")
        #expect(try await api.node.memory.count() == 0)
    }

    @Test(
        "More than 1,024 properties are refused in words that name the bound, so many are written",
        arguments: ["/api/user/u1", "/api/user"]
    )
    func mostProperties(_ path: String) async throws {
        let api = try await APIHarness()
        func put(_ count: Int) async throws -> Answer {
            // One called as the field of the body, which is no property's error.
            let names = ["properties"] + (1..<count).map { "p\($0)" }
            let properties = "{" + names.map { "\"\($0)\": 1" }.joined(separator: ",") + "}"
            let body = path.hasSuffix("u1") ? properties : "{\"id\": \"u1\", \"properties\": \(properties)}"
            return try await api.put(path, body)
        }
        for count in [1_025, 100_000] {
            let answer = try await put(count)
            #expect(answer.status == 400)
            #expect(answer["code"] == "count")
            #expect(answer["field"] == "properties")
            #expect(answer["error"]?.text?.string.contains("1024") == true)
        }
        #expect(try await api.node.memory.count() == 0)
        #expect(try await put(1_024)["properties"]?.object?.count == 1_024)
        #expect(try await api.node.memory.count() == 1_025)
    }

    @Test("Ids are compared by their bytes, and any byte of them can be asked for")
    func ids() async throws {
        let api = try await APIHarness()
        let composed = "/api/user/%C3%A9"
        let decomposed = "/api/user/e%CC%81"
        _ = try await api.put(composed, "{\"n\": 1}")
        _ = try await api.put(decomposed, "{\"n\": 2}")
        #expect(try await api.get(composed)["properties"] == ["n": 1])
        #expect(try await api.get(decomposed)["properties"] == ["n": 2])
        _ = try await api.put("/api/user/a", "{\"n\": 3}")
        _ = try await api.put("/api/user/a%00b", "{\"n\": 4}")
        _ = try await api.put("/api/user/a%2Fb", "{\"n\": 5}")
        _ = try await api.put("/api/user/%2e%2E", "{\"n\": 6}")
        _ = try await api.put("/api/user/a%25b+c", "{\"n\": 7}")
        #expect(try await api.get("/api/user/a")["properties"] == ["n": 3])
        #expect(try await api.get("/api/user/a%00b")["properties"] == ["n": 4])
        #expect(
            try await api.get("/api/user/ids")["ids"]
                == ["..", "a", "a\0b", "a%b+c", "a/b", "e\u{301}", "\u{e9}"]
        )
    }

    @Test("Pages of entities make up the collection, stable under inserts")
    func pages() async throws {
        let api = try await APIHarness()
        for number in 10..<20 { _ = try await api.put("/api/user/u\(number)", "{\"n\": 1}") }
        var ids: [Text] = []
        var path: String? = "/api/user/ids?limit=3"
        while let next = path {
            let page = try await api.get(next)
            ids += try #require(page["ids"]?.array).compactMap(\.text)
            path = page.next
            if ids.count == 3 { _ = try await api.put("/api/user/u00", "{\"n\": 1}") }
        }
        #expect(ids == (10..<20).map { Text("u\($0)") })
        #expect(try await api.get("/api/user/ids")["ids"]?.array?.count == 11)
    }

    @Test("asOf shows what was known then, in µs, in RFC 3339 and by date")
    func asOf() async throws {
        let api = try await APIHarness()
        _ = try await api.put("/api/user/u1", "{\"n\": 1}")
        let then = api.node.time.now
        api.node.time.advance(3_600)
        _ = try await api.put("/api/user/u1", "{\"n\": 2}")
        _ = try await api.put("/api/user/u2", "{\"n\": 2}")
        #expect(try await api.get("/api/user/u1?asOf=\(then.microseconds)")["properties"] == ["n": 1])
        #expect(try await api.get("/api/user/u1?asOf=2025-01-01T00:30:00Z")["properties"] == ["n": 1])
        #expect(try await api.get("/api/user/u1?asOf=2025-01-01T02:30:00%2B02:00")["properties"] == ["n": 1])
        #expect(try await api.get("/api/user/ids?asOf=\(then.microseconds)")["ids"] == ["u1"])
        #expect(try await api.get("/api/user/u2?asOf=\(then.microseconds)").status == 404)
        #expect(try await api.get("/api/user/u1/history?asOf=\(then.microseconds)")["history"]?.array?.count == 1)
        #expect(try await api.get("/api/user/u1?asOf=2025-01-01T02:30:00+02:00")["properties"] == ["n": 1])
        // A date is its first moment, and the node's clock began at that of the first of January.
        #expect(try await api.get("/api/user/u1?asOf=2025-01-01").status == 404)
        #expect(try await api.get("/api/user/u1?asOf=2025-01-02")["properties"] == ["n": 2])
        #expect(try await api.get("/api/user/u1?asOf=yesterday").status == 400)
    }

    @Test(
        "a moment in seconds, milliseconds or nanoseconds is refused, not taken for another one",
        arguments: [
            "0", "1735689600", "1735689600000", "946684799999999", "9007199254740992", "1735689600000000000", "-1",
            "1735689600000000.0", "", "2025-02-29", "2025-13-01", "2025-01-01T", "20250101",
        ]
    )
    func asOfUnits(_ moment: String) async throws {
        let api = try await APIHarness()
        _ = try await api.put("/api/user/u1", "{\"n\": 1}")
        for path in ["/api/user/u1", "/api/user/ids", "/api/user/u1/history", "/api/lossless/u1"] {
            let answer = try await api.get("\(path)?asOf=\(moment)")
            #expect(answer.status == 400)
            #expect(answer["field"] == "asOf")
        }
        #expect(try await api.get("/api/user/u1?asOf=946684800000000").status == 404)
        #expect(try await api.get("/api/user/u1?asOf=9007199254740991").status == 200)
        #expect(try await api.get("/api/user/u1?context=x")["field"] == "context")
    }

    @Test("Deltas that trust keeps out aren't seen")
    func exclusion() async throws {
        let api = try await APIHarness()
        let other = try TestAuthors.signer("other")
        try api.node.state(.trust(other.publicKey, name: "other"))
        let theirs = try SignedDelta(
            pointers: [Pointer("user", entity: "u1", targetContext: "n"), Pointer("n", .integer(1))],
            after: [],
            timeCreated: 1_735_689_600_000_000,
            signer: other
        )
        #expect(try await api.post(cbor: theirs.bytes).status == 201)
        #expect(try await api.get("/api/user/u1")["properties"] == ["n": 1])
        try api.node.state(.distrust(other.publicKey, keep: .none))
        #expect(try await api.get("/api/user/u1").status == 404)
        #expect(try await api.get("/api/user/ids")["ids"] == [])
        #expect(try await api.get("/api/deltas/count").text == "1\n")
    }

    @Test(
        "What the API keeps for itself is no collection's name",
        arguments: [
            "audit", "blame", "collections", "contexts", "delta", "deltas", "functions", "health", "html", "hyperview",
            "lossless", "metrics", "openapi.json", "peers", "proofs", "queries", "query", "schemas", "status", "stream",
            "transaction", "trust", "ui", "_", "_later",
        ]
    )
    func reservedCollection(_ name: String) async throws {
        let api = try await APIHarness()
        let answer = try await api.put("/api/\(name)", #"{"id": "x", "properties": {"a": 1}}"#)
        // Where the path is there already, it is another method that it has.
        let isPath = api.api.table.routes.contains { $0.pattern == "/api/\(name)" }
        #expect(answer.status == (isPath ? 405 : 400))
        #expect(answer[isPath ? "message" : "error"]?.text?.string.contains("reserved") == true)
        #expect(throws: FieldError(.reserved, field: "collection", "")) {
            _ = try EntityPut(collection: Text(name), id: "x", properties: ["a": 1])
        }
        #expect(try await api.node.memory.count() == 0)
    }

    @Test(
        "Reserved names and ids are nothing to read",
        arguments: [
            "/api/_transaction/ids", "/api/schemas/x", "/api/lossless/x", "/api/user/count",
            "/api/user/ids/history", "/api/trust/x/history", "/api", "/", "/metrics/x", "/api/user/u1/x",
            "/api/status/x", "/api/ui/ids",
        ]
    )
    func reserved(_ path: String) async throws {
        let answer = try await APIHarness().get(path)
        #expect(answer.status == 404)
        #expect(answer.json == ["error": "Not Found"])
    }
}
