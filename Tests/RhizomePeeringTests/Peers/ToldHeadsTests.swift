import Bytes
import DatabaseTesting
import RhizomeCore
import RhizomeTesting
import SignedStatements
import Testing

@testable import RhizomePeering

@Suite struct ToldHeadsTests {
    private static func bytes(_ number: Int) -> Bytes32 {
        var bytes = [UInt8](repeating: 0, count: 32)
        for index in 0..<4 { bytes[index] = UInt8(truncatingIfNeeded: number >> (8 * index)) }
        return Bytes32(bytes) ?? Bytes32(repeating: 0)
    }
    private static func ids(_ numbers: Range<Int>) -> Set<DeltaID> { Set(numbers.map { DeltaID(bytes($0)) }) }

    @Test("a delta that a peer holds takes the place of those that it follows, and of no others")
    func deltas() throws {
        var told = ToldHeads()
        let chain = try Deltas.chain(3)
        let author = chain[0].author
        for delta in chain {
            told.add(delta)
            #expect(told[author] == [delta.id])
        }
        let fork = try Deltas.make("alice", 100, after: [chain[0]])
        told.add(fork)
        #expect(told[author] == [chain[2].id, fork.id])
        told[author] = nil
        #expect(told[author] == nil && told.all.isEmpty)
    }

    @Test("of one author the latest 256 heads are remembered at most, and 20,000 of all")
    func bounded() {
        var told = ToldHeads()
        let author = PublicKey(Self.bytes(1))
        told.add(Self.ids(0..<200), of: author)
        told.add(Self.ids(100..<250), of: author)
        #expect(told[author] == Self.ids(100..<250), "together they would have been too many")
        told[author] = Self.ids(0..<1_000)
        #expect(told[author]?.count == ToldHeads.mostOfAuthor)
        for number in 0..<1_000 { told.add(Self.ids(0..<256), of: PublicKey(Self.bytes(number))) }
        #expect(told.all.values.reduce(0) { $0 + $1.count } == ToldHeads.most)
        // What is given up makes room.
        told[PublicKey(Self.bytes(0))] = nil
        told.add(Self.ids(0..<100), of: PublicKey(Self.bytes(5_000)))
        #expect(told[PublicKey(Self.bytes(5_000))]?.count == 100)
    }
}
