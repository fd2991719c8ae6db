import Bytes
import RhizomeTesting
import StrictJSON
import Testing

@Suite struct JSONParserTests {
    private func parse(_ json: String) throws -> JSONValue { try JSONValue(parsing: Array(json.utf8)) }

    @Test(
        "a number without fraction and exponent is an integer; any other becomes one where it equals one up to 2^53",
        arguments: [
            ("0", .integer(0)), ("-0", .integer(0)), ("1.0", .integer(1)), ("-0.0", .integer(0)),
            ("1E2", .integer(100)),
            ("10e-1", .integer(1)), ("1e-1", .float(0.1)), ("9223372036854775807", .integer(.max)),
            ("-9223372036854775808", .integer(.min)), ("9007199254740993", .integer(9_007_199_254_740_993)),
            ("9007199254740992.0", .integer(9_007_199_254_740_992)),
            ("9007199254740993.0", .integer(9_007_199_254_740_992)),
            ("9007199254740994.0", .float(9_007_199_254_740_994)),
            ("-9007199254740994e0", .float(-9_007_199_254_740_994)),
            ("1e300", .float(1e300)), ("5e-324", .float(.leastNonzeroMagnitude)), ("2e-324", .integer(0)),
            ("1e-400", .integer(0)),
            ("1.7976931348623157e308", .float(.greatestFiniteMagnitude)),
            ("9223372036854775808.0", .float(9_223_372_036_854_775_808)),
            ("0.1000000000000000055511151231257827021181583404541015625", .float(0.1)),
        ] as [(String, JSONValue)]
    )
    func numbers(json: String, value: JSONValue) throws {
        #expect(try parse(json) == value)
        #expect(try parse(" \t\r\n" + json + "\n") == value)
    }

    @Test(
        "texts are taken by their bytes, with every escape",
        arguments: [
            (#""""#, []), (#""a""#, [0x61]), (#""\u0000""#, [0]), (#""a\u0000b""#, [0x61, 0, 0x62]),
            (#""\"\\\/\b\f\n\r\t""#, [0x22, 0x5c, 0x2f, 8, 12, 10, 13, 9]), ("\"\u{e9}\"", [0xc3, 0xa9]),
            ("\"e\u{301}\"", [0x65, 0xcc, 0x81]), (#""\u00e9\u00E9""#, [0xc3, 0xa9, 0xc3, 0xa9]),
            (#""\uD83C\udf3f""#, [0xf0, 0x9f, 0x8c, 0xbf]), (#""\uffff""#, [0xef, 0xbf, 0xbf]),
            (#""\ufeff""#, [0xef, 0xbb, 0xbf]), ("\"\u{7f}\"", [0x7f]),
        ] as [(String, [UInt8])]
    )
    func texts(json: String, bytes: [UInt8]) throws {
        #expect(try parse(json) == .text(try #require(Text(utf8: bytes))))
    }

    @Test("an object keeps its members' order, and names that only look alike are two")
    func objects() throws {
        let value = try parse("{\"z\": 1, \"\u{e9}\": [true, false, null], \"e\u{301}\": {}, \"\": -1.5}")
        let object = try #require(value.object)
        #expect(object.members.map(\.name) == ["z", "\u{e9}", "e\u{301}", ""])
        #expect(object["\u{e9}"] == [true, false, .null])
        #expect(object["e\u{301}"] == [:])
        #expect(object["a"] == nil)
        #expect(value.encoded == Array("{\"z\":1,\"\u{e9}\":[true,false,null],\"e\u{301}\":{},\"\":-1.5}".utf8))
    }

    @Test(
        "what could mean two things, or is no JSON, is refused",
        arguments: [
            ("", .truncated, 0), ("  ", .truncated, 2), ("1 2", .trailing, 2), ("{}x", .trailing, 2),
            ("1\0", .trailing, 1), ("\u{feff}1", .byteOrderMark, 0), ("\u{feff}", .byteOrderMark, 0),
            ("\u{a0}1", .syntax, 0), ("NaN", .syntax, 0), ("nul", .truncated, 3), ("nulL", .syntax, 3),
            ("Infinity", .syntax, 0), ("-Infinity", .number, 1), ("+1", .syntax, 0), ("01", .number, 0),
            ("-01", .number, 0), ("00", .number, 0), ("-", .truncated, 1), ("1.", .truncated, 2), ("1.e1", .number, 2),
            (".5", .syntax, 0), ("1e", .truncated, 2), ("1e+", .truncated, 3), ("1ex", .number, 2),
            ("0x10", .trailing, 1), ("1_0", .trailing, 1), ("9223372036854775808", .integerRange, 0),
            ("-9223372036854775809", .integerRange, 0),
            ("1" + String(repeating: "0", count: 400), .integerRange, 0), ("1e400", .floatRange, 0),
            ("-1e309", .floatRange, 0), ("1.7976931348623159e308", .floatRange, 0),
            ("[1,]", .syntax, 3), ("[,1]", .syntax, 1), ("[1 2]", .syntax, 3), ("[", .truncated, 1), ("]", .syntax, 0),
            ("{\"a\":1,}", .syntax, 7), ("{a:1}", .syntax, 1), ("{\"a\" 1}", .syntax, 5), ("{1:1}", .syntax, 1),
            ("{\"a\":1,\"a\":1}", .duplicateName, 7), ("{\"a\":1,\"\\u0061\":2}", .duplicateName, 7),
            ("// c\n1", .syntax, 0), ("'a'", .syntax, 0), ("\"a", .truncated, 2), ("\"a\nb\"", .controlCharacter, 2),
            ("\"\\n\u{1f}\"", .controlCharacter, 3), ("\"\\x\"", .escape, 1), ("\"\\u12g4\"", .escape, 1),
            ("\"\\u+123\"", .escape, 1), ("\"\\", .truncated, 2), ("\"\\u12", .truncated, 5),
            ("\"\\ud800\"", .unpairedSurrogate, 1), ("\"\\udc00\"", .unpairedSurrogate, 1),
            ("\"\\ud800x\"", .unpairedSurrogate, 1), ("\"\\ud800\\n\"", .unpairedSurrogate, 1),
            ("\"\\ud800\\ud800\"", .unpairedSurrogate, 1), ("\"\\ud800\\u0041\"", .unpairedSurrogate, 1),
            ("\"\\udf3f\\ud83c\"", .unpairedSurrogate, 1), ("\"\\ud83c", .truncated, 7),
        ] as [(String, JSONError.Code, Int)]
    )
    func refusals(json: String, code: JSONError.Code, offset: Int) {
        let error = #expect(throws: JSONError.self) { try parse(json) }
        #expect(error?.code == code)
        #expect(error?.offset == offset)
    }

    @Test(
        "a text that is not UTF-8 is refused, overlong forms and surrogates included",
        arguments: [
            [0xc3, 0x28], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xff], [0xf4, 0x90, 0x80, 0x80], [0xe6, 0xb0],
        ] as [[UInt8]]
    )
    func notUTF8(bytes: [UInt8]) {
        for json in [[0x22] + bytes + [0x22], [0x22, 0x5c, 0x6e] + bytes + [0x22]] {
            let error = #expect(throws: JSONError.self) { try JSONValue(parsing: json) }
            #expect(error?.code == .notUTF8)
        }
        #expect(throws: JSONError.self) { try JSONValue(parsing: bytes) }
    }

    @Test("a duplicate is found among many members too")
    func manyMembers() throws {
        let members = (0..<1_000).map { "\"n\($0)\":\($0)" }
        #expect(try parse("{\(members.joined(separator: ","))}").object?.count == 1_000)
        for duplicate in [0, 11, 12, 13, 999] {
            let json = "{\((members + ["\"n\(duplicate)\":0"]).joined(separator: ","))}"
            let error = #expect(throws: JSONError.self) { try parse(json) }
            #expect(error?.code == .duplicateName)
        }
    }

