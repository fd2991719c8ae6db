import Bytes
import RhizomeViews
import StrictJSON
import Testing

@Suite struct JSONLogicOperatorTests {
    private func expect(_ rule: String, gives expected: String, on data: String = "null") throws {
        let expected = try JSONValue(parsing: Array(expected.utf8))
        #expect(try evaluate(rule, on: data).json == expected, "\(rule) on \(data)")
    }

    @Test(
        "== coerces as JavaScript does",
        arguments: [
            (#"[null, {"and": []}]"#, true), ("[null]", true), ("[]", true), ("[null, 0]", false),
            (#"[null, ""]"#, false), ("[null, false]", false), (#"["", 0]"#, true), (#"[" 1\n", 1]"#, true),
            (#"["0x10", 16]"#, true), (#"["1e2", 100]"#, true), (#"["x", "x"]"#, true), ("[true, 1]", true),
            (#"[true, "1"]"#, true), (#"[true, "true"]"#, false), ("[[], false]", true), (#"[[], ""]"#, true),
            ("[[], 0]", true), ("[[1], 1]", true), (#"[[1, 2], "1,2"]"#, true), (#"[{}, "[object Object]"]"#, true),
            ("[[1], [1]]", false), ("[{}, {}]", false), ("[[], {}]", false), (#"[{"-": ["x"]}, {"-": ["x"]}]"#, false),
            (#"[{"var": "list"}, {"var": "list"}]"#, true), (#"[{"var": "list"}, {"var": "twin"}]"#, false),
            (#"["\u00e9", "e\u0301"]"#, false),
        ]
    )
    func looseEquality(arguments: String, holds: Bool) throws {
        let data = #"{"list": [1], "twin": [1]}"#
        #expect(try evaluate("{\"==\": \(arguments)}", on: data).isTruthy == holds)
        #expect(try evaluate("{\"!=\": \(arguments)}", on: data).isTruthy != holds)
    }

    @Test(
        "=== never coerces",
        arguments: [
            ("[null]", false), ("[]", true), ("[null, null]", true), ("[1, true]", false), (#"[1, "1"]"#, false),
            (#"["a", "a"]"#, true), ("[[1], [1]]", false), (#"[{"var": ""}, {"var": ""}]"#, true),
            (#"["\u00e9", "e\u0301"]"#, false), ("[0, -0.0]", true),
        ]
    )
    func strictEquality(arguments: String, holds: Bool) throws {
        #expect(try evaluate("{\"===\": \(arguments)}", on: "[1]").isTruthy == holds)
        #expect(try evaluate("{\"!==\": \(arguments)}", on: "[1]").isTruthy != holds)
    }

    @Test(
        "two texts are ordered by UTF-16 code units, everything else as numbers, and NaN is in no order",
        arguments: [
            (#"{"<": ["10", "9"]}"#, true), (#"{"<": ["10", 9]}"#, false), (#"{"<": ["", "a"]}"#, true),
            (#"{"<": ["\ud83d\ude00", "\uffee"]}"#, true), (#"{"<": ["a", "a"]}"#, false),
            (#"{"<=": ["a", "a"]}"#, true), (#"{"<": [null, 1]}"#, true), (#"{">=": [null, 0]}"#, true),
            (#"{"<": [false, true]}"#, true), (#"{"<": ["x", 1]}"#, false), (#"{">=": ["x", 1]}"#, false),
            (#"{"<": [[2], [10]]}"#, false), (#"{"<": [[2], 10]}"#, true), (#"{"<": [1]}"#, false),
            (#"{"<=": [1, 1, 1]}"#, true), (#"{"<": [1, 2, null]}"#, false), (#"{"<": [1, 2, {"and": []}]}"#, true),
            (#"{">": [3, 2, 9]}"#, true), (#"{">": ["b", "a"]}"#, true), (#"{"<=": [{}, []]}"#, false),
        ]
    )
    func order(rule: String, holds: Bool) throws { #expect(try evaluate(rule).isTruthy == holds) }

    @Test("+ and * read the number with which a text begins, the other operators whole texts")
    func arithmetic() throws {
        try expect(#"{"+": []}"#, gives: "0")
        try expect(#"{"+": ["3.5abc", "-.5", " 1e2x"]}"#, gives: "103")
        try expect(#"{"+": ["0x10"]}"#, gives: "0")
        try expect(#"{"+": [true]}"#, gives: "null")
        try expect(#"{"+": [[5, 6], 1]}"#, gives: "6")
        try expect(#"{"*": ["3"]}"#, gives: #""3""#)
        try expect(#"{"*": [["2"], "3x"]}"#, gives: "6")
        try expect(#"{"-": ["0x10", "3"]}"#, gives: "13")
        try expect(#"{"-": ["3x"]}"#, gives: "null")
        try expect(#"{"-": [[], true]}"#, gives: "-1")
        try expect(#"{"-": "5"}"#, gives: "-5")
        try expect(#"{"/": [1, 0]}"#, gives: "null")
        try expect(#"{"==": [{"/": [1, 0]}, "Infinity"]}"#, gives: "true")
        try expect(#"{"/": [1]}"#, gives: "null")
        try expect(#"{"%": [-7, 3]}"#, gives: "-1")
        try expect(#"{"%": [5.5, 2]}"#, gives: "1.5")
        try expect(#"{"%": [1, 0]}"#, gives: "null")
        try expect(#"{"min": []}"#, gives: "null")
        try expect(#"{"cat": [{"min": []}, {"max": []}]}"#, gives: #""Infinity-Infinity""#)
        try expect(#"{"max": [null, "-1", [-2]]}"#, gives: "0")
        try expect(#"{"max": [1, "x"]}"#, gives: "null")
        try expect(#"{"/": [1, {"min": [0, {"-": 0}]}]}"#, gives: "null")
        try expect(#"{"<": [{"/": [1, {"min": [0, {"-": 0}]}]}, 0]}"#, gives: "true")
        try expect(#"{"+": [9007199254740993]}"#, gives: "9007199254740992")
    }

    @Test("conditions give values, and empty arrays alone differ from JavaScript's truthiness")
    func conditions() throws {
        try expect(#"{"and": []}"#, gives: "null")
        try expect(#"{"or": [0, [], ""]}"#, gives: #""""#)
        try expect(#"{"and": [1, "0", {}]}"#, gives: "{}")
        try expect(#"{"if": [[], 1, {}, 2]}"#, gives: "2")
        try expect(#"{"?:": [{"-": "x"}, 1]}"#, gives: "null")
        try expect(#"{"!": []}"#, gives: "true")
        try expect(#"{"!": [[]]}"#, gives: "true")
        try expect(#"{"!!": [[0]]}"#, gives: "true")
        try expect(#"{"!!": "false"}"#, gives: "true")
        try expect(#"{"log": {"cat": ["a", 1]}}"#, gives: #""a1""#)
    }

    @Test("var goes by members, items, code units and lengths, and takes its second argument for what isn't there")
    func variables() throws {
        let data =
            #"{"a": [1, [2, null]], "t": "h\ud83d\ude00", "": {"": 5}, "n": null, "1": {"5": "half"}, "length": 9}"#
        try expect(#"{"var": "a.1.0"}"#, gives: "2", on: data)
        try expect(#"{"var": ["a.1.1", 7]}"#, gives: "null", on: data)
        try expect(#"{"var": ["a.01", 7]}"#, gives: "7", on: data)
        try expect(#"{"var": ["a.-1", 7]}"#, gives: "7", on: data)
        try expect(#"{"var": ["n.x", {"+": [1, 2]}]}"#, gives: "3", on: data)
        try expect(#"{"var": ["x", {"and": []}]}"#, gives: "null", on: data)
        try expect(#"{"var": "a.length"}"#, gives: "2", on: data)
        try expect(#"{"var": "t.length"}"#, gives: "3", on: data)
        try expect(#"{"var": "length"}"#, gives: "9", on: data)
        try expect(#"{"var": "t.0"}"#, gives: #""h""#, on: data)
        try expect(#"{"var": "t.1"}"#, gives: #""\ufffd""#, on: data)
        try expect(#"{"var": ["t.3", 0]}"#, gives: "0", on: data)
        try expect(#"{"var": "."}"#, gives: "5", on: data)
        try expect(#"{"var": [[]]}"#, gives: #"{"": 5}"#, on: data)
        try expect(#"{"var": 1.5}"#, gives: #""half""#, on: data)
        try expect(#"{"var": {"cat": ["a", ".", 0]}}"#, gives: "1", on: data)
        try expect(#"{"var": ["constructor", 1]}"#, gives: "1", on: data)
        try expect(#"{"var": ["", 5]}"#, gives: "null")
        try expect(#"{"var": ["a", 5]}"#, gives: "5", on: "3")
    }

    @Test("missing takes keys as arguments or as one array, and null and empty texts are missing")
    func missing() throws {
        let data = #"{"a": 0, "b": null, "c": "", "d": [], "e": {"f": false}}"#
        try expect(#"{"missing": ["a", "b", "c", "d", "e.f", "e.g", 7]}"#, gives: #"["b", "c", "e.g", 7]"#, on: data)
        try expect(#"{"missing": [["b", "a"], "x"]}"#, gives: #"["b"]"#, on: data)
        try expect(#"{"missing": ["a", ["x", 1], ["x"]]}"#, gives: #"[["x"]]"#, on: data)
        try expect(#"{"missing": {"var": "k"}}"#, gives: #"[{"var": "k"}]"#, on: #"{"k": [{"var": "k"}]}"#)
        try expect(#"{"missing_some": [2, ["a", "b", "d"]]}"#, gives: "[]", on: data)
        try expect(#"{"missing_some": ["3", ["a", "b", "d"]]}"#, gives: #"["b"]"#, on: data)
        try expect(#"{"missing_some": [1, "x"]}"#, gives: #"["x"]"#, on: data)
        try expect(#"{"missing_some": [1, null]}"#, gives: "[]", on: data)
    }

    @Test("what looks at items gives each as the data, and anything but an array has none")
    func iterations() throws {
        let data = #"{"n": [1, 2, 3], "o": {"length": 3}, "t": "abc"}"#
        try expect(#"{"map": [{"var": "n"}, {"var": "x"}]}"#, gives: "[null, null, null]", on: data)
        try expect(#"{"map": [[1]]}"#, gives: "[null]")
        try expect(#"{"map": [{"var": "t"}, 1]}"#, gives: "[]", on: data)
        try expect(#"{"filter": [{"var": "o"}, true]}"#, gives: "[]", on: data)
        try expect(#"{"all": [{"var": "x"}, true]}"#, gives: "false", on: data)
        try expect(#"{"none": [{"var": "x"}, true]}"#, gives: "true", on: data)
        try expect(#"{"some": [[[], 0, "x"], {"var": ""}]}"#, gives: "true")
        try expect(
            #"{"reduce": [{"var": "n"}, {"var": ""}, 0]}"#,
            gives: """
                {"current": 3, "accumulator": {"current": 2, "accumulator": {"current": 1, "accumulator": 0}}}
                """,
            on: data
        )
        try expect(#"{"reduce": [{"var": "n"}, {"var": "accumulator"}, {"var": "t"}]}"#, gives: #""abc""#, on: data)
        try expect(#"{"reduce": [[1], {"var": "accumulator"}]}"#, gives: "null")
        try expect(#"{"reduce": [5, 1, 2]}"#, gives: "2")
    }

    @Test("merge, in, cat and substr take what they are given as JavaScript does")
    func arraysAndTexts() throws {
        try expect(#"{"merge": [[1, [2]], null, "x", {}, {"and": []}]}"#, gives: #"[1, [2], null, "x", {}, null]"#)
        try expect(#"{"in": [1, "a1"]}"#, gives: "true")
        try expect(#"{"in": [null, "null"]}"#, gives: "true")
        try expect(#"{"in": ["", ""]}"#, gives: "false")
        try expect(#"{"in": ["", "x"]}"#, gives: "true")
        try expect(#"{"in": ["1", [1]]}"#, gives: "false")
        try expect(#"{"in": [[1], [[1]]]}"#, gives: "false")
        try expect(#"{"in": ["aab", "aaaab"]}"#, gives: "true")
        try expect(#"{"in": ["abab", "abaabb"]}"#, gives: "false")
        try expect(#"{"in": ["e", "e\u0301"]}"#, gives: "true")
        try expect(#"{"in": ["\u00e9", "e\u0301"]}"#, gives: "false")
        try expect(#"{"in": ["a", {"a": 1, "b": 2}]}"#, gives: "false")
        try expect(
            #"{"cat": [null, true, 1.0, 1e21, [1, [null, 2]], {}, -0.0]}"#,
            gives: #""true11e+211,,2[object Object]0""#
        )
        try expect(#"{"substr": ["abc", "1"]}"#, gives: #""bc""#)
        try expect(#"{"substr": ["abc", 1, null]}"#, gives: #""""#)
        try expect(#"{"substr": ["abc", -9, 2]}"#, gives: #""ab""#)
        try expect(#"{"substr": ["abc", 9]}"#, gives: #""""#)
        try expect(#"{"substr": ["abc", 0, -9]}"#, gives: #""""#)
        try expect(#"{"substr": ["abc", 0, -0.5]}"#, gives: #""ab""#)
        try expect(#"{"substr": ["abc", 0, "-1"]}"#, gives: #""""#)
        try expect(#"{"substr": [12345, 1, {"/": [1, 0]}]}"#, gives: #""2345""#)
        try expect(#"{"substr": ["a\ud83d\ude00b", 1, 2]}"#, gives: #""\ud83d\ude00""#)
        try expect(#"{"substr": ["a\ud83d\ude00b", 2]}"#, gives: #""\ufffdb""#)
    }

    @Test("an object stands for itself unless it has one member")
    func literals() throws {
        try expect("{}", gives: "{}")
        try expect(#"{"var": "a", "x": {"foo": 1}}"#, gives: #"{"var": "a", "x": {"foo": 1}}"#, on: #"{"a": 1}"#)
        try expect(#"[1, {"var": "a"}]"#, gives: "[1, 2]", on: #"{"a": 2}"#)
    }
}
