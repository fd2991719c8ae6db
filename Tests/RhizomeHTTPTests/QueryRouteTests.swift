import Bytes
import DatabaseTesting
import HTTPTypes
import NIOHTTP1
import RhizomeCore
import RhizomeIdentity
import RhizomeTesting
import StrictJSON
import Testing

@testable import RhizomeHTTP

/// Queries over HTTP: their forms, pages, limits, and those that are kept (spec: query.md).
@Suite struct QueryRouteTests {
    private static let users = #"{"entities":{"of":"user","columns":["name","age"]}}"#

    private static func ask(
        _ api: APIHarness,
        _ json: String,
        accept: String? = nil
    ) async throws -> Answer {
        let more = accept.map { [("Accept", $0)] } ?? []
        return try await api.send(
            .POST,
            "/api/query",
            [("Content-Type", "application/json")] + more,
            body: Array(json.utf8)
        )
    }

    private static func filled(_ count: Int = 3) async throws -> APIHarness {
        let api = try await APIHarness()
        for number in 0..<count {
            _ = try await api.put(
                "/api/user/u\(number)",
                #"{"name":"N, \#(number)","age":\#(number)}"#
            )
        }
        return api
    }

    @Test("rows come as JSON, as lines or as a table")
    func forms() async throws {
        let api = try await Self.filled(2)
        _ = try await api.put("/api/user/u9", #"{"age":5}"#)
        _ = try await api.put("/api/user/u9", #"{"name":"say \"hi\"","age":null}"#)
        let query = #"{"query":{"order":[\#(Self.users),[{"by":"id"}]]},"count":true}"#
        let whole = try await Self.ask(api, query)
        #expect(whole.status == 200)
        #expect(whole["columns"] == ["id", "name", "age"])
        #expect(
            whole["rows"] == [
                ["id": "u0", "name": "N, 0", "age": 0], ["id": "u1", "name": "N, 1", "age": 1],
                ["id": "u9", "name": "say \"hi\"", "age": .null],
            ]
        )
        #expect(whole["count"] == 3 && whole["next"] == nil)
        #expect(whole["position"] == .integer(try await api.node.memory.count()))
        let lines = try await Self.ask(api, query, accept: "application/x-ndjson")
        #expect(lines.headers[.contentType] == "application/x-ndjson")
        #expect(lines.text.hasPrefix("{\"id\":\"u0\",\"name\":\"N, 0\",\"age\":0}\n") && lines.text.hasSuffix("}\n"))
        #expect(lines.text.split(separator: "\n").count == 3 && !lines.text.hasSuffix("\n\n"))
        let table = try await Self.ask(api, query, accept: "text/csv")
        #expect(table.text == "id,name,age\r\nu0,\"N, 0\",0\r\nu1,\"N, 1\",1\r\nu9,\"say \"\"hi\"\"\",\r\n")
        let witnesses = #"{"query":\#(Self.users),"provenance":"rows"}"#
        #expect(try await Self.ask(api, witnesses, accept: "text/csv").status == 400)
        let none = #"{"query":{"select":[\#(Self.users),false]}}"#
        #expect(try await Self.ask(api, none)["rows"] == [])
        #expect(try await Self.ask(api, none, accept: "text/csv").text == "id,name,age\r\n")
    }

    @Test("pages are of one state, whatever is written meanwhile, and together are the whole")
    func pages() async throws {
        let api = try await Self.filled(7)
        let query = #""query":{"order":[\#(Self.users),[{"by":"age","descending":true}]]}"#
        let whole = try #require(try await Self.ask(api, "{\(query)}")["rows"]?.array)
        var rows: [JSONValue] = []
        var after = ""
        var position: JSONValue?
        for page in 0..<4 {
            let answer = try await Self.ask(api, "{\(query),\"limit\":2\(after)}")
            #expect(answer.status == 200)
            rows += answer["rows"]?.array ?? []
            if let position { #expect(answer["position"] == position) }
            position = answer["position"]
            guard let next = answer["next"]?.text else { break }
            #expect(answer.headers[try #require(HTTPField.Name("Query-Next"))] == next.string)
            after = #","after":"\#(next)""#
            _ = try await api.put("/api/user/new\(page)", #"{"age":\#(9 - page)}"#)
            _ = try await api.put("/api/user/u3", #"{"age":\#(100 + page)}"#)
            if page == 1 { api.node.time.advance(.seconds(120)) }
        }
        #expect(rows == whole && rows.count == 7)
    }

    @Test("where what a page relies on has changed, the query has to begin anew")
    func changed() async throws {
        let api = try await Self.filled()
        _ = try await api.put("/api/contexts/mine", #"{"authors":"all"}"#)
        let query = #""query":\#(Self.users),"context":"mine","limit":1"#
        let next = try #require(try await Self.ask(api, "{\(query)}")["next"]?.text)
        let later = "{\(query),\"after\":\"\(next)\"}"
        #expect(try await Self.ask(api, later).status == 200)
        #expect(
            try await Self.ask(
                api,
                #"{"query":\#(Self.users),"context":"mine","limit":1,"provenance":"rows","after":"\#(next)"}"#
            ).status == 400
        )
        #expect(try await Self.ask(api, "{\(query),\"after\":\"x\"}").status == 400)
        _ = try await api.put("/api/contexts/mine", #"{"authors":[]}"#)
        let gone = try await Self.ask(api, later)
        #expect(gone.status == 410 && gone.json == ["error": "changed", "what": "context"])
        let plain = #""query":\#(Self.users),"limit":1"#
        let second = try #require(try await Self.ask(api, "{\(plain)}")["next"]?.text)
        try api.node.state(.trust(TestAuthors.signer("eve").publicKey, name: "eve"))
        let trust = try await Self.ask(api, "{\(plain),\"after\":\"\(second)\"}")
        #expect(trust.status == 410 && trust.json == ["error": "changed", "what": "trust"])
    }

    @Test("faults and limits are told with their places")
    func refusals() async throws {
        let api = try await Self.filled()
        let fault = try await Self.ask(api, #"{"query":{"project":[\#(Self.users),["nam"]]}}"#)
        #expect(fault.status == 400 && fault["error"] == "query" && fault["at"] == "/project/1/0")
        let unknown = try await Self.ask(api, #"{"query":\#(Self.users),"sort":1}"#)
        #expect(unknown.status == 400 && unknown["field"] == "sort")
        let context = try await Self.ask(api, #"{"query":\#(Self.users),"context":"none"}"#)
        #expect(context.status == 400 && context["field"] == "context")
        let numbers = (0..<4_000).map { "[\($0)]" }.joined(separator: ",")
        let wide = #"{"values":{"columns":["A"],"rows":[\#(numbers)]}}"#
        let cross = #"{"query":{"join":[\#(wide.replacing("A", with: "a")),\#(wide.replacing("A", with: "b"))]}}"#
        let limit = try await Self.ask(api, cross)
        #expect(limit.status == 422)
        #expect(
            limit["error"] == "limit" && limit["limit"] == "pairs" && limit["at"] == "/join"
                && limit["most"] == 10_000_000
        )
    }

    @Test("a query looks through other eyes, and tells on which deltas its rows rest")
    func eyes() async throws {
        let api = try await Self.filled(1)
        let own = api.node.identity.did
        let rows = try await Self.ask(api, #"{"query":\#(Self.users),"provenance":"cells"}"#)
        let because = try #require(rows["rows"]?.array?.first?.object?["_because"]?.object)
        #expect(
            because["name"]?.array?.count == 1 && because["age"]?.array?.count == 1 && because[""]?.array?.count == 1
        )
        #expect(try await Self.ask(api, #"{"query":\#(Self.users),"without":["\#(own)"]}"#)["rows"] == [])
        #expect(try await Self.ask(api, #"{"query":\#(Self.users),"asOf":"2020-01-01"}"#)["rows"] == [])
        #expect(try await Self.ask(api, #"{"query":\#(Self.users),"filter":{"==":[1,2]}}"#)["rows"] == [])
        #expect(try await Self.ask(api, #"{"query":\#(Self.users),"authors":["\#(own)"]}"#)["rows"]?.array?.count == 1)
    }

    @Test("a query is kept under a name, and asked with parameters")
    func kept() async throws {
        let api = try await Self.filled()
        let rule = #"{"and":[{">=":[{"var":"age"},{"param":"least"}]},{"!=":[{"var":"name"},{"param":"but"}]}]}"#
        let body = #"{"query":{"order":[{"select":[\#(Self.users),\#(rule)]},[{"by":"id"}]]},"params":{"least":1}}"#
        let put = try await api.put("/api/queries/old-ones", body)
        #expect(put.status == 200)
        let missing = try await api.get("/api/queries/old-ones")
        #expect(missing.status == 400 && missing["at"] == "/order/0/select/1/and/1/!=/1/param")
        let all = try await api.get("/api/queries/old-ones?but=nobody")
        #expect(all["rows"]?.array?.count == 2 && all.headers[.eTag] == put.headers[.eTag])
        let one = try await api.get("/api/queries/old-ones?but=N,%201&least=1")
        #expect(one["rows"] == [["id": "u2", "name": "N, 2", "age": 2]])
        let page = try await api.get("/api/queries/old-ones?but=x&limit=1")
        let next = try #require(page["next"]?.text)
        let second = try await api.get("/api/queries/old-ones?but=x&limit=1&after=\(next)")
        #expect(second["rows"] == [["id": "u2", "name": "N, 2", "age": 2]] && second["next"] == nil)
        _ = try await api.put("/api/queries/old-ones", body.replacing("\"least\":1", with: "\"least\":2"))
        let gone = try await api.get("/api/queries/old-ones?but=x&limit=1&after=\(next)")
        #expect(gone.status == 410 && gone["what"] == "query")
        #expect(try await api.get("/api/queries/old-ones?but=x&asOf=2020-01-01")["rows"] == [])
        let list = try await api.get("/api/queries")
        #expect(list.json.array?.first?.object?["name"] == "old-ones")
        #expect(try await api.get("/api/queries/old-ones/versions")["versions"]?.array?.count == 2)
        #expect(try await api.get("/api/queries/other").status == 404)
        #expect(try await api.delete("/api/queries/old-ones").status == 200)
        #expect(try await api.get("/api/queries/old-ones?but=x").status == 404)
    }

    @Test(
        "what isn't a query is refused before it is kept",
        arguments: [
            (#"{"query":{"project":[USERS,["x"]]}}"#, 400), (#"{"query":USERS,"after":"x"}"#, 400),
            (#"{"query":USERS,"params":{"limit":1}}"#, 400), (#"{"query":USERS,"authors":["nobody"]}"#, 400),
            (#"{"query":{"values":{"columns":["a"],"rows":[["LONG"]]}}}"#, 400),
            (#"{"query":{"select":[USERS,{"==":[{"var":"id"},{"param":"x"}]}]}}"#, 200),
        ]
    )
    func refusedNames(_ body: String, _ status: Int) async throws {
        let api = try await APIHarness()
        let text = body.replacing("USERS", with: Self.users)
            .replacing("LONG", with: String(repeating: "x", count: 70_000))
        #expect(try await api.put("/api/queries/q", text).status == status)
        #expect(try await api.put("/api/queries/b%40d", #"{"query":\#(Self.users)}"#).status == 400)
    }
}
