import Bytes
import StrictJSON
import Testing

@testable import RhizomeViews

/// What is wrong with values (spec: schemas.md, "Writing through a schema").
@Suite struct SchemaPropertyTests {
    @Test(
        "each rule finds what breaks it, and nothing else",
        arguments: [
            (["type": "text"], "a", []), (["type": "text"], 1, ["type"]), (["type": "integer"], 1, []),
            (["type": "integer"], .float(1.5), ["type"]), (["type": "number"], 1, []),
            (["type": "number"], .float(1.5), []), (["type": "boolean"], true, []), (["type": "boolean"], 0, ["type"]),
            (["type": "reference"], "bob", []), (["type": "any"], .null, ["type"]),
            (["min": 1, "max": 3], 2, []), (["min": 1, "max": 3], 0, ["min"]), (["min": 1, "max": 3], 4, ["max"]),
            (["min": 1], .float(0.5), ["min"]), (["max": .float(0.5)], 1, ["max"]), (["min": 1], "a", []),
            (["minLength": 2, "maxLength": 3], "é", ["minLength"]), (["minLength": 2], "e\u{301}", []),
            (["maxLength": 3], "abcd", ["maxLength"]), (["pattern": "a+"], "aab", ["pattern"]),
            (["pattern": "a+"], "aa", []), (["oneOf": [1, "a"]], .float(1), []), (["oneOf": [1, "a"]], 2, ["oneOf"]),
            (["maxLength": 1, "pattern": "a", "oneOf": ["a"]], "bb", ["maxLength", "pattern", "oneOf"]),
            (["many": true], ["a", 1], []), (["many": true], "a", ["type"]),
            (["many": true, "minItems": 2], ["a"], ["minItems"]),
            (["many": true, "maxItems": 1, "max": 1], [2, 1, 3], ["maxItems", "max", "max"]),
        ] as [(JSONValue, JSONValue, [String])]
    )
    func rules(property: JSONValue, value: JSONValue, rules: [String]) throws {
        let schema = try SchemaDefinition(json: ["properties": ["p": property]])
        let found = try #require(schema["p"]).violations(of: value)
        #expect(found.map(\.rule.rawValue) == rules)
    }
}
