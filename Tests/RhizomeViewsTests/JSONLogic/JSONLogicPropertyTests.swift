import Bytes
import RhizomeTesting
import RhizomeViews
import StrictJSON
import Testing

@Suite struct JSONLogicPropertyTests {
    private static let operators: [Text] = [
        "==", "===", "!=", "!==", "<", "<=", ">", ">=", "!", "!!", "+", "-", "*", "/", "%", "min", "max", "merge",
        "cat",
        "substr", "log", "in", "missing", "missing_some", "var", "if", "?:", "and", "or", "map", "filter", "reduce",
        "all",
        "none", "some",
    ]
    private static let texts: [Text] = [
        "", "0", "a", "a.0", "list", "list.1", "text", "\u{1f600}e\u{301}", "accumulator", "current", "-1e3", "0x1f",
        "1e999", "length", " 7 ", ".",
    ]
    private static let numbers: [JSONValue] = [
        0, -1, 1, 2, 3, .float(0.1), .float(-2.5), .float(1e300), .integer(.max), .integer(.min),
        .float(.leastNonzeroMagnitude),
    ]

    private static func value(_ generator: inout SeededGenerator, levels: Int) -> JSONValue {
        switch Int.random(in: 0..<(levels > 0 ? 7 : 5), using: &generator) {
        case 0: .null
        case 1: .bool(Bool.random(using: &generator))
        case 2: numbers.randomElement(using: &generator) ?? .null
        case 3, 4: .text(texts.randomElement(using: &generator) ?? "")
        case 5: .array(values(&generator, levels: levels - 1))
        default: ["list": .array(values(&generator, levels: levels - 1)), "a": value(&generator, levels: levels - 1)]
        }
    }

    private static func values(_ generator: inout SeededGenerator, levels: Int) -> [JSONValue] {
        (0..<Int.random(in: 0...4, using: &generator)).map { _ in value(&generator, levels: levels) }
    }

    private static func rule(_ generator: inout SeededGenerator, levels: Int) -> JSONValue {
        guard levels > 0, Int.random(in: 0..<8, using: &generator) > 0 else { return value(&generator, levels: 1) }
        let arguments = (0..<Int.random(in: 1...4, using: &generator)).map { _ in
            rule(&generator, levels: levels - 1)
        }
        let name = operators.randomElement(using: &generator) ?? "var"
        return .object([name: arguments.count == 1 ? arguments[0] : .array(arguments)])
    }

    private static func outcome(
        _ rule: JSONLogicRule,
        _ data: JSONValue,
        _ budget: JSONLogicBudget
    ) -> Result<JSONValue, JSONLogicError> {
        var budget = budget
        return Result { () throws(JSONLogicError) in
            try rule.evaluate(JSONLogicValue(data), within: &budget).json
        }
    }

    @Test("random rules on random data never trap, say the same each time, and less budget only ends them earlier")
    func randomRules() throws {
        try withSeed { generator in
            for _ in 0..<3_000 {
                let json = Self.rule(&generator, levels: 5)
                let data = Self.value(&generator, levels: 3)
                let rule: JSONLogicRule
                do { rule = try JSONLogicRule(json) } catch {
                    // Of these operators, only `*` can lack arguments.
                    try #require((error as? JSONLogicError)?.code == .arguments, "\(json)")
                    continue
                }
                let full = Self.outcome(rule, data, JSONLogicBudget())
                try #require(full == Self.outcome(rule, data, JSONLogicBudget()), "\(json) on \(data)")
                let steps = Int.random(in: 0...40, using: &generator)
                let bytes = Int.random(in: 0...400, using: &generator)
                let little = Self.outcome(rule, data, JSONLogicBudget(steps: steps, bytes: bytes, depth: 4))
                if case .success = little { try #require(little == full, "\(json) on \(data)") }
                if case .success(let value) = full {
                    let limits = JSONLimits(bytes: 1 << 26, depth: 200)
                    try #require(try JSONValue(parsing: value.encoded, limits: limits) == value)
                }
            }
        }
    }
}
