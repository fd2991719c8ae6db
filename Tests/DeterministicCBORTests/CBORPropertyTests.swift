import Bytes
import DeterministicCBOR
import RhizomeTesting
import Testing

@Suite struct CBORPropertyTests {
    @Test("what is written is read as the same value")
    func roundTrip() {
        withSeed { random in
            for _ in 0..<1_000 {
                let value = randomValue(depth: 3, using: &random)
                #expect((try? decode(value.encoded)) == value)
            }
        }
    }

    @Test("a value cut short anywhere is truncated, and one byte more is trailing")
    func truncation() {
        withSeed { random in
            for _ in 0..<50 {
                let encoded = randomValue(depth: 3, using: &random).encoded
                for count in 0..<encoded.count {
                    #expect(code(Array(encoded[..<count])) == .truncated)
                }
                #expect(code(encoded + [0]) == .trailing)
            }
        }
    }

    @Test("bytes with any bit flipped are refused or are the only encoding of what they are read as")
    func bitFlips() {
        withSeed { random in
            for _ in 0..<50 {
                let encoded = randomValue(depth: 3, using: &random).encoded
                for bit in 0..<encoded.count * 8 {
                    var flipped = encoded
                    flipped[bit / 8] ^= 1 << UInt8(bit % 8)
                    expectCanonical(flipped)
                }
            }
        }
    }

    @Test("noise is refused or is the only encoding of what it is read as")
    func noise() {
        withSeed { random in
            for _ in 0..<20_000 { expectCanonical(random.bytes(Int.random(in: 0..<12, using: &random))) }
            // Every head of one byte, followed by much and by nothing.
            for first in UInt8.min ... .max {
                expectCanonical([first])
                expectCanonical([first] + random.bytes(64))
                expectCanonical([first] + [UInt8](repeating: 0, count: 64))
            }
        }
    }

    @Test("a claimed length costs nothing", arguments: [0x5b, 0x7b, 0x9b, 0xbb] as [UInt8])
    func hugeLengths(head: UInt8) {
        for length in [UInt64.max, UInt64(Int64.max), 1 << 40, 1 << 32] {
            let claim = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64(7 - $0))) }
            #expect(code([head] + claim) == .truncated)
            #expect(code([head] + claim + [UInt8](repeating: 0, count: 100)) == .truncated)
        }
    }

    @Test("sixteen levels are read and seventeen refused, arrays and maps alike")
    func nesting() {
        func arrays(_ depth: Int) -> [UInt8] { [UInt8](repeating: 0x81, count: depth - 1) + [0x80] }
        func maps(_ depth: Int) -> [UInt8] {
            Array(repeating: [0xa1, 0x00] as [UInt8], count: depth - 1).joined() + [0xa0]
        }
        for nested in [arrays, maps] {
            #expect(code(nested(CBORReader.deepest)) == nil)
            #expect(code(nested(CBORReader.deepest + 1)) == .tooDeep)
            #expect(code(nested(1_000_000)) == .tooDeep)
        }
        // In keys too.
        #expect(code([UInt8](repeating: 0xa1, count: 1_000_000)) == .tooDeep)
    }

    @Test("heads are as short as they can be at every border")
    func borders() throws {
        for border in [0, 23, 24, 0xff, 0x100, 0xffff, 0x1_0000, 0xffff_ffff, 0x1_0000_0000, Int64.max - 1] as [Int64] {
            for integer in [border, border + 1, -border, -border - 1, ~border] {
                let encoded = CBORValue.integer(integer).encoded
                #expect(try decode(encoded) == .integer(integer))
                let magnitude = UInt64(bitPattern: integer < 0 ? ~integer : integer)
                let size =
                    magnitude < 24
                    ? 1 : magnitude <= 0xff ? 2 : magnitude <= 0xffff ? 3 : magnitude <= 0xffff_ffff ? 5 : 9
                #expect(encoded.count == size)
            }
        }
        #expect(try decode(CBORValue.integer(.min).encoded) == .integer(.min))
    }

    @Test("a float is never a number that has an integer")
    func floats() {
        #expect(CBORValue.number(-0.0) == .integer(0))
        #expect(CBORValue.number(9_007_199_254_740_992) == .integer(9_007_199_254_740_992))
        #expect(CBORValue.number(-9_007_199_254_740_992) == .integer(-9_007_199_254_740_992))
        #expect(CBORValue.number(9_007_199_254_740_994) == .float(9_007_199_254_740_994))
        #expect(CBORValue.number(.nan) == nil)
        #expect(CBORValue.number(.infinity) == nil)
    }

    @Test("a map is sorted by its keys' encoding, a text map by the same rule")
    func maps() {
        let keys: [Text] = ["b", "aa", "", "a", "\u{e9}", "e\u{301}"]
        let value = CBORValue.map(Dictionary(uniqueKeysWithValues: keys.map { (.text($0), .null) }))
        var writer = CBORWriter()
        writer.textMap(Dictionary(uniqueKeysWithValues: keys.map { ($0, [0xf6]) }))
        #expect(writer.bytes == value.encoded)
        #expect(code(value.encoded) == nil)
    }

    private func code(_ bytes: [UInt8]) -> CBORError.Code? {
        let code = code { () throws(CBORError) in _ = try decode(bytes) }
        expectSkipped(bytes, unless: code)
        return code
    }

    private func code(_ body: () throws(CBORError) -> Void) -> CBORError.Code? {
        do {
            try body()
            return nil
        } catch {
            return error.code
        }
    }

    private func expectCanonical(_ bytes: [UInt8]) {
        let value = Result { () throws(CBORError) in try decode(bytes) }
        switch value {
        case .success(let value):
            #expect(value.encoded == bytes)
            expectSkipped(bytes, unless: nil)
        case .failure(let error): expectSkipped(bytes, unless: error.code)
        }
    }

    /// What is read can be passed over, and what can't be read can't, for the same reason.
    private func expectSkipped(_ bytes: [UInt8], unless expected: CBORError.Code?) {
        let skipped = code { () throws(CBORError) in
            var reader = CBORReader(bytes)
            try reader.skip()
            try reader.finish()
        }
        #expect(skipped == expected)
    }
}

private func randomValue(depth: Int, using random: inout SeededGenerator) -> CBORValue {
    func count() -> Int { Int.random(in: 0..<5, using: &random) }
    switch Int.random(in: 0..<(depth > 0 ? 9 : 7), using: &random) {
    case 0: return .null
    case 1: return .bool(.random(using: &random))
    case 2, 3: return .integer(Int64(truncatingIfNeeded: random.next()) >> Int64.random(in: 0..<64, using: &random))
    case 4: return .number(Double(bitPattern: random.next())) ?? .integer(0)
    case 5: return .bytes(random.bytes(Int.random(in: 0..<40, using: &random)))
    case 6: return .text(Text(String(decoding: random.bytes(Int.random(in: 0..<40, using: &random)), as: UTF8.self)))
    case 7: return .array((0..<count()).map { _ in randomValue(depth: depth - 1, using: &random) })
    default:
        var entries: [CBORValue: CBORValue] = [:]
        for _ in 0..<count() {
            entries[randomValue(depth: depth - 1, using: &random)] = randomValue(depth: depth - 1, using: &random)
        }
        return .map(entries)
    }
}
