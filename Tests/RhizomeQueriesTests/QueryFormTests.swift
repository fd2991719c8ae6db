import Bytes
import RhizomeTesting
import StrictJSON
import Testing

@testable import RhizomeQueries

/// What a query may look like, and where it is at fault (spec: query.md).
@Suite struct QueryFormTests {
    private static let people = #"{"values":{"columns":["id","name","age"],"rows":[["u1","Ann",30]]}}"#

    @Test("each operator is read, and written as it was read")
    func forms() throws {
        let p = Self.people
        let expressions = [
            #"{"entities":{}}"#, #"{"entities":{"of":"user","schema":"person","columns":{"n":"name"}}}"#,
            #"{"relation":{"schema":"film","name":"casting","columns":{"a":"actor"}}}"#,
            #"{"deltas":{"property":"cast","columns":{"film":"film","who":"actor"}}}"#, p, #"{"named":"p"}"#,
            #"{"select":[\#(p),{"==":[{"var":"id"},"u1"]}]}"#, #"{"project":[\#(p),["id"]]}"#,
            #"{"rename":[\#(p),{"id":"user"}]}"#, #"{"extend":[\#(p),{"next":{"+":[{"var":"age"},1]}}]}"#,
            #"{"join":[\#(p),{"named":"p"},{"kind":"left","on":[["id","name"]],"where":true}]}"#,
            #"{"union":[\#(p),{"named":"p"}]}"#, #"{"intersect":[\#(p)]}"#, #"{"except":[\#(p),{"named":"p"}]}"#,
            #"{"group":[\#(p),{"by":["name"],"with":{"n":{"count":[]},"s":{"sum":"age"}}}]}"#,
            #"{"order":[\#(p),[{"by":"age","descending":true},{"by":"id"}]]}"#, #"{"limit":[\#(p),3]}"#,
            #"{"closure":[\#(p),{"from":"id","to":"name","start":["u1"],"depth":"d","atMost":3}]}"#,
            #"{"closure":[\#(p),{"from":"id","to":"name","start":{"named":"p"}}]}"#,
        ]
        for text in expressions {
            let json = try JSONValue(parsing: Array(text.utf8))
            var parser = QueryParser()
            let expression = try parser.expression(json, at: [])
            #expect(expression.json == json, "\(text)")
        }
        let whole =
            #"{"query":{"named":"p"},"let":{"p":\#(p)},"params":{"x":1},"provenance":"cells","alternatives":true,"limit":5,"count":true,"seconds":20}"#
        #expect(JSONValue.object(try QueryFixtures.query(whole).json).description == whole)
    }

