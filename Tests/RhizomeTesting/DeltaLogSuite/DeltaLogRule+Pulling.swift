import Bytes
import RhizomeCore
import SignedStatements
import Testing

extension DeltaLogRule {
    static let pulling = [
        DeltaLogRule("a pull brings what the wanted reach and the held don't, in order, page after page") { lend in
            // The largest has more links between branches than a log may look at in one go.
            for size in [1, 5, 40, 120, 1_200] {
                try await lend { log in
                    try await withSeedAsync { generator in
                        var maker = DeltaMaker()
                        let bob = try maker.chain("bob", 3)
                        let tangle = try maker.tangle("alice", size, using: &generator)
                        _ = try await log.append(bob + tangle, cursors: [:])
                        let author = try maker.author("alice")
                        for _ in 0..<(size > 1_000 ? 12 : 25) {
                            let want = Self.some(tangle, &generator)
                            let have = Self.some(tangle, &generator)
                            let wanted = reach(want, in: maker.made).subtracting(reach(have, in: maker.made))
                            let expected = wanted.compactMap { maker.made[$0] }
                                .sorted { ($0.header.sequence, $0.id) < ($1.header.sequence, $1.id) }
                            let foreign = bob.map(\.delta.id) + [DeltaID(Bytes32(repeating: 7))]
                            let maximum = Int.random(in: 0..<(size > 1_000 ? 200_000 : 3_000), using: &generator)
                            var read: [[UInt8]] = []
                            var last: (sequence: Int64, id: DeltaID)?
                            while true {
                                let page = try await log.pull(
                                    PullRequest(
                                        author: author,
                                        want: want + foreign,
                                        have: have + foreign,
                                        after: last,
                                        maximumBytes: maximum
                                    )
                                )
                                let count = page.deltas.reduce(0) { $0 + $1.count }
                                #expect(count <= maximum || page.deltas.count == 1)
                                read += page.deltas
                                guard page.hasMore else { break }
                                try #require(!page.deltas.isEmpty)
                                last = page.last
                            }
                            #expect(read == expected.map(\.bytes), "seed \(generator.seed)")
                            let ancestry = try await log.ancestry(of: want + foreign, author: author)
                            let ancestors = tangle.map(\.delta).filter {
                                ancestry.contains($0.id, sequence: $0.header.sequence)
                            }
                            #expect(Set(ancestors.map(\.id)) == reach(want, in: maker.made))
                        }
                    }
                }
            }
        },
        DeltaLogRule("a pull of a straight log is its end, or what lies between") { lend in
            try await lend { log in
                var maker = DeltaMaker()
                let chain = try maker.chain("alice", 50)
                _ = try await log.append(chain, cursors: [:])
                let author = try maker.author("alice")
                func pull(
                    _ want: Int,
                    have: [Int],
                    after: (sequence: Int64, id: DeltaID)? = nil
                ) async throws -> [[UInt8]] {
                    let request = PullRequest(
                        author: author,
                        want: [chain[want].delta.id],
                        have: have.map { chain[$0].delta.id },
                        after: after,
                        maximumBytes: 4 << 20
                    )
                    let page = try await log.pull(request)
                    #expect(!page.hasMore)
                    return page.deltas
                }
                let bytes = chain.map(\.delta.bytes)
                #expect(try await pull(49, have: []) == bytes)
                #expect(try await pull(49, have: [48, 47, 45, 41, 0]) == [bytes[49]])
                #expect(try await pull(49, have: [49]).isEmpty)
                #expect(try await pull(20, have: [10, 30]).isEmpty)
                #expect(try await pull(20, have: [10]) == Array(bytes[11...20]))
                // Ids that aren't held resume by their order, as a page cut at a delta that is gone would.
                let least = DeltaID(Bytes32(repeating: 0))
                let greatest = DeltaID(Bytes32(repeating: 255))
                #expect(try await pull(49, have: [], after: (sequence: 40, id: least)) == Array(bytes[40...]))
                #expect(try await pull(49, have: [], after: (sequence: 40, id: greatest)) == Array(bytes[41...]))
                #expect(try await pull(49, have: [], after: (sequence: .max, id: greatest)).isEmpty)
                #expect(try await pull(49, have: [], after: (sequence: -1, id: greatest)) == bytes)
            }
        },
        DeltaLogRule("a pull of an author or of heads that aren't held is empty") { lend in
            try await lend { log in
                var maker = DeltaMaker()
                let alice = try maker.chain("alice", 3)
                let bob = try maker.chain("bob", 3)
                let carol = try maker.chain("carol", 3)
                _ = try await log.append(alice + bob, cursors: [:])
                func pull(_ author: AdmittedDelta, _ want: [AdmittedDelta]) async throws {
                    let page = try await log.pull(
                        PullRequest(
                            author: author.delta.author,
                            want: want.map(\.delta.id),
                            have: [],
                            after: nil,
                            maximumBytes: 1 << 20
                        )
                    )
                    #expect(page.deltas.isEmpty && !page.hasMore && page.last == nil)
                }
                try await pull(carol[0], carol)
                try await pull(carol[0], alice)
                try await pull(alice[0], [carol[2]])
                try await pull(alice[0], [bob[2]])
                try await pull(alice[0], [])
                let none = try await log.ancestry(of: bob.map(\.delta.id), author: alice[0].delta.author)
                #expect(none == Ancestry())
            }
        },
    ]

    private static func some(_ log: [AdmittedDelta], _ generator: inout SeededGenerator) -> [DeltaID] {
        log.shuffled(using: &generator).prefix(Int.random(in: 0...4, using: &generator)).map(\.delta.id)
    }
}
