import Bytes
import Locks
import RhizomeCore
import RhizomeDatabase
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import StrictJSON
import Testing

@testable import RhizomeHTTP

/// Reads as they are seen from elsewhere, and the lossless view (spec: http.md).
@Suite struct ViewpointTests {
    /// An entity of which two authors, called ann and the node itself, say something.
    private static func harness() async throws -> APIHarness {
        let api = try await APIHarness()
        let ann = try TestAuthors.signer("ann")
        try api.node.state(.trust(ann.publicKey, name: "ann"))
        _ = try await api.put("/api/user/u1", "{\"name\": \"Taliesin\"}")
        var maker = DeltaMaker()
        let delta = try maker.delta(
            "ann",
            [Pointer("user", entity: "u1", targetContext: "age"), Pointer("age", .integer(42))]
        )
        _ = try await api.node.database.submit(delta.delta.bytes)
        return api
    }

    private static func query(_ value: String) -> String { PercentEncoding.encode(Text(value)) }

    @Test("authors and without pick whose word counts, by petname and by did")
    func authors() async throws {
        let api = try await Self.harness()
        let own = api.node.identity.did
        for (query, properties) in [
            ("authors=ann", ["age": 42]), ("without=ann", ["name": "Taliesin"]),
            ("authors=\(own)", ["name": "Taliesin"]),
            ("authors=ann,\(own)", ["age": 42, "name": "Taliesin"]), ("without=\(own)", ["age": 42]),
        ] as [(String, JSONValue)] {
            #expect(try await api.get("/api/user/u1?\(query)")["properties"] == properties, "\(query)")
        }
        #expect(try await api.get("/api/user/u1?without=ann,\(own)").status == 404)
        #expect(try await api.get("/api/user/ids?without=ann,\(own)").json == ["ids": []])
        #expect(try await api.get("/api/user/u1/history?authors=ann")["history"]?.array?.count == 1)
    }

    @Test("a filter picks deltas, on entities, lists, histories and lossless views, and goes on to the next page")
    func filter() async throws {
        let api = try await Self.harness()
        _ = try await api.put("/api/user/u2", "{\"name\": \"Ann\"}")
        let rule = Self.query(#"{"==": [{"var": "creatorName"}, "ann"]}"#)
        #expect(try await api.get("/api/user/u1?filter=\(rule)")["properties"] == ["age": 42])
        #expect(try await api.get("/api/user/ids?filter=\(rule)").json == ["ids": ["u1"]])
        #expect(try await api.get("/api/user/u1/history?filter=\(rule)")["history"]?.array?.count == 1)
        #expect(try await api.get("/api/lossless/u1?filter=\(rule)")["properties"]?.object?["name"] == nil)
        let all = Self.query("true")
        let page = try await api.get("/api/user/ids?filter=\(all)&limit=1")
        #expect(page.json == ["ids": ["u1"]])
        let next = try #require(page.next)
        #expect(next.contains("filter=true"))
        #expect(try await api.get(next).json == ["ids": ["u2"]])
    }

    @Test(
        "names that nobody has and bad rules get 400 with the place of the fault",
        arguments: [
            ("authors=nobody", "authors", "name", "nobody"), ("without=nobody", "without", "name", "nobody"),
            (#"filter={"and":[true,{"foo":1}]}"#, "filter", "pointer", "/and/1/foo"),
            (#"filter={"foo":1}"#, "filter", "code", "unknownOperator"),
        ]
    )
    func refused(query: String, field: String, detail: Text, value: String) async throws {
        let api = try await Self.harness()
        let parts = query.split(separator: "=", maxSplits: 1)
        let answer = try await api.get("/api/user/u1?\(parts[0])=\(Self.query(String(parts[1])))")
        #expect(answer.status == 400)
        #expect(answer["field"] == .string(field))
        #expect(answer[detail] == .string(value))
    }

    @Test("a filter that isn't JSON, empty names and unknown parameters get 400")
    func malformed() async throws {
        let api = try await Self.harness()
        for query in ["filter=%7B", "authors=", "authors=a,,b", "without=,", "view=1"] {
            #expect(try await api.get("/api/user/u1?\(query)").status == 400, "\(query)")
        }
    }

    @Test("a rule that would take too long ends with 400")
    func costly() async throws {
        let api = try await Self.harness()
        let doubled = #"{"merge": [{"var": "accumulator"}, {"var": "accumulator"}]}"#
        let twenty = "[" + (0..<40).map { "\($0)" }.joined(separator: ",") + "]"
        let rule = Self.query(#"{"reduce": [\#(twenty), \#(doubled), [1]]}"#)
        let answer = try await api.get("/api/user/u1?filter=\(rule)")
        #expect(answer.status == 400)
        #expect(answer["field"] == "filter")
    }

    @Test("the lossless view tells every delta with all its fields, under both names")
    func lossless() async throws {
        let api = try await Self.harness()
        for name in ["lossless", "hyperview"] {
            let view = try await api.get("/api/\(name)/u1")
            #expect(view.status == 200)
            #expect(view["referencedAs"] == ["user"])
            #expect(view["isComplete"] == true)
            let delta = try #require(view["properties"]?.object?["age"]?.array?.first?.object)
            #expect(delta["pointers"] == [["user": "u1"], ["age": 42]])
            for field in ["id", "creator", "host", "sequence", "previous", "timeCreated", "signature"] {
                #expect(delta[Text(field)] != nil, "\(field)")
            }
            #expect(try await api.get("/api/\(name)/ids").json == ["ids": ["u1"]])
            #expect(try await api.get("/api/\(name)/nobody").status == 404)
        }
    }

    @Test("transactions are entities of their own; others are none")
    func transactions() async throws {
        let api = try await Self.harness()
        _ = try await api.put("/api/user/u2", "{\"name\": \"Ann\", \"age\": 3}")
        let id = try #require(try await api.get("/api/transaction/ids")["ids"]?.array?.first?.text)
        let view = try await api.get("/api/transaction/\(id)")
        #expect(view["referencedAs"] == ["_transaction"])
        #expect(view["properties"]?.object?["deltas"]?.array?.count == 2)
        let none = try await api.get("/api/transaction/u1")
        #expect(none.status == 400)
        #expect(none.json == ["error": "Entity is not a transaction", "id": "u1"])
        #expect(try await api.get("/api/transaction/nobody").status == 404)
        let all = [id, "u1", "u2"].sorted().map { JSONValue.text($0) }
        #expect(try await api.get("/api/lossless/ids").json == ["ids": .array(all)])
    }
}
