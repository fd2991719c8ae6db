import Bytes
import RhizomeViews
import StrictJSON
import Testing

@Suite struct JSONLogicBudgetTests {
    /// An array with that many numbers, as JSON text.
    private static func numbers(_ count: Int) -> String {
        "[" + (0..<count).map(\.description).joined(separator: ",") + "]"
    }

    private func limit(_ json: String, on data: String = numbers(2_000)) throws -> JSONLogicError.Code? {
        try #require(throws: JSONLogicError.self) { try evaluate(json, on: data) }.code
    }

    @Test("loops within loops end at the limit of steps")
    func loops() throws {
        let inner = #"{"all": [[1,2,3,4,5,6,7,8,9], {"all": [[1,2,3,4,5,6,7,8,9], {"+": [1, 2]}]}]}"#
        #expect(try limit("{\"all\": [{\"var\": \"\"}, {\"all\": [\(Self.numbers(1_000)), \(inner)]}]}") == .steps)
    }

    @Test("long texts cost steps, however they are looked at")
    func longTexts() throws {
        let data = "{\"n\": \(Self.numbers(1_000)), \"t\": \"\(String(repeating: "7", count: 100_000))\"}"
        let text = #"{"var": "accumulator"}"#
        for look in [
            #"{"==": [T, T]}"#, #"{">": [T, T]}"#, #"{"-": [T]}"#, #"{"+": [T]}"#, #"{"var": "accumulator.length"}"#,
            #"{"var": "accumulator.99999"}"#,
        ] {
            let look = look.replacing("T", with: text)
            #expect(
                try limit(
                    "{\"reduce\": [{\"var\": \"n\"}, {\"if\": [\(look), \(text), \(text)]}, {\"var\": \"t\"}]}",
                    on: data
                ) == .steps
            )
        }
    }

    @Test("what would take gigabytes ends at the limit of bytes")
    func growth() throws {
        for body in [
            #"{"cat": [{"var": "accumulator"}, {"var": "accumulator"}, "x"]}"#,
            #"{"merge": [{"var": "accumulator"}, {"var": "accumulator"}, 1]}"#,
            #"[{"var": "accumulator"}, {"var": "accumulator"}]"#,
        ] {
            #expect(try limit("{\"reduce\": [{\"var\": \"\"}, \(body), \"x\"]}") == .bytes)
        }
        let copies = Array(repeating: #"{"var": ""}"#, count: 3_000).joined(separator: ",")
        #expect(try limit("{\"merge\": [\(copies)]}") == .bytes)
        #expect(try limit("{\"cat\": [\(copies)]}", on: "\"" + String(repeating: "x", count: 10_000) + "\"") == .bytes)
        #expect(try limit("[\(copies)]") == .bytes)
        let long = "\"" + String(repeating: "ab", count: 300_000) + "\""
        #expect(try limit(#"{"in": [{"var": ""}, {"cat": [{"var": ""}, "c"]}]}"#, on: long) == .bytes)
        let parts = Array(repeating: #"{"substr": [{"var": ""}, 1]}"#, count: 4).joined(separator: ",")
        #expect(try limit("{\"merge\": [\(parts)]}", on: long) == .bytes)
        let dots = "\"" + String(repeating: ".", count: 200_000) + "\""
        #expect(try limit(#"{"var": {"cat": [{"var": ""}, "."]}}"#, on: dots) == .bytes)
    }

    @Test("what nests ever deeper ends at the limit of depth")
    func nesting() throws {
        #expect(try limit(#"{"reduce": [{"var": ""}, [{"var": "accumulator"}], 1]}"#) == .depth)
        #expect(try limit(#"{"reduce": [{"var": ""}, {"var": ""}, 1]}"#) == .depth)
        let few = JSONLogicBudget(depth: 3)
        #expect(try evaluate("[[[1]]]", within: few).json == [[[1]]])
        let error = try #require(throws: JSONLogicError.self) {
            try evaluate(#"[[[{"merge": [1]}]]]"#, within: few)
        }
        #expect(error.code == .depth)
    }

    @Test("each limit is exact, and the error says which one it was")
    func exactly() throws {
        let json = #"{"cat": ["abc", "de"]}"#
        #expect(try evaluate(json, within: JSONLogicBudget(steps: 5, bytes: 5)).json == "abcde")
        for (budget, code) in [
            (JSONLogicBudget(steps: 4), JSONLogicError.Code.steps), (JSONLogicBudget(bytes: 4), .bytes),
        ] {
            let error = try #require(throws: JSONLogicError.self) { try evaluate(json, within: budget) }
            #expect(error.code == code)
            #expect(error.path.isEmpty)
        }
    }

    @Test("steps are spent by all evaluations together, also by those that fail; bytes by each one")
    func sharing() throws {
        var budget = JSONLogicBudget(steps: 12, bytes: 5)
        let rule = try rule(#"{"cat": ["abc", "de"]}"#)
        for left in [7, 2] {
            _ = try rule.evaluate(.null, within: &budget)
            #expect(budget.steps == left)
        }
        #expect(throws: JSONLogicError.self) { try rule.evaluate(.null, within: &budget) }
        #expect(budget.steps == 0)
    }
}
