import Bytes
import DatabaseTesting
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

/// Contexts over HTTP: written, read, listed, and looked through (spec: http.md, views.md).
@Suite struct ContextRouteTests {
    /// An entity of which ann and the node itself say something, ann last.
    private static func harness() async throws -> (api: APIHarness, ann: Author) {
        let api = try await APIHarness()
        let ann = Author(api.node, key: try TestAuthors.signer("ann").publicKey)
        try api.node.state(.trust(ann.key, name: "ann"))
        _ = try await api.put("/api/user/u1", #"{"name": "Taliesin", "age": 42}"#)
        try await ann.write([Pointer("user", entity: "u1", targetContext: "age"), Pointer("age", .integer(7))])
        return (api, ann)
    }

    /// Somebody else whose deltas the node takes in.
    private final class Author {
        let key: PublicKey
        private let node: MemoryNode
        private var maker: DeltaMaker
        private var last: [AdmittedDelta] = []

        init(_ node: MemoryNode, key: PublicKey) {
            self.node = node
            self.key = key
            maker = DeltaMaker(time: 1_735_689_601_000_000)
        }

        func write(_ pointers: [Pointer], isFirst: Bool = false) async throws {
            let delta = try maker.delta("ann", pointers, after: isFirst ? [] : last)
            last = [delta]
            #expect(try await node.database.submit(delta.delta.bytes).stored != nil)
        }

        func define(_ name: Text, _ json: Text) async throws {
            try await write([
                Pointer("_context", entity: name, targetContext: "definition"), Pointer("definition", .text(json)),
            ])
        }
    }

    private static func encoded(_ text: String) -> String { PercentEncoding.encode(Text(text)) }

    // MARK: - Writing

    @Test("what is put is answered as it is stored, with dids and µs, in one delta by the node itself")
    func put() async throws {
        let (api, ann) = try await Self.harness()
        let before = try await api.node.memory.count()
        let answer = try await api.put(
            "/api/contexts/review",
            """
            {"forked": "allow", "asOf": "1970-01-01T00:00:01Z", "authors": ["ann", "\(api.node.identity.multibase)"],
             "moderators": [], "resolvers": {"user": {"age": "max"}}, "filter": true}
            """
        )
        #expect(answer.status == 200)
        let stored: JSONValue = [
            "filter": true, "authors": [ann.key.json, api.node.identity.json], "moderators": [],
            "resolvers": ["user": ["age": "max"]], "asOf": 1_000_000, "forked": "allow",
        ]
        #expect(answer.json == stored)
        #expect(try await api.get("/api/contexts/review").json == stored)
        #expect(try await api.node.memory.count() == before + 1)
        let delta = try #require(try await api.node.memory.deltas(after: before, limit: 1).first?.delta)
        #expect(delta.author == api.node.identity)
        #expect(
            delta.body.pointers == [
                Pointer("_context", entity: "review", targetContext: "definition"),
                Pointer("definition", .text(Text(stored.description))),
            ]
        )
    }

