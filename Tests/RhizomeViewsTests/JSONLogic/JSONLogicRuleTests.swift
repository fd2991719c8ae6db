import Bytes
import RhizomeViews
import StrictJSON
import Testing

@Suite struct JSONLogicRuleTests {
    @Test(
        "an unknown operator is refused by name and place, wherever it stands",
        arguments: [
            (#"{"foo": 1}"#, "foo", "/foo"), (#"{"and": [true, {"foo": []}]}"#, "foo", "/and/1/foo"),
            (#"{"!": {"foo": 1}}"#, "foo", "/!/foo"), (#"{"if": [true, 1, {"xor": [1]}]}"#, "xor", "/if/2/xor"),
            (#"[1, [{"/": [1, {"a/b~c": 1}]}]]"#, "a/b~c", "/1/0/~1/1/a~1b~0c"),
            (#"{"map": [[1], {"var": ["x", {"method": 1}]}]}"#, "method", "/map/1/var/1/method"),
            (#"{"var.call": 1}"#, "var.call", "/var.call"), (#"{"toString": 1}"#, "toString", "/toString"),
            (#"{"": 1}"#, "", "/"), (#"{"AND": 1}"#, "AND", "/AND"),
            (#"{"==": [1, 1, {"foo": 1}]}"#, "foo", "/==/2/foo"),
        ]
    )
    func unknownOperators(json: String, name: String, pointer: String) throws {
        let error = try #require(throws: JSONLogicError.self) { try rule(json) }
        #expect(error.code == .unknownOperator)
        #expect(error.message.contains("\"\(name)\""))
        #expect(error.pointer == pointer)
    }

    @Test("what a rule can read of its data is known from the rule")
    func membersRead() throws {
        func read(_ json: String) throws -> [Text]? { try rule(json).membersRead?.sorted() }
        #expect(try read(#"{"and":[{"==":[{"var":"a.b"},{"var":["c",{"var":"d"}]}]},1]}"#) == ["a", "c", "d"])
        #expect(
            try read(#"{"reduce":[{"var":"list"},{"+":[{"var":"current"},{"var":""}]},{"var":"from"}]}"#) == [
                "from", "list",
            ]
        )
        #expect(try read(#"{"missing":["a","b.c"]}"#) == ["a", "b"])
        #expect(try read(#"{"missing_some":[1,["a","b"]]}"#) == ["a", "b"])
        for whole in [
            #"{"var":""}"#, #"{"var":{"cat":["a","b"]}}"#, #"{"missing":{"var":"a"}}"#, #"{"missing":[""]}"#,
            #"{"missing_some":[1,{"var":"a"}]}"#,
        ] {
            #expect(try read(whole) == nil, "\(whole)")
        }
        #expect(try read("[1]") == [])
    }

    @Test("* without arguments is refused, with its place")
    func noFactors() throws {
        let error = try #require(throws: JSONLogicError.self) { try rule(#"{"+": [1, {"*": []}]}"#) }
        #expect(error.code == .arguments)
        #expect(error.pointer == "/+/1/*")
    }

    @Test("a rule has at most so many values, parts of paths counted too")
    func values() throws {
        let most = JSONLogicRule.maximumValues
        func array(_ count: Int) -> JSONValue { .array(Array(repeating: .null, count: count)) }
        _ = try JSONLogicRule(array(most - 1))
        #expect(throws: JSONLogicError.self) { try JSONLogicRule(array(most)) }
        let path = String(repeating: ".", count: most - 2)
        _ = try JSONLogicRule(["var": .string(path)])
        let error = try #require(throws: JSONLogicError.self) {
            try JSONLogicRule(["!": ["var": .string(path)]])
        }
        #expect(error.code == .ruleSize)
        #expect(error.pointer == "/!/var")
    }

    @Test("the texts of a rule have at most so many bytes together")
    func texts() throws {
        let most = JSONLogicRule.maximumTextBytes
        let half = JSONValue.string(String(repeating: "x", count: most / 2))
        _ = try JSONLogicRule([half, half])
        let error = try #require(throws: JSONLogicError.self) { try JSONLogicRule([half, ["a": half, "b": 1]]) }
        #expect(error.code == .ruleSize)
    }

    @Test("a rule of the greatest depth is evaluated, one level more is refused")
    func depth() throws {
        func nested(_ levels: Int) -> JSONValue { (0..<levels).reduce(5) { inner, _ in ["log": inner] } }
        var budget = JSONLogicBudget()
        let deepest = try JSONLogicRule(nested(JSONLogicRule.maximumDepth))
        #expect(try deepest.evaluate(.null, within: &budget).json == 5)
        let error = try #require(throws: JSONLogicError.self) {
            try JSONLogicRule(nested(JSONLogicRule.maximumDepth + 1))
        }
        #expect(error.code == .ruleDepth)
        func arrays(_ levels: Int) -> JSONValue { (0..<levels).reduce(5) { inner, _ in [inner] } }
        _ = try JSONLogicRule(arrays(JSONLogicRule.maximumDepth))
        #expect(throws: JSONLogicError.self) { try JSONLogicRule(arrays(JSONLogicRule.maximumDepth + 1)) }
        let literal: JSONValue = ["a": arrays(JSONLogicRule.maximumDepth), "b": 1]
        #expect(throws: JSONLogicError.self) { try JSONLogicRule(literal) }
    }

    @Test("an operator's long name is cut in the message")
    func longNames() throws {
        let name = String(repeating: "e\u{301}", count: 10_000)
        let error = try #require(throws: JSONLogicError.self) { try JSONLogicRule(.object([Text(name): 1])) }
        #expect(error.message.utf8.count < 300)
    }
}
