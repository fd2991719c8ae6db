import RhizomeTesting
import Testing

@testable import RhizomeCore

@Suite struct SignedDeltaSequenceTests {
    @Test("a sequence is taken apart into the same deltas, in whatever pieces its bytes come")
    func pieces() throws {
        try withSeed { generator in
            var maker = DeltaMaker()
            let deltas = try maker.chain("alice", 20).map(\.delta.bytes)
            let bytes = deltas.flatMap(\.self)
            var sequence = SignedDeltaSequence()
            var found: [[UInt8]] = []
            var place = 0
            while place < bytes.count {
                let end = min(bytes.count, place + Int.random(in: 1...700, using: &generator))
                sequence.append(Array(bytes[place..<end]))
                place = end
                while let delta = try sequence.next() { found.append(delta) }
            }
            try sequence.finish()
            #expect(found == deltas, "seed \(generator.seed)")
            #expect(sequence.offset == Int64(bytes.count))
        }
    }

    @Test("a cut anywhere is told, after all whole deltas before it")
    func cut() throws {
        var maker = DeltaMaker()
        let deltas = try maker.chain("alice", 2).map(\.delta.bytes)
        let bytes = deltas.flatMap(\.self)
        for count in 0...bytes.count {
            var sequence = SignedDeltaSequence()
            sequence.append(Array(bytes.prefix(count)))
            var whole = 0
            while try sequence.next() != nil { whole += 1 }
            #expect(whole == (count < deltas[0].count ? 0 : count < bytes.count ? 1 : 2))
            let end = [0, deltas[0].count, bytes.count][whole]
            if count == end {
                try sequence.finish()
            } else {
                #expect(throws: SignedDeltaSequence.Fault(code: .cut, offset: Int64(end))) { try sequence.finish() }
            }
        }
    }

    @Test("what is no signed delta, or claims to be larger than one may be, is refused at its place")
    func malformed() throws {
        var maker = DeltaMaker()
        let delta = try maker.delta("alice").delta.bytes
        for tail: [UInt8] in [[0x00], [0x81, 0x00], [0xa0], Array("hello".utf8), [0x82, 0x00, 0x00]] {
            var sequence = SignedDeltaSequence()
            sequence.append(delta + tail)
            #expect(try sequence.next() == delta)
            let fault = SignedDeltaSequence.Fault(code: .malformed, offset: Int64(delta.count))
            #expect(throws: fault) { try sequence.next() }
        }
        // A byte string that says that it has 4 GiB isn't waited for.
        var sequence = SignedDeltaSequence()
        sequence.append([0x82, 0xd2, 0x84, 0x5a, 0xff, 0xff, 0xff, 0xff])
        #expect(try sequence.next() == nil)
        sequence.append([UInt8](repeating: 0, count: DeltaLimits.signedBytes))
        #expect(throws: SignedDeltaSequence.Fault(code: .malformed, offset: 0)) { try sequence.next() }
    }
}
