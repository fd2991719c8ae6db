import Bytes
import RhizomeTesting
import Testing

@Suite struct Bytes32Tests {
    @Test("the bytes come back as they went in")
    func array() throws {
        let bytes = (0..<32).map { UInt8($0 * 7 & 255) }
        #expect(try #require(Bytes32(bytes)).array == bytes)
        #expect(Bytes32(bytes.dropLast()) == nil)
    }

    @Test("nothing lies between a value and its predecessor, and nothing before the least", arguments: 0..<32)
    func predecessor(_ zeros: Int) throws {
        // A one with so many zero bytes behind it: taking one away turns them all over.
        var bytes = [UInt8](repeating: 0, count: 32)
        bytes[31 - zeros] = 1
        let value = try #require(Bytes32(bytes))
        var before = [UInt8](repeating: 0, count: 32)
        for index in (32 - zeros)..<32 { before[index] = 255 }
        #expect(value.predecessor == Bytes32(before))
        #expect(Bytes32(repeating: 0).predecessor == nil)
    }
}
