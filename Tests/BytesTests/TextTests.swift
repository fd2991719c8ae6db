import Bytes
import RhizomeTesting
import Testing

@Suite struct TextTests {
    @Test("texts that look alike are different where their bytes are")
    func canonicalEquivalence() {
        let one: Text = "\u{e9}"
        let two: Text = "e\u{301}"
        #expect(one.string == two.string)
        #expect(one != two)
        #expect(Set([one, two]).count == 2)
        #expect(two < one)
    }

    @Test("a text with a NUL differs from the text before it")
    func nul() {
        #expect(Text("a") != Text("a\0b"))
        #expect(Text("a") < Text("a\0"))
        #expect(Text(utf8: [0x61, 0, 0x62]) == "a\0b")
    }

    @Test(
        "bytes that are not UTF-8 are no text",
        arguments: [[0xc3, 0x28], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf8], [0xe6, 0xb0]] as [[UInt8]]
    )
    func invalid(bytes: [UInt8]) {
        #expect(Text(utf8: bytes) == nil)
    }

    @Test("32 bytes are ordered, hashed and given back as bytes")
    func bytes32() {
        withSeed { random in
            for _ in 0..<100 {
                let first = random.bytes(32)
                let second = random.bytes(32)
                guard let left = Bytes32(first), let right = Bytes32(second) else {
                    Issue.record("32 bytes are refused")
                    return
                }
                #expect(left.array == first)
                #expect((left < right) == first.lexicographicallyPrecedes(second))
                #expect((left == right) == (first == second))
            }
        }
        #expect(Bytes32([UInt8](repeating: 0, count: 31)) == nil)
        #expect(Bytes32([UInt8](repeating: 0, count: 33)) == nil)
        #expect(Bytes32(repeating: 7).array == [UInt8](repeating: 7, count: 32))
    }

    @Test("every encoding gives back what it was given, and takes one text only")
    func encodings() {
        withSeed { random in
            for count in 0..<40 {
                let bytes = random.bytes(count)
                #expect(Hex.decode(Hex.encode(bytes)) == bytes)
                for encoding in [Base64.standard, .standardUnpadded, .urlUnpadded] {
                    #expect(encoding.decode(encoding.encode(bytes)) == bytes)
                }
            }
        }
        #expect(Hex.decode("0A") == nil)
        #expect(Hex.decode("0") == nil)
        #expect(Hex.decode("0g") == nil)
        #expect(Base64.standard.encode([0xff, 0xfe]) == "//4=")
        #expect(Base64.urlUnpadded.encode([0xff, 0xfe]) == "__4")
        for text in ["//5=", "//4", "//4==", "__4=", "/", "//4 ", "////="] {
            #expect(Base64.standard.decode(text) == nil)
        }
        for text in ["__5", "//4", "__4=", "_"] { #expect(Base64.urlUnpadded.decode(text) == nil) }
    }
}
