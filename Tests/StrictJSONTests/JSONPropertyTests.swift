import Bytes
import RhizomeTesting
import StrictJSON
import Testing

@Suite struct JSONPropertyTests {
    @Test("what is written is read as the same value and written as the same bytes")
    func roundTrip() throws {
        try withSeed { random in
            for _ in 0..<500 {
                let value = randomValue(depth: 4, using: &random)
                let encoded = value.encoded
                let read = try JSONValue(parsing: encoded)
                #expect(read == value)
                #expect(read.encoded == encoded)
            }
        }
    }

    @Test("a float always shows a point or an exponent")
    func floats() {
        withSeed { random in
            for _ in 0..<2_000 {
                guard case .float(let float)? = JSONValue.number(Double(bitPattern: random.next())) else { continue }
                let json = JSONValue.float(float).description
                #expect(json.contains { ".e".contains($0) })
                #expect((try? JSONValue(parsing: Array(json.utf8))) == .float(float))
            }
        }
        #expect(JSONValue.number(.nan) == nil)
        #expect(JSONValue.number(-.infinity) == nil)
        #expect(JSONValue.float(9_007_199_254_740_994).description == "9.007199254740994e+15")
        #expect(JSONValue.float(1e300).description == "1e+300")
    }

    @Test("quotes, controls and what changes how a terminal shows the rest are escaped, and nothing else")
    func escaping() {
        let text = JSONValue.text("\"\\/\u{8}\t\n\u{c}\r\u{0}\u{1f}\u{7f}\u{2028}\u{e9}")
        #expect(text.description == #""\"\\/\b\t\n\f\r\u0000\u001f\u007f\u2028"# + "\u{e9}\"")
        #expect(JSONValue.text("\u{9b}31m\u{202e}\u{200b}").description == #""\u009b31m\u202e\u200b""#)
    }

    @Test("an object cut short anywhere is truncated")
    func truncation() {
        withSeed { random in
            for _ in 0..<20 {
                let encoded = JSONValue.object(["v": randomValue(depth: 3, using: &random)]).encoded
                for count in 0..<encoded.count {
                    let error = #expect(throws: JSONError.self) { try JSONValue(parsing: Array(encoded[..<count])) }
                    #expect(error?.code == .truncated)
                }
            }
        }
    }

    @Test("any flipped bit and any noise is read as some value or refused")
    func noise() {
        withSeed { random in
            for _ in 0..<20 {
                let encoded = randomValue(depth: 3, using: &random).encoded
                for bit in 0..<encoded.count * 8 {
                    var flipped = encoded
                    flipped[bit / 8] ^= 1 << UInt8(bit % 8)
                    expectConsistent(flipped)
                }
            }
            let alphabet = Array("{}[]\",:\\u0019.eE+-tfn dD8".utf8) + [0xc3, 0xa9, 0xff]
            for _ in 0..<5_000 {
                let count = Int.random(in: 0..<24, using: &random)
                expectConsistent((0..<count).map { _ in alphabet.randomElement(using: &random) ?? 0 })
            }
        }
    }

    /// Whatever is accepted means one thing: it is written and read again as the same.
    private func expectConsistent(_ bytes: [UInt8]) {
        guard let value = try? JSONValue(parsing: bytes) else { return }
        #expect((try? JSONValue(parsing: value.encoded)) == value)
    }
}

/// Any value, nested at most so deep.
func randomValue(depth: Int, using random: inout SeededGenerator) -> JSONValue {
    switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &random) {
    case 0: return .null
    case 1: return .bool(.random(using: &random))
    case 2: return .integer(Int64(truncatingIfNeeded: random.next()) >> Int64.random(in: 0..<64, using: &random))
    case 3: return .number(Double(bitPattern: random.next())) ?? .integer(0)
    case 4, 5: return .text(randomText(using: &random))
    case 6:
        return .array(
            (0..<Int.random(in: 0..<5, using: &random)).map { _ in randomValue(depth: depth - 1, using: &random) }
        )
    default:
        var object = JSONObject()
        for index in 0..<Int.random(in: 0..<5, using: &random) {
            let name = Text(randomText(using: &random).string + "\(index)")
            object.append(name, randomValue(depth: depth - 1, using: &random))
        }
        return .object(object)
    }
}

private func randomText(using random: inout SeededGenerator) -> Text {
    var string = String.UnicodeScalarView()
    for _ in 0..<Int.random(in: 0..<12, using: &random) {
        let limit: UInt32 = [0x80, 0x80, 0x800, 0x11_0000].randomElement(using: &random) ?? 0x80
        if let scalar = Unicode.Scalar(UInt32.random(in: 0..<limit, using: &random)) { string.append(scalar) }
    }
    return Text(String(string))
}
