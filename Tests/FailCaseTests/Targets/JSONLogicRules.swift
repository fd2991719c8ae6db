import Bytes
import RhizomeViews
import StrictJSON

/// JSON-Logic rules, as `?filter=` brings them: what compiles ends within its budget, twice with the same outcome.
enum JSONLogicRules: FuzzTarget {
    static let name = "json-logic"
    private static let data = JSONLogicValue(["a": 1, "b": ["x", "", 2, true], "c": ["d": .null, "e": .float(0.5)]])

    static func seeds(_ vectors: Vectors) throws -> [[UInt8]] {
        [
            #"{"==":[{"var":"a"},"1"]}"#, #"{"map":[{"var":"b"},{"cat":["x",{"var":""}]}]}"#,
            #"{"if":[{"missing":["a","z"]},{"%":[7,-2]},{"substr":["jsonlogic",-5,2]}]}"#,
            #"{"reduce":[[1,2,3],{"+":[{"var":"current"},{"var":"accumulator"}]},0]}"#,
            #"{"and":[{"some":[{"var":"b"},{"in":["x",{"var":""}]}]},{"!":[{"max":[]}]},{"<":[1,"0x10",3e20]}]}"#,
        ].map { Array($0.utf8) }
    }

    static func check(_ bytes: [UInt8]) throws -> Bool {
        guard let json = try? JSONValue(parsing: bytes), let rule = try? JSONLogicRule(json) else { return false }
        let first = outcome(rule)
        try require(first == outcome(rule), "a rule has one outcome")
        return first != nil
    }

    private static func outcome(_ rule: JSONLogicRule) -> [UInt8]? {
        var budget = JSONLogicBudget(steps: 2_000, bytes: 1 << 16, depth: 64)
        return try? rule.evaluate(data, within: &budget).json.encoded
    }
}