    @Test(
        "a fault is told with its place",
        arguments: [
            (#"{}"#, "/query"), (#"{"query":1}"#, ""), (#"{"query":{}}"#, ""), (#"{"query":{"a":1,"b":2}}"#, ""),
            (#"{"query":{"selekt":[]}}"#, "/selekt"), (#"{"query":{"select":[P]}}"#, "/select"),
            (#"{"query":{"entities":{"from":"user"}}}"#, "/entities/from"),
            (#"{"query":{"entities":{"of":1}}}"#, "/entities/of"),
            (#"{"query":{"entities":{"columns":["id"]}}}"#, "/entities"),
            (#"{"query":{"entities":{"columns":["a","a"]}}}"#, "/entities"),
            (#"{"query":{"entities":{"columns":["_because"]}}}"#, "/entities"),
            (#"{"query":{"deltas":{"columns":{"a":"b"}}}}"#, "/deltas"),
            (#"{"query":{"deltas":{"property":"p","columns":{}}}}"#, "/deltas/columns"),
            (#"{"query":{"values":{"columns":["a"],"rows":[[1],[1,2]]}}}"#, "/values/rows/1"),
            (#"{"query":{"values":{"columns":["a","a"],"rows":[]}}}"#, "/values/columns"),
            (#"{"query":{"named":"x"}}"#, "/named"),
            (#"{"query":{"named":"a"},"let":{"a":{"union":[{"named":"b"}]},"b":{"named":"a"}}}"#, "/let/b/named"),
            (#"{"query":P,"let":{"a":{"project":[P,["x"]]}}}"#, "/let/a/project/1/0"),
            (#"{"query":{"join":[{"select":[P,{"==":[{"var":"nam"},1]}]},P]}}"#, "/join/0/select/1"),
            (#"{"query":{"select":[P,{"and":[true,{"frob":1}]}]}}"#, "/select/1/and/1/frob"),
            (#"{"query":{"select":[P,{"==":[{"var":"id"},{"param":"x"}]}]}}"#, "/select/1/==/1/param"),
            (#"{"query":P,"params":{"x":{"var":"id"}}}"#, "/params/x"),
            (#"{"query":{"project":[P,[]]}}"#, "/project/1"), (#"{"query":{"project":[P,["id","id"]]}}"#, "/project/1"),
            (#"{"query":{"rename":[P,{"x":"y"}]}}"#, "/rename/1/x"),
            (#"{"query":{"rename":[P,{"id":"age"}]}}"#, "/rename/1"),
            (#"{"query":{"extend":[P,{"age":1}]}}"#, "/extend/1"),
            (#"{"query":{"extend":[P,{"b":{"var":"x"}}]}}"#, "/extend/1/b"),
            (#"{"query":{"join":[P,P,{"kind":"outer"}]}}"#, "/join/2/kind"),
            (#"{"query":{"join":[P,P,{"on":["id"]}]}}"#, "/join"),
            (#"{"query":{"join":[P,P,{"on":["x"]}]}}"#, "/join/2/on/0"),
            (#"{"query":{"join":[P,P,{"where":{"var":"x"}}]}}"#, "/join/2/where"),
            (#"{"query":{"union":[]}}"#, "/union"),
            (#"{"query":{"union":[P,{"project":[P,["id","name"]]}]}}"#, "/union/1"),
            (#"{"query":{"except":[P]}}"#, "/except"),
            (#"{"query":{"group":[P,{"by":["x"]}]}}"#, "/group/1/by/0"), (#"{"query":{"group":[P,{}]}}"#, "/group/1"),
            (#"{"query":{"group":[P,{"with":{"a":{"sum":"x"}}}]}}"#, "/group/1/with/a/sum"),
            (#"{"query":{"group":[P,{"with":{"a":{"median":"x"}}}]}}"#, "/group/1/with/a"),
            (#"{"query":{"group":[P,{"with":{"a":{"count":"age"}}}]}}"#, "/group/1/with/a/count"),
            (#"{"query":{"order":[P,[{"by":"x"}]]}}"#, "/order/1/0/by"),
            (#"{"query":{"order":[P,[{"by":"id","desc":true}]]}}"#, "/order/1/0/desc"),
            (#"{"query":{"limit":[P,3]}}"#, "/limit"), (#"{"query":{"limit":[{"order":[P,[]]},-1]}}"#, "/limit/1"),
            (#"{"query":{"closure":[P,{"from":"id","to":"id"}]}}"#, "/closure/1"),
            (#"{"query":{"closure":[P,{"from":"id","to":"x"}]}}"#, "/closure/1/to"),
            (#"{"query":{"closure":[P,{"from":"id","to":"name","start":P}]}}"#, "/closure/1/start"),
            (#"{"query":{"closure":[P,{"from":"id","to":"name","atMost":0}]}}"#, "/closure/1/atMost"),
            (#"{"query":P,"provenance":"all"}"#, "/provenance"), (#"{"query":P,"limit":0}"#, "/limit"),
            (#"{"query":P,"limit":10001}"#, "/limit"), (#"{"query":P,"seconds":61}"#, "/seconds"),
            (#"{"query":P,"count":1}"#, "/count"), (#"{"query":P,"let":[]}"#, "/let"),
        ]
    )
    func faults(_ json: String, _ place: String) {
        let json = json.replacing(#"P"#, with: Self.people)
        #expect(QueryFixtures.fault(json) == place, "\(json)")
    }

    @Test("64 operators and 32 levels are taken, one more isn't")
    func bounds() {
        func nested(_ levels: Int) -> String {
            (1..<levels).reduce(Self.people) { query, _ in #"{"project":[\#(query),["id","name","age"]]}"# }
        }
        #expect(QueryFixtures.fault(#"{"query":\#(nested(32))}"#) == nil)
        let place = String(repeating: "/project/0", count: 32) + "/values"
        #expect(QueryFixtures.fault(#"{"query":\#(nested(33))}"#) == place)
        func wide(_ count: Int) -> String {
            let sides = [String](repeating: Self.people, count: count).joined(separator: ",")
            return #"{"query":{"union":[\#(sides)]}}"#
        }
        #expect(QueryFixtures.fault(wide(63)) == nil)
        #expect(QueryFixtures.fault(wide(64)) == "/union/63/values")
    }

    @Test("columns that aren't named can be asked for, whether or not any entity has them")
    func open() {
        let query = #"{"query":{"project":[{"select":[{"entities":{"of":"user"}},{"var":"nick"}]},["id","email"]]}}"#
        #expect(QueryFixtures.fault(query) == nil)
    }
}
