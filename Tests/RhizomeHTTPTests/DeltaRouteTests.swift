import Bytes
import DatabaseTesting
import HTTPTypes
import Locks
import RhizomeCore
import RhizomeDatabase
import RhizomeIdentity
import RhizomeTesting
import RhizomeViews
import SignedStatements
import StrictJSON
import Testing

@testable import RhizomeHTTP

@Suite struct DeltaRouteTests {
    private let name =
        "{\"pointers\": [{\"localContext\": \"user\", \"target\": \"u1\", \"targetContext\": \"name\"},"
        + "{\"localContext\": \"name\", \"target\": \"Taliesin\"}]}"

    @Test("A delta that is written is answered whole, listed and found by its id")
    func write() async throws {
        let api = try await APIHarness()
        let written = try await api.post(name)
        #expect(written.status == 201)
        #expect(written["creator"] == .string(api.node.identity.did))
        #expect(written["sequence"] == 0)
        #expect(written["timeReceived"] != nil)
        #expect(written["receivedFrom"] == nil)
        let id = try #require(written["id"]?.text).string
        #expect(written.headers[.location] == "/api/deltas/\(id)")
        #expect(try await api.get("/api/deltas").json == .array([written.json]))
        #expect(try await api.get("/api/deltas/count").text == "1\n")
        #expect(try await api.get("/api/delta/ids").json == ["ids": [.string(id)]])
        let one = try await api.get("/api/deltas/\(id)")
        #expect(one["signature"] == written["signature"])
        #expect(one["heldBy"] == [])
        let cbor = try await api.get("/api/deltas/\(id)", [("Accept", "application/cbor")])
        #expect(cbor.headers[.contentType] == "application/cbor")
        #expect(try SignedDelta(decoding: cbor.body).id.description == id)
        let either = try await api.get("/api/deltas/\(id)", [("Accept", "application/json, application/cbor;q=0.5")])
        #expect(either.headers[.contentType] == "application/json")
    }

    @Test("Who holds a delta is told by did")
    func heldBy() async throws {
        let api = try await APIHarness()
        let id = try #require(try await api.post(name)["id"]?.text)
        let peer = try TestAuthors.signer("peer").publicKey
        api.node.peers.tell(holders: [peer])
        #expect(try await api.get("/api/deltas/\(id)")["heldBy"] == [.string(peer.did)])
    }

    @Test(
        "A body that sets what isn't the caller's to set is refused by the field's name",
        arguments: ["id", "creator", "host", "timeCreated", "sequence", "previous", "signature", "x"]
    )
    func unknownField(_ field: String) async throws {
        let api = try await APIHarness()
        let answer = try await api.post("{\"\(field)\": 1, \"pointers\": [{\"localContext\": \"a\", \"target\": 1}]}")
        #expect(answer.status == 400)
        #expect(answer["field"] == .string(field))
        #expect(try await api.node.memory.count() == 0)
    }

    @Test(
        "Pointers that aren't a delta's are refused with the way to the field",
        arguments: [
            ("{}", "pointers"), ("{\"pointers\": 1}", "pointers"), ("{\"pointers\": []}", "pointers"),
            ("{\"pointers\": [{\"localContext\": \"a\"}]}", "pointers[0].target"),
            ("{\"pointers\": [{\"localContext\": \"a\", \"target\": []}]}", "pointers[0].target"),
            ("{\"pointers\": [{\"localContext\": \"\", \"target\": 1}]}", "pointers[0].localContext"),
            ("{\"pointers\": [{\"localContext\": \"a\", \"target\": 1, \"b\": 2}]}", "pointers[0].b"),
            (
                "{\"pointers\": [{\"localContext\": \"a\", \"target\": 1, \"targetContext\": \"b\"}]}",
                "pointers[0].target"
            ),
        ]
    )
    func badPointers(_ body: String, _ field: String) async throws {
        let answer = try await APIHarness().post(body)
        #expect(answer.status == 400)
        #expect(answer["field"] == .string(field))
        #expect(answer["error"]?.text != nil)
    }