    @Test("an error tells the field, the line and the column")
    func place() {
        let json = "{\"pointers\": [\n  {\"target\": 1},\n  {\"target\": 1e999}]}"
        let error = #expect(throws: JSONError.self) { try parse(json) }
        #expect(error?.field == "pointers[1].target")
        #expect(error?.line == 3)
        #expect(error?.column == 14)
        #expect(error?.description == "the number is beyond what a 64-bit float holds (line 3, column 14)")
        let duplicate = #expect(throws: JSONError.self) { try parse("[{\"a\": {\"b\": 1, \"b\": 2}}]") }
        #expect(duplicate?.field == "[0].a.b")
    }

    @Test("nesting and size beyond the limit are refused before anything is built")
    func limits() throws {
        let limits = JSONLimits(bytes: 1_000, depth: 8)
        func nested(_ depth: Int) -> [UInt8] {
            [UInt8](repeating: 0x5b, count: depth) + [UInt8](repeating: 0x5d, count: depth)
        }
        #expect(throws: Never.self) { try JSONValue(parsing: nested(8), limits: limits) }
        var error = #expect(throws: JSONError.self) { try JSONValue(parsing: nested(9), limits: limits) }
        #expect(error?.code == .tooDeep)
        #expect(error?.offset == 8)
        // Siblings don't add up.
        #expect(throws: Never.self) {
            try parse("[" + Array(repeating: "[[[]]]", count: 100).joined(separator: ",") + "]")
        }
        error = #expect(throws: JSONError.self) {
            try JSONValue(parsing: [UInt8](repeating: 0x20, count: 1_001), limits: limits)
        }
        #expect(error?.code == .tooLarge)
        for opening in ["[", "{\"a\":"] {
            let deep = Array(String(repeating: opening, count: 100_000).utf8)
            error = #expect(throws: JSONError.self) { try JSONValue(parsing: deep) }
            #expect(error?.code == .tooDeep)
        }
    }

    @Test("a number of a million digits is read in no more time than any other million bytes")
    func longNumbers() throws {
        let digits = String(repeating: "7", count: 1_000_000)
        #expect(try parse("0." + digits) == .float(7.0 / 9))
        #expect(try parse("1." + String(repeating: "0", count: 1_000_000)) == 1)
        #expect(throws: JSONError.self) { try parse(digits) }
        #expect(throws: JSONError.self) { try parse(digits + ".0") }
        #expect(throws: JSONError.self) { try parse("1e" + digits) }
        #expect(try parse("1e-" + digits) == 0)
    }
}