    @Test("a PUT that changes nothing writes nothing, another one counts at once")
    func unchanged() async throws {
        let (api, ann) = try await Self.harness()
        _ = try await api.put("/api/contexts/review", #"{"authors": ["ann"], "asOf": 1735689600000005}"#)
        let before = try await api.node.memory.count()
        let same = try await api.put(
            "/api/contexts/review",
            #"{"asOf": 1735689600000005, "authors": ["\#(ann.key.did)"]}"#
        )
        #expect(same.status == 200)
        #expect(same.json == ["authors": [ann.key.json], "asOf": 1_735_689_600_000_005])
        #expect(try await api.node.memory.count() == before)
        // The last write stands far ahead of the clock, as far as it may.
        api.node.time.now -= 1_000_000
        #expect(try await api.put("/api/contexts/review", "{}").json == [:])
        #expect(try await api.get("/api/contexts/review").json == [:])
        #expect(try await api.node.memory.count() == before + 1)
    }

    @Test(
        "what can't be a context gets 400 with the place of the fault, and nothing is written",
        arguments: [
            ("review", #"{"filters": true}"#, "filters"), ("review", #"{"authors": ["nobody"]}"#, "authors[0]"),
            ("review", #"{"moderators": ["ann", "nobody"]}"#, "moderators[1]"),
            ("review", #"{"resolvers": {"user": {"age": "mode"}}}"#, "resolvers.user.age"),
            ("review", #"{"asOf": "tomorrow"}"#, "asOf"), ("review", #"{"asOf": 1735689600}"#, "asOf"),
            ("review", #"{"asOf": 1735689600000}"#, "asOf"), ("review", #"{"asOf": 1735689600000000000}"#, "asOf"),
            ("review", #"{"asOf": 1735689600000000.5}"#, "asOf"), ("review", #"{"asOf": "1735689600000000"}"#, "asOf"),
            ("review", #"{"forked": "no"}"#, "forked"),
            ("review", #"{"filter": {"foo": 1}}"#, "filter"), ("_review", "{}", "name"), ("a%40b", "{}", "name"),
            ("ids", "{}", "name"), ("stream", "{}", "name"),
        ]
    )
    func refused(name: String, body: String, field: String) async throws {
        let (api, _) = try await Self.harness()
        let before = try await api.node.memory.count()
        let answer = try await api.put("/api/contexts/\(name)", body)
        #expect(answer.status == 400)
        #expect(answer["field"] == .string(field))
        #expect(try await api.node.memory.count() == before)
    }

    @Test("no JSON, no object, no name, a name of 1,025 bytes and a definition larger than a delta get 400")
    func malformed() async throws {
        let (api, _) = try await Self.harness()
        for body in ["", "{", "[]", "null", #"{"asOf": 1, "asOf": 2}"#] {
            #expect(try await api.put("/api/contexts/review", body).status == 400, "\(body)")
        }
        let long = String(repeating: "n", count: 1_025)
        for path in ["/api/contexts/", "/api/contexts/\(long)"] {
            #expect(try await api.put(path, "{}").status == 400, "\(path)")
        }
        #expect(try await api.put("/api/contexts", "{}").status == 405)
        #expect(try await api.put("/api/contexts/\(long.dropLast())", "{}").status == 200)
        let table = (0..<20_000).map { #""p\#($0)": "max""# }.joined(separator: ",")
        let large = try await api.put("/api/contexts/review", #"{"resolvers": {"user": {\#(table)}}}"#)
        #expect(large.status == 400)
        #expect(large["field"] == "resolvers")
        #expect(try await api.put("/api/contexts/review?context=review", "{}").status == 400)
        #expect(try await api.get("/api/contexts/review").status == 404)
    }

    // MARK: - Reading

    @Test("another author's context is read under its name and did or petname, and is nobody else's")
    func others() async throws {
        let (api, ann) = try await Self.harness()
        try await ann.define("hers", #"{"asOf":5}"#)
        for name in ["hers@\(ann.key.did)", "hers@ann", "hers%40\(ann.key.multibase)"] {
            #expect(try await api.get("/api/contexts/\(name)").json == ["asOf": 5], "\(name)")
        }
        for name in ["hers", "hers@\(api.node.identity.did)", "hers@nobody", "other", "hers@"] {
            #expect(try await api.get("/api/contexts/\(name)").status == 404, "\(name)")
            let read = try await api.get("/api/user/u1?context=\(name)")
            #expect(read.status == 400)
            #expect(read["field"] == "context")
            #expect(read["name"] == .string(name))
        }
        #expect(try await api.get("/api/user/u1?context=").status == 400)
    }

    @Test("all contexts are listed with their definitions, whole or in pages; broken ones say why")
    func list() async throws {
        let (api, ann) = try await Self.harness()
        #expect(try await api.get("/api/contexts").json == [])
        for name in ["b", "a", "c"] { _ = try await api.put("/api/contexts/\(name)", #"{"forked": "refuse"}"#) }
        try await ann.define("b", #"{"asOf":5}"#)
        try await ann.define("bad", #"{"asOf":"now"}"#)
        let whole = try #require(try await api.get("/api/contexts").json.array?.compactMap(\.object))
        let hers = "@\(ann.key.did)"
        #expect(whole.compactMap { $0["name"]?.text?.string } == ["a", "b", "b\(hers)", "bad\(hers)", "c"])
        #expect(whole[0]["definition"] == ["forked": "refuse"])
        #expect(whole[0]["creator"] == api.node.identity.json)
        #expect(whole[2]["definition"] == ["asOf": 5])
        #expect(whole[2]["creator"] == ann.key.json)
        #expect(whole[3]["definition"] == .null)
        #expect(whole[3]["error"]?.text != nil)
        for field in ["delta", "timeCreated"] as [Text] { #expect(whole.allSatisfy { $0[field] != nil }) }
        for limit in 1...6 {
            var read: [JSONObject] = []
            var path: String? = "/api/contexts?limit=\(limit)"
            while let next = path {
                let page = try await api.get(next)
                #expect((page.json.array?.count ?? 0) <= limit)
                read += page.json.array?.compactMap(\.object) ?? []
                path = page.next
            }
            #expect(read == whole, "pages of \(limit)")
        }
        #expect(try await api.get("/api/contexts?after=x").status == 400)
        #expect(try await api.get("/api/contexts?context=a").status == 400)
    }

    @Test("a complete list of more contexts than are read at once has each of them")
    func longList() async throws {
        let api = try await APIHarness()
        let base: Int64 = 1_735_689_600_000_000
        for number in 0..<150 {
            _ = try await api.put("/api/contexts/c\(number)", #"{"asOf": \#(base + Int64(number))}"#)
        }
        let list = try #require(try await api.get("/api/contexts").json.array?.compactMap(\.object))
        #expect(list.compactMap { $0["name"]?.text } == (0..<150).map { Text("c\($0)") }.sorted())
        #expect(
            list.allSatisfy {
                Text("c\(($0["definition"]?.object?["asOf"]?.integer ?? -1) - base)") == $0["name"]?.text
            }
        )
    }

    @Test("a definition that can't be used gets 400 that names it, whoever looks through it")
    func unusable() async throws {
        let (api, ann) = try await Self.harness()
        try await ann.define("hers", #"{"resolvers":{"user":{"age":"mode"}}}"#)
        for path in ["/api/contexts/hers@ann", "/api/user/u1?context=hers@ann", "/api/user/ids?context=hers@ann"] {
            let answer = try await api.get(path)
            #expect(answer.status == 400)
            #expect(answer["field"] == "context")
            #expect(answer["name"] == "hers")
            #expect(answer["creator"] == ann.key.json)
            #expect(answer["place"] == "resolvers.user.age")
            #expect(answer["delta"]?.text?.count == 64)
        }
        #expect(try await api.get("/api/user/u1").status == 200)
    }

    // MARK: - Looking through contexts

    @Test("every read of entities takes a context")
    func everyRead() async throws {
        let (api, ann) = try await Self.harness()
        _ = try await api.put("/api/contexts/hers", #"{"authors": ["ann"]}"#)
        try await ann.write([
            Pointer("user", entity: "u2", targetContext: "name"), Pointer("name", .text("Ann")),
        ])
        #expect(try await api.get("/api/user/u1?context=hers").json == ["id": "u1", "properties": ["age": 7]])
        #expect(try await api.get("/api/user/u1/history?context=hers")["history"]?.array?.count == 1)
        #expect(try await api.get("/api/user/ids?context=hers").json == ["ids": ["u1", "u2"]])
        for name in ["lossless", "hyperview"] {
            let view = try await api.get("/api/\(name)/u1?context=hers")
            #expect(view["properties"]?.object?.members.map(\.name) == ["age"])
            #expect(try await api.get("/api/\(name)/ids?context=hers").json == ["ids": ["u1", "u2"]])
        }
        let transactions = try await api.get("/api/transaction/ids")["ids"]?.array ?? []
        let transaction = try #require(transactions.first?.text)
        #expect(try await api.get("/api/transaction/\(transaction)").status == 200)
        #expect(try await api.get("/api/transaction/\(transaction)?context=hers").status == 404)
        #expect(try await api.get("/api/transaction/ids?context=hers").json == ["ids": []])
        let page = try await api.get("/api/user/ids?context=hers&limit=1")
        let next = try #require(page.next)
        #expect(next.contains("context=hers"))
        #expect(try await api.get(next).json == ["ids": ["u2"]])
    }

    @Test("the query narrows what the context leaves, and its moment replaces the context's")
    func narrowed() async throws {
        let (api, _) = try await Self.harness()
        let own = api.node.identity.did
        _ = try await api.put("/api/contexts/old", #"{"asOf": "1970-01-01"}"#)
        _ = try await api.put("/api/contexts/two", #"{"authors": ["ann", "\#(own)"]}"#)
        let byAnn = Self.encoded(#"{"==": [{"var": "creatorName"}, "ann"]}"#)
        for (query, properties) in [
            ("context=two", ["age": 7, "name": "Taliesin"]),
            ("context=two&without=ann", ["age": 42, "name": "Taliesin"]),
            ("context=two&authors=ann", ["age": 7]), ("context=two&filter=\(byAnn)", ["age": 7]),
            ("context=old&asOf=9000000000000000", ["age": 7, "name": "Taliesin"]),
        ] as [(String, JSONValue)] {
            #expect(try await api.get("/api/user/u1?\(query)")["properties"] == properties, "\(query)")
        }
        #expect(try await api.get("/api/user/u1?context=old").status == 404)
        _ = try await api.put("/api/contexts/hers", #"{"filter": {"==": [{"var": "creatorName"}, "ann"]}}"#)
        #expect(try await api.get("/api/user/u1?context=hers&without=ann").status == 404)
        #expect(try await api.get("/api/user/u1?context=hers&authors=ann")["properties"] == ["age": 7])
    }

    @Test("resolvers go by the collection in the path, and by-rank by the context's authors")
    func resolvers() async throws {
        let (api, ann) = try await Self.harness()
        let own = api.node.identity
        _ = try await api.put(
            "/api/contexts/all",
            #"""
            {"authors": ["\#(own.did)", "ann"],
             "resolvers": {"*": {"age": "by-author"}, "user": {"age": "sum"}, "film": {"age": "by-rank"}}}
            """#
        )
        #expect(try await api.get("/api/user/u1?context=all")["properties"]?.object?["age"] == 49)
        #expect(try await api.get("/api/film/u1?context=all")["properties"]?.object?["age"] == 42)
        let byAuthor = try await api.get("/api/other/u1?context=all")["properties"]?.object?["age"]?.object
        #expect(byAuthor?[Text(own.did)] == 42)
        #expect(byAuthor?[Text(ann.key.did)] == 7)
    }

    @Test("a context's moderators negate for who looks through it")
    func moderators() async throws {
        let (api, ann) = try await Self.harness()
        let name = try #require(
            try await api.get("/api/user/u1/history")["history"]?.array?.compactMap(\.object)
                .first { $0["property"] == "name" }?["delta"]?.text
        )
        try await ann.write([Pointer("_negates", entity: name, targetContext: "negated_by")])
        _ = try await api.put("/api/contexts/moderated", #"{"moderators": ["ann"]}"#)
        #expect(try await api.get("/api/user/u1")["properties"] == ["age": 7, "name": "Taliesin"])
        #expect(try await api.get("/api/user/u1?context=moderated")["properties"] == ["age": 7])
        let without = try await api.get("/api/user/u1?context=moderated&without=ann")
        #expect(without["properties"] == ["age": 42, "name": "Taliesin"])
    }

    @Test("forked authors count before the fork, and not after it where the context refuses them")
    func forked() async throws {
        let (api, ann) = try await Self.harness()
        _ = try await api.put("/api/contexts/strict", #"{"forked": "refuse"}"#)
        _ = try await api.put("/api/contexts/loose", #"{"forked": "allow"}"#)
        let before = try #require(try await api.get("/api/user/u1/history?authors=ann")["history"]?.array?.last?.object)
        #expect(try await api.get("/api/user/u1?context=strict")["properties"]?.object?["age"] == 7)
        try await ann.write([Pointer("note", .text("another history"))], isFirst: true)
        #expect(try await api.get("/api/user/u1?context=strict")["properties"]?.object?["age"] == 42)
        #expect(try await api.get("/api/user/u1?context=loose")["properties"]?.object?["age"] == 7)
        let time = try #require(before["timeCreated"]?.integer)
        let then = try await api.get("/api/user/u1?context=strict&asOf=\(time)")
        #expect(then["properties"]?.object?["age"] == 7)
    }

    @Test("the definition used is today's, whatever the moment, and a negated one doesn't count")
    func today() async throws {
        let (api, _) = try await Self.harness()
        // After the entity, before either context was written.
        let then = api.node.time.now + 1_000
        api.node.time.advance(1)
        _ = try await api.put("/api/contexts/mine", #"{"authors": []}"#)
        _ = try await api.put("/api/contexts/mine", #"{"authors": ["\#(api.node.identity.did)"]}"#)
        let read = try await api.get("/api/user/u1?context=mine&asOf=\(then.microseconds)")
        #expect(read["properties"] == ["age": 42, "name": "Taliesin"])
        let delta = try #require(try await api.get("/api/contexts").json.array?.first?.object?["delta"]?.text)
        let negation = try await api.post(
            #"{"pointers": [{"localContext": "_negates", "target": "\#(delta)", "targetContext": "negated_by"}]}"#
        )
        #expect(negation.status == 201)
        #expect(try await api.get("/api/contexts/mine").json == ["authors": []])
        #expect(try await api.get("/api/user/u1?context=mine&asOf=\(then.microseconds)").status == 404)
    }

    @Test("a PUT plans against the node's own view, and takes no context")
    func putOfEntities() async throws {
        let (api, _) = try await Self.harness()
        _ = try await api.put("/api/contexts/own", #"{"authors": ["\#(api.node.identity.did)"]}"#)
        #expect(try await api.put("/api/user/u1?context=own", #"{"age": 42}"#).status == 400)
        let before = try await api.node.memory.count()
        #expect(try await api.put("/api/user/u1", #"{"age": 7}"#).status == 200)
        #expect(try await api.node.memory.count() == before)
        #expect(try await api.put("/api/user/u1", #"{"age": 42}"#)["properties"]?.object?["age"] == 42)
        #expect(try await api.node.memory.count() == before + 1)
    }

    @Test("a context's filter that costs too much gets 400 that says whose it is")
    func costly() async throws {
        let (api, _) = try await Self.harness()
        let items = (0..<40).map { "\($0)" }.joined(separator: ",")
        let twice = #"{"merge": [{"var": "accumulator"}, {"var": "accumulator"}]}"#
        let put = try await api.put("/api/contexts/slow", #"{"filter": {"reduce": [[\#(items)], \#(twice), [1]]}}"#)
        #expect(put.status == 200)
        let answer = try await api.get("/api/user/u1?context=slow")
        #expect(answer.status == 400)
        #expect(answer["field"] == "context.filter")
    }
}