    @Test(
        "What isn't strict JSON is refused with its place",
        arguments: [
            ("", "truncated", 0), ("{\"pointers\": [", "truncated", 14), ("{\"a\":1,\"a\":2}", "duplicateName", 7),
            ("{} x", "trailing", 3), ("{\"a\":01}", "number", 5), ("{\"a\":1e400}", "floatRange", 5),
            ("{\"a\":9223372036854775808}", "integerRange", 5), ("{\"a\":\"\\ud800\"}", "unpairedSurrogate", 6),
            ("\u{feff}{}", "byteOrderMark", 0),
            ("{\"a\":NaN}", "syntax", 5),
        ]
    )
    func badJSON(_ body: String, _ code: String, _ offset: Int64) async throws {
        let answer = try await APIHarness().post(body)
        #expect(answer.status == 400)
        #expect(answer["code"] == .string(code))
        #expect(answer["offset"] == .integer(offset))
    }

    @Test("Deep nesting is refused where it begins to be too deep")
    func deep() async throws {
        let answer = try await APIHarness().post(String(repeating: "[", count: 100_000))
        #expect(answer.status == 400)
        #expect(answer["code"] == "tooDeep")
        #expect(answer["offset"] == 64)
    }

    @Test("A delta in CBOR goes through admission: stored, duplicate, deferred, rejected")
    func admission() async throws {
        let api = try await APIHarness()
        let author = try TestAuthors.signer("author")
        let delta = try SignedDelta(
            pointers: [Pointer("a", .integer(1))],
            after: [],
            timeCreated: 1_700_000_000_000_000,
            signer: author
        )
        let deferred = try await api.post(cbor: delta.bytes)
        #expect(deferred.status == 202)
        #expect(deferred.json == ["decision": "defer", "reason": "unknownAuthor", "id": .string(delta.id.description)])
        try api.node.state(.trust(author.publicKey, name: "author"))
        let accepted = try await api.post(cbor: delta.bytes)
        #expect(accepted.status == 201)
        #expect(accepted["creator"] == .string(author.publicKey.did))
        let duplicate = try await api.post(cbor: delta.bytes)
        #expect(duplicate.status == 200)
        #expect(duplicate.json == ["decision": "duplicate", "reason": .null, "id": .string(delta.id.description)])
        let next = try SignedDelta(
            pointers: [Pointer("a", .integer(2))],
            after: [DeltaLink(delta).head],
            timeCreated: delta.header.timeCreated + 1,
            signer: author
        )
        var forged = next.bytes
        forged[forged.count - 1] ^= 1
        let rejected = try await api.post(cbor: forged)
        #expect(rejected.status == 422)
        #expect(rejected["decision"] == "reject")
        #expect(rejected["reason"] == "bodyMismatch")
        #expect(rejected["error"]?.text != nil)
        let malformed = try await api.post(cbor: [0xff])
        #expect(malformed.status == 422)
        #expect(malformed["reason"] == "malformed")
        #expect(malformed["id"] == nil)
        #expect(try await api.node.memory.count() == 1)
    }

