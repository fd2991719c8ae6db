import Bytes
import StrictJSON
import Testing

@Suite struct JSONSchemaCheckTests {
    @Test(
        "each keyword takes what it should, and nothing else",
        arguments: [
            (["type": "integer"], [1], ["1", .float(1.5), .null]),
            (["type": ["string", "null"]], ["", .null], [1, []]),
            (["enum": ["a", 1]], ["a", 1], ["b", .null]), (["const": 1], [1], [2]),
            (["anyOf": [["type": "null"], ["minimum": 2]]], [.null, 2, "a"], [1]),
            (["not": ["pattern": "^_"]], ["a_"], ["_a"]), (["minimum": 1, "maximum": 2], [1, 2], [0, 3]),
            (["minLength": 1, "maxLength": 2], ["é", "🙂🙂"], ["", "abc"]),
            (["pattern": "^[0-9]{2}$"], ["12"], ["123", "1"]),
            (["items": ["type": "null"], "minItems": 1, "maxItems": 2], [[.null], [.null, .null]], [[], [1]]),
            (["required": ["a"]], [["a": 1], "text"], [["b": 1]]),
            (["properties": ["a": ["type": "null"]]], [["a": .null], ["b": 1]], [["a": 1]]),
            (["properties": ["a": [:]], "additionalProperties": false], [["a": 1], [:]], [["b": 1]]),
            (["additionalProperties": ["type": "null"]], [["a": .null]], [["a": 1]]),
            (["maxProperties": 1], [["a": 1]], [["a": 1, "b": 1]]),
            (["minProperties": 1], [["a": 1]], [[:]]),
            (["$ref": "#/components/schemas/A"], [.null], [1]),
            (["unknown": 1], [], [1]), (["$ref": "#/components/schemas/B"], [], [1]),
        ] as [(JSONValue, [JSONValue], [JSONValue])]
    )
    func keywords(_ schema: JSONValue, _ right: [JSONValue], _ wrong: [JSONValue]) {
        let check = JSONSchemaCheck(document: ["components": ["schemas": ["A": ["type": "null"]]]])
        for value in right { #expect(check.faults(of: value, by: schema) == [], "\(value)") }
        for value in wrong { #expect(check.faults(of: value, by: schema) != [], "\(value)") }
    }
}
