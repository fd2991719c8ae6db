import Bytes
import RhizomeCore
import RhizomeTesting
import StrictJSON
import Synchronization
import Testing

@testable import RhizomeQueries

/// What each operator makes of given rows (spec: query.md).
@Suite struct QueryOperatorTests {
    private static let people =
        #"{"values":{"columns":["id","town","age"],"rows":[["a","Ulm",30],["b","Ulm",null],["c","Bonn",7],["d",null,7]]}}"#
    private static let towns =
        #"{"values":{"columns":["town","land"],"rows":[["Ulm","BW"],["Bonn","NW"],["Ulm","BY"],[null,"?"]]}}"#

    private static func rows(_ expression: String) throws -> [String] {
        let text = expression.replacing("PEOPLE", with: people).replacing("TOWNS", with: towns)
        return try QueryFixtures.rows(of: text)
    }

    @Test("equal rows are one, in the order of their CBOR")
    func sets() throws {
        let rows =
            #"{"values":{"columns":["a"],"rows":[[2],[1],["b"],[2],[1.0],[null],[true],[[1]],[-1],["ab"],[100]]}}"#
        #expect(
            try Self.rows(rows) == [
                #"{"a":1}"#, #"{"a":2}"#, #"{"a":100}"#, #"{"a":-1}"#, #"{"a":"b"}"#, #"{"a":"ab"}"#, #"{"a":[1]}"#,
                #"{"a":true}"#, #"{"a":null}"#,
            ]
        )
    }

    @Test("select, project, rename and extend")
    func simple() throws {
        #expect(
            try Self.rows(#"{"select":[PEOPLE,{"<":[{"var":"age"},10]}]}"#).count == 3,
            "null is less than 10 to rules"
        )
        #expect(
            try Self.rows(#"{"project":[PEOPLE,["town"]]}"#) == [
                #"{"town":"Ulm"}"#, #"{"town":"Bonn"}"#, #"{"town":null}"#,
            ]
        )
        #expect(
            try Self.rows(#"{"project":[{"rename":[PEOPLE,{"id":"age","age":"years"}]},["years","age"]]}"#) == [
                #"{"years":30,"age":"a"}"#, #"{"years":null,"age":"b"}"#, #"{"years":7,"age":"c"}"#,
                #"{"years":7,"age":"d"}"#,
            ]
        )
        #expect(
            try Self.rows(#"{"project":[{"extend":[PEOPLE,{"next":{"+":[{"var":"age"},1]}}]},["next"]]}"#) == [
                #"{"next":8}"#, #"{"next":31}"#, #"{"next":null}"#,
            ]
        )
    }

    @Test("joins of each kind; neither null nor absent joins anything")
    func joins() throws {
        #expect(
            try Self.rows(#"{"project":[{"join":[PEOPLE,TOWNS]},["id","land"]]}"#) == [
                #"{"id":"a","land":"BW"}"#, #"{"id":"a","land":"BY"}"#, #"{"id":"b","land":"BW"}"#,
                #"{"id":"b","land":"BY"}"#, #"{"id":"c","land":"NW"}"#,
            ]
        )
        #expect(
            try Self.rows(#"{"project":[{"join":[PEOPLE,TOWNS,{"kind":"left"}]},["id","land"]]}"#).first
                == #"{"id":"d"}"#
        )
        #expect(
            try Self.rows(#"{"project":[{"join":[PEOPLE,TOWNS,{"kind":"semi"}]},["id"]]}"#) == [
                #"{"id":"a"}"#, #"{"id":"b"}"#, #"{"id":"c"}"#,
            ]
        )
        #expect(try Self.rows(#"{"project":[{"join":[PEOPLE,TOWNS,{"kind":"anti"}]},["id"]]}"#) == [#"{"id":"d"}"#])
        // What is absent after a left join joins nothing either.
        let twice =
            #"{"join":[{"project":[{"join":[PEOPLE,TOWNS,{"kind":"left"}]},["id","land"]]},{"values":{"columns":["land"],"rows":[["BW"]]}}]}"#
        #expect(try Self.rows(twice) == [#"{"id":"a","land":"BW"}"#, #"{"id":"b","land":"BW"}"#])
        let older =
            #"{"join":[PEOPLE,{"rename":[PEOPLE,{"id":"other","town":"where","age":"years"}]},{"on":[],"where":{">":[{"var":"age"},{"var":"years"}]}}]}"#
        #expect(try Self.rows(#"{"project":[\#(older),["id","other"]]}"#).count == 5)
        #expect(
            try Self.rows(#"{"join":[PEOPLE,{"values":{"columns":["x"],"rows":[[1],[2]]}}]}"#).count == 8,
            "no common column"
        )
        let whereSemi =
            #"{"join":[PEOPLE,{"rename":[TOWNS,{"town":"t"}]},{"kind":"semi","on":[["town","t"]],"where":{"==":[{"var":"land"},"NW"]}}]}"#
        #expect(try Self.rows(#"{"project":[\#(whereSemi),["id"]]}"#) == [#"{"id":"c"}"#])
    }

    @Test("unions, intersections and differences; columns are told as the first side does")
    func sets2() throws {
        let one = #"{"values":{"columns":["a","b"],"rows":[[1,2],[3,4]]}}"#
        let other = #"{"values":{"columns":["b","a"],"rows":[[2,1],[6,5]]}}"#
        #expect(
            try Self.rows(#"{"union":[\#(one),\#(other)]}"#) == [
                #"{"a":1,"b":2}"#, #"{"a":3,"b":4}"#, #"{"a":5,"b":6}"#,
            ]
        )
        #expect(try Self.rows(#"{"intersect":[\#(one),\#(other),\#(one)]}"#) == [#"{"a":1,"b":2}"#])
        #expect(try Self.rows(#"{"except":[\#(one),\#(other)]}"#) == [#"{"a":3,"b":4}"#])
    }

    @Test("groups tell what is exact, null and absent being groups of their own")
    func groups() throws {
        #expect(
            try Self.rows(
                #"{"order":[{"group":[PEOPLE,{"by":["town"],"with":{"n":{"count":[]},"s":{"sum":"age"},"x":{"max":"age"},"m":{"average":"age"},"all":{"all":"id"},"d":{"countDistinct":"age"}}}]},[{"by":"town"}]]}"#
            ) == [
                #"{"town":null,"n":1,"s":7,"x":7,"m":7,"all":["d"],"d":1}"#,
                #"{"town":"Bonn","n":1,"s":7,"x":7,"m":7,"all":["c"],"d":1}"#,
                #"{"town":"Ulm","n":2,"s":30,"x":30,"m":30,"all":["a","b"],"d":1}"#,
            ]
        )
        let numbers =
            #"{"values":{"columns":["k","x"],"rows":[[1,1e308],[2,1e308],[3,-1e308],[4,0.1],[5,"t"],[6,9007199254740993]]}}"#
        #expect(
            try Self.rows(
                #"{"group":[\#(numbers),{"by":[],"with":{"s":{"sum":"x"},"min":{"min":"x"},"n":{"count":[]}}}]}"#
            ) == [#"{"s":1e+308,"min":-1e+308,"n":6}"#]
        )
        let none = #"{"select":[PEOPLE,false]}"#
        #expect(try Self.rows(#"{"group":[\#(none),{"with":{"n":{"count":[]},"s":{"sum":"age"}}}]}"#) == [#"{"n":0}"#])
        #expect(try Self.rows(#"{"group":[\#(none),{"by":["town"],"with":{"n":{"count":[]}}}]}"#) == [])
        let left =
            #"{"join":[PEOPLE,{"values":{"columns":["id","x"],"rows":[["a",null]]}},{"kind":"left","on":["id"]}]}"#
        #expect(
            try Self.rows(#"{"order":[{"group":[\#(left),{"by":["x"],"with":{"n":{"count":[]}}}]},[{"by":"x"}]]}"#) == [
                #"{"n":3}"#, #"{"x":null,"n":1}"#,
            ]
        )
    }

    @Test("an order goes by kinds, numbers exactly; ties by CBOR; what is projected keeps it")
    func order() throws {
        let mixed =
            #"{"values":{"columns":["x"],"rows":[["b"],[{"a":1}],[[2]],[true],[9007199254740993],[9007199254740992.0],[false],[null],["B"],[-1.5],[[1]]]}}"#
        #expect(
            try Self.rows(#"{"order":[\#(mixed),[{"by":"x"}]]}"#) == [
                #"{"x":null}"#, #"{"x":false}"#, #"{"x":true}"#, #"{"x":-1.5}"#, #"{"x":9007199254740992}"#,
                #"{"x":9007199254740993}"#, #"{"x":"B"}"#, #"{"x":"b"}"#, #"{"x":[1]}"#, #"{"x":[2]}"#,
                #"{"x":{"a":1}}"#,
            ]
        )
        let ordered = #"{"order":[PEOPLE,[{"by":"age","descending":true},{"by":"id","descending":true}]]}"#
        #expect(
            try Self.rows(#"{"project":[\#(ordered),["id"]]}"#) == [
                #"{"id":"a"}"#, #"{"id":"d"}"#, #"{"id":"c"}"#, #"{"id":"b"}"#,
            ]
        )
        #expect(try Self.rows(#"{"project":[{"limit":[\#(ordered),2]},["id"]]}"#) == [#"{"id":"a"}"#, #"{"id":"d"}"#])
        #expect(
            try Self.rows(#"{"select":[{"limit":[\#(ordered),2]},{"==":[{"var":"id"},"c"]}]}"#) == [],
            "no selection goes below a limit"
        )
    }

    @Test("a closure takes each pair by its least path, and ends in circles")
    func closure() throws {
        let steps = #"{"values":{"columns":["a","b"],"rows":[[1,2],[2,3],[3,1],[1,3],[3,4],[5,null]]}}"#
        func closure(_ more: String) throws -> [String] {
            try Self.rows(#"{"order":[{"closure":[\#(steps),{"from":"a","to":"b"\#(more)}]},[{"by":"a"},{"by":"b"}]]}"#)
        }
        #expect(try closure("").count == 12)
        #expect(
            try closure(#","start":[1,9],"depth":"d""#) == [
                #"{"a":1,"b":1,"d":2}"#, #"{"a":1,"b":2,"d":1}"#, #"{"a":1,"b":3,"d":1}"#, #"{"a":1,"b":4,"d":2}"#,
            ]
        )
        #expect(try closure(#","start":[1],"atMost":1"#) == [#"{"a":1,"b":2}"#, #"{"a":1,"b":3}"#])
        #expect(try closure(#","start":{"values":{"columns":["s"],"rows":[[2]]}},"atMost":1"#) == [#"{"a":2,"b":3}"#])
    }

    @Test("parameters stand in rules, given rows and starts, and are values there, never rules")
    func parameters() throws {
        let query =
            #"{"query":{"select":[{"values":{"columns":["a"],"rows":[[{"param":"x"}],[2]]}},{"in":[{"var":"a"},{"param":"list"}]}]},"params":{"x":1,"list":[1,3]}}"#
        #expect(try QueryFixtures.rows(query) == [#"{"a":1}"#])
    }

    @Test("entries of let are used by name, any number of times")
    func named() throws {
        let query =
            #"{"query":{"join":[{"named":"b"},{"named":"a"}]},"let":{"b":{"select":[{"named":"a"},{">":[{"var":"x"},1]}]},"a":{"values":{"columns":["x"],"rows":[[1],[2]]}}}}"#
        #expect(try QueryFixtures.rows(query) == [#"{"x":2}"#])
    }

    // MARK: - Bounds

    @Test("what is too much ends with the limit and the operator's place, and gives back what it took")
    func limits() throws {
        let room = QueryRoom(rows: 1_000, bytes: 1 << 20)
        func limit(_ expression: String, steps: Int = QueryBounds.steps) throws -> QueryLimit? {
            let plan = try QueryPlan(QueryFixtures.query("{\"query\":\(expression)}"))
            do {
                _ = try plan.evaluate(over: [:], QueryFixtures.meter(steps: steps, in: room))
                return nil
            } catch let limit as QueryLimit {
                return limit
            }
        }
        func numbers(_ count: Int, _ column: String) -> String {
            #"{"values":{"columns":["\#(column)"],"rows":[\#((0..<count).map { "[\($0)]" }.joined(separator: ","))]}}"#
        }
        let cross = #"{"project":[{"join":[\#(numbers(40, "a")),\#(numbers(40, "b"))]},["a"]]}"#
        #expect(try limit(cross)?.code == .rows)
        #expect(try limit(cross)?.at == "/project/0/join")
        #expect(try limit(cross)?.most == 1_000)
        let texts =
            #"{"extend":[\#(numbers(40, "a")),{"t":{"cat":["\#(String(repeating: "x", count: 30_000))",{"var":"a"}]}}]}"#
        #expect(try limit(texts)?.code == .bytes)
        #expect(try limit(texts)?.at == "/extend")
        let rule = #"{"select":[\#(numbers(40, "a")),{"==":[{"var":"a"},1]}]}"#
        #expect(try limit(rule, steps: 50)?.code == .steps)
        #expect(try limit(rule, steps: 50)?.at == "/select")
        #expect(try limit(rule) == nil)
        #expect(room.rows == 0 && room.bytes == 0)
    }

    @Test("a query ends when its time is over, and when it is cancelled")
    func time() throws {
        let plan = try QueryPlan(QueryFixtures.query(#"{"query":\#(Self.people)}"#))
        let clock = Steps()
        let meter = QueryMeter(seconds: 1, in: QueryRoom()) { clock.next() }
        #expect(throws: QueryLimit(.seconds, most: 1, at: [])) { try plan.evaluate(over: [:], meter) }
        let cancelled = QueryFixtures.meter()
        cancelled.cancel()
        #expect(throws: CancellationError.self) { try plan.evaluate(over: [:], cancelled) }
    }
}

/// A clock of which each look is a second later.
private final class Steps: Sendable {
    private let seconds = Atomic<Int64>(0)

    func next() -> Uptime {
        Uptime(microseconds: 1_000_000 * seconds.add(1, ordering: .relaxed).oldValue)
    }
}