    @Test("Of a sequence of deltas each is decided on in its order, and none of a sequence that was cut")
    func sequence() async throws {
        let api = try await APIHarness()
        let author = try TestAuthors.signer("author")
        try api.node.state(.trust(author.publicKey, name: "author"))
        var deltas: [SignedDelta] = []
        for number in 0..<3 {
            deltas.append(
                try SignedDelta(
                    pointers: [Pointer("a", .integer(Int64(number)))],
                    after: deltas.suffix(1).map { DeltaLink($0).head },
                    timeCreated: 1_700_000_000_000_000 + Int64(number),
                    signer: author
                )
            )
        }
        var forged = deltas[2].bytes
        forged[forged.count - 1] ^= 1
        let bytes = [deltas[0].bytes, deltas[1].bytes, deltas[0].bytes, forged]
        let cut = try await api.post(sequence: bytes.flatMap(\.self).dropLast())
        #expect(cut.status == 400 && cut["field"] == "body")
        #expect(try await api.node.memory.count() == 0)
        let answer = try await api.post(sequence: bytes.flatMap(\.self))
        #expect(answer.status == 200)
        let decisions = try #require(answer["decisions"]?.array).map { $0.object }
        #expect(decisions.map { $0?["decision"] } == ["accept", "accept", "duplicate", "reject"])
        #expect(decisions.prefix(2).map { $0?["id"] } == deltas.prefix(2).map { .string($0.id.description) })
        #expect(decisions[3]?["reason"] == "bodyMismatch" && decisions[3]?["error"]?.text != nil)
        #expect(try await api.node.memory.count() == 2)
        #expect(try await api.post(sequence: []).json == ["decisions": []])
    }

    @Test("A delta just above the limit is rejected by admission, by name")
    func limit() async throws {
        let answer = try await APIHarness().post(cbor: [UInt8](repeating: 0, count: DeltaLimits.signedBytes + 1))
        #expect(answer.status == 422)
        #expect(answer["reason"] == "limit")
    }

    @Test("Ids that aren't ids get 400, unknown ones 404")
    func ids() async throws {
        let api = try await APIHarness()
        #expect(try await api.get("/api/deltas/xyz").status == 400)
        let unknown = try await api.get("/api/deltas/" + String(repeating: "0", count: 64))
        #expect(unknown.status == 404)
        #expect(unknown.json == ["error": "Not Found"])
    }

    @Test("Pages make up the complete list, whatever is added meanwhile")
    func pages() async throws {
        let api = try await APIHarness()
        try await api.node.fill(deltas: 25, bytes: 10)
        let complete = try #require(try await api.get("/api/delta/ids")["ids"]?.array)
        var paged: [JSONValue] = []
        var path: String? = "/api/delta/ids?limit=10"
        while let next = path {
            let page = try await api.get(next)
            #expect(page.status == 200)
            paged += try #require(page["ids"]?.array)
            path = page.next
            if paged.count == 10 { try await api.node.fill(deltas: 3, bytes: 1) }
        }
        #expect(paged.count == 28)
        #expect(Array(paged.prefix(25)) == complete)
        #expect(Set(paged).count == 28)
    }

    @Test("A list longer than any batch is complete and in order")
    func longList() async throws {
        let api = try await APIHarness()
        try await api.node.fill(deltas: 700, bytes: 100)
        let list = try #require(try await api.get("/api/deltas").json.array)
        #expect(list.count == 700)
        #expect(list.compactMap { $0.object?["sequence"]?.integer } == Array(0..<700))
    }

    @Test(
        "Parameters that aren't known, or wrong, are refused by name",
        arguments: [
            ("limit=0", "limit"), ("limit=-1", "limit"), ("limit=x", "limit"), ("limit=10001", "limit"),
            ("limit=+1", "limit"), ("after=x", "after"), ("after=", "after"), ("asOf=1", "asOf"),
            ("context=x", "context"), ("authors=x", "authors"), ("without=x", "without"), ("filter=true", "filter"),
            ("x=1", "x"), ("limit=1&limit=2", "limit"),
        ]
    )
    func badParameters(_ query: String, _ field: String) async throws {
        let answer = try await APIHarness().get("/api/deltas?\(query)")
        #expect(answer.status == 400)
        #expect(answer["field"] == .string(field))
    }

    @Test("A cursor of another store, or of another list, is refused")
    func foreignCursor() async throws {
        let api = try await APIHarness()
        try await api.node.fill(deltas: 2, bytes: 1)
        let next = try #require(try await api.get("/api/deltas?limit=1").next)
        #expect(try await api.get(next).status == 200)
        let other = try await APIHarness()
        #expect(try await other.get(next).status == 400)
        let entity = PageCursor.entity("p0").text
        #expect(try await api.get("/api/deltas?after=\(entity)").status == 400)
    }

    @Test("A write that the clock or the disk forbids gets 503 with the word")
    func unavailable() async throws {
        let api = try await APIHarness()
        let then = api.node.time.now
        #expect(try await api.post(name).status == 201)
        api.node.time.now = then + 1 - 301_500_000
        let later = try #require(api.node.database.writeError)
        let answer = try await api.post(name)
        #expect(answer.status == 503)
        #expect(
            answer.json == [
                "error": "clock", "message": .string(later.message),
                "writableAt": .integer((then + 1 - 300_000_000).microseconds),
            ]
        )
        #expect(answer.headers[.retryAfter] == "2")
        #expect(later.message.contains("2024-12-31T23:55:00.000002Z"))
        api.node.time.now += 1_500_000
        #expect(api.node.database.writeError == nil)
        #expect(try await api.post(name).status == 201)
        api.node.time.now = then
        api.node.memory.beforeWrite { throw DeltaLogError(.disk, "full") }
        let full = try await api.post(name)
        #expect(full.status == 503)
        #expect(full["error"] == "disk")
        #expect(full["message"]?.text?.string.hasSuffix("full") == true)
        #expect(full.headers[.retryAfter] == "1")
        let author = try TestAuthors.signer("author")
        try api.node.state(.trust(author.publicKey, name: "author"))
        let delta = try SignedDelta(pointers: [Pointer("a", .integer(1))], after: [], timeCreated: 1, signer: author)
        #expect(try await api.post(cbor: delta.bytes).json == ["error": "disk", "message": "full"])
    }

    // MARK: - Some of them

    /// Deltas of two authors about two entities: the ids, in the order of acceptance.
    private static func harness() async throws -> (APIHarness, [JSONValue]) {
        let api = try await APIHarness()
        let ann = try TestAuthors.signer("ann")
        try api.node.state(.trust(ann.publicKey, name: "ann"))
        var maker = DeltaMaker(time: 1_735_689_500_000_000)
        for number in 0..<6 {
            let (id, property) = (number % 2 == 0 ? "u1" : "u2", number < 3 ? "name" : "age")
            _ = try await api.put("/api/user/\(id)", "{\"\(property)\": \(number)}")
            let pointers = [
                Pointer("user", entity: Text(id), targetContext: Text(property)),
                Pointer(Text(property), .integer(Int64(number))),
            ]
            let delta = try maker.delta("ann", pointers)
            #expect(try await api.node.database.submit(delta.delta.bytes).stored != nil)
        }
        let all = try #require(try await api.get("/api/deltas").json.array)
        #expect(all.count == 12)
        return (api, all)
    }

    @Test(
        "deltas are found by author, entity, property and time, in either order, in pages too",
        arguments: [
            "creator=ann", "entity=u1", "property=name", "entity=u2&property=age", "creator=ann&entity=u1",
            "createdAfter=1735689600000000", "createdBefore=1735689600000000&entity=u1", "creator=ann&property=age",
            "entity=nobody", "createdAfter=2030-01-01",
        ]
    )
    func found(_ query: String) async throws {
        let (api, all) = try await Self.harness()
        let ann = try TestAuthors.signer("ann").publicKey.json
        let parts = query.split(separator: "&").map { $0.split(separator: "=").map(String.init) }
        let expected = all.filter { delta in
            let pointer = delta.object?["pointers"]?.array?.first?.object
            let time = delta.object?["timeCreated"]?.integer ?? 0
            return parts.allSatisfy { part in
                switch part[0] {
                case "creator": delta.object?["creator"] == ann
                case "entity": pointer?["target"] == .string(part[1])
                case "property": pointer?["targetContext"] == .string(part[1])
                case "createdAfter": time >= Int64(part[1]) ?? .max
                default: time <= Int64(part[1]) ?? .min
                }
            }
        }
        #expect(try await api.get("/api/deltas?\(query)").json == .array(expected))
        let byTime = expected.sorted {
            ($0.object?["timeCreated"]?.integer ?? 0) < ($1.object?["timeCreated"]?.integer ?? 0)
        }
        for (order, expected) in [("", expected), ("&order=created", byTime)] {
            #expect(try await api.get("/api/deltas?\(query)\(order)").json == .array(expected))
            var paged: [JSONValue] = []
            var path: String? = "/api/deltas?\(query)\(order)&limit=2"
            while let next = path {
                let page = try await api.get(next)
                paged += try #require(page.json.array)
                path = page.next
            }
            #expect(paged == expected)
        }
    }

    @Test("deltas are found by the node on which they were made, and names that nobody has are refused")
    func host() async throws {
        let (api, all) = try await Self.harness()
        let own = api.node.identity.json
        #expect(
            try await api.get("/api/deltas?host=\(api.node.identity.did)").json
                == .array(
                    all.filter { $0.object?["host"] == own }
                )
        )
        for (query, field) in [
            ("creator=nobody", "creator"), ("host=nobody", "host"), ("order=accepted", "order"),
            ("createdAfter=1", "createdAfter"), ("createdBefore=soon", "createdBefore"),
            ("order=created&after=x", "after"),
        ] {
            let answer = try await api.get("/api/deltas?\(query)")
            #expect(answer.status == 400 && answer["field"] == .string(field), "\(query)")
        }
        // A cursor of one order means nothing in the other.
        let page = try #require(try await api.get("/api/deltas?order=created&limit=1").next)
        let after = try #require(page.split(separator: "after=").last?.split(separator: "&").first)
        #expect(try await api.get("/api/deltas?creator=ann&limit=1&after=\(after)").status == 400)
    }

    @Test("an own delta is taken back once, another's by a moderator alone, and what isn't held is 404")
    func delete() async throws {
        let (api, all) = try await Self.harness()
        func id(by own: Bool) throws -> Text {
            let delta = all.last { ($0.object?["creator"] == api.node.identity.json) == own }
            return try #require(delta?.object?["id"]?.text)
        }
        let own = "/api/deltas/\(try id(by: true))"
        let other = "/api/deltas/\(try id(by: false))"
        let negation = try await api.delete(own)
        #expect(negation.status == 201)
        #expect(
            negation["pointers"] == [
                ["localContext": "_negates", "target": .text(try id(by: true)), "targetContext": "negated_by"]
            ]
        )
        #expect(negation.headers[.location] == "/api/deltas/\(try #require(negation["id"]?.text))")
        let again = try await api.delete(own)
        #expect(again.status == 200 && again.json == negation.json)
        #expect(try await api.delete(other).status == 403)
        _ = try await api.put("/api/contexts/mine", "{\"moderators\": [\"\(api.node.identity.did)\"]}")
        _ = try await api.put("/api/contexts/hers", #"{"moderators": ["ann"]}"#)
        #expect(try await api.delete(other + "?context=hers").status == 403)
        #expect(try await api.delete(other + "?context=mine").status == 201)
        #expect(try await api.delete(other + "?context=mine").status == 200)
        #expect(try await api.delete("/api/deltas/" + String(repeating: "0", count: 64)).status == 404)
        #expect(try await api.delete("/api/deltas/x").status == 400)
    }

    @Test("Pointers that are each right and too large together get 400")
    func tooLarge() async throws {
        let api = try await APIHarness()
        let text = String(repeating: "x", count: DeltaLimits.bodyBytes / 2)
        let pointer = "{\"localContext\": \"a\", \"target\": \"\(text)\"}"
        let answer = try await api.post("{\"pointers\": [\(pointer), \(pointer)]}")
        #expect(answer.status == 400)
        #expect(answer["field"] == "pointers")
        #expect(try await api.node.memory.count() == 0)
    }
}
