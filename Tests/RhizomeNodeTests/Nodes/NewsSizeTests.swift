import Bytes
import DatabaseTesting
import RhizomeCore
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import Testing

@testable import RhizomeDatabase
@testable import RhizomeNode
@testable import RhizomePeering

/// How little two nodes say that hold the same (spec: peering.md, `news`).
@Suite struct NewsSizeTests {
    @Test("a node of a thousand authors says in less than 400 bytes that nothing has changed")
    func inSync() async throws {
        let alice = try TestNode("alice")
        let bench = try IntakeBench(trusted: [], log: HookedLog())
        var batch: [[UInt8]] = []
        for number in 0..<1_000 {
            let label = "author \(number)"
            try bench.stand(label, .mayWrite(trustStatement: nil))
            batch.append(try Deltas.make(label).bytes)
        }
        #expect(try await bench.submit(batch).allSatisfy { $0 == .accept })
        try await RawPeer.running { peer, _ in
            try alice.trust(peer.key, as: "peer")
            try await alice.running(log: bench.log) { node in
                try await peer.connect(to: node)
                try await peer.greet()
                func news(_ request: NewsMethod) async throws -> (reply: [UInt8], heads: Int, cursor: [UInt8]) {
                    let reply = try await peer.ask(request.encoded)
                    let news = try NewsMethod.decode(reply: reply)
                    #expect(!news.more)
                    return (reply, news.heads.count, news.cursor)
                }
                let limit = PeeringLimits.headsPage
                let all = try await news(NewsMethod(cursor: nil, limit: limit))
                #expect(all.heads == 1_000)
                let request = NewsMethod(cursor: all.cursor, limit: limit)
                let none = try await news(request)
                #expect(none.heads == 0 && none.cursor == all.cursor)
                // Each frame with its head (ZMTP 3.1: 9 bytes at most) in a MESSAGE command (RFC 26: a name of 8, a
                // nonce of 8, a flag, and 16 of the box).
                let frames = [8, request.encoded.count, 8, none.reply.count]
                let bytes = frames.reduce(0) { $0 + $1 + 9 + 33 }
                #expect(bytes < 400, "\(frames)")
            }
        }
    }

    @Test(
        "an author with more heads than a page has is told of in parts, and comes over whole",
        .timeLimit(.minutes(5))
    )
    func manyHeads() async throws {
        let (alice, bob) = (try TestNode("alice"), try TestNode("bob"))
        let bench = try IntakeBench(trusted: [], log: HookedLog())
        try bench.stand("mallory", .mayWrite(trustStatement: nil))
        let mallory = try TestAuthors.signer("mallory").publicKey
        let count = PeeringLimits.headsPage + 500
        let firsts = try (0..<count).map { try Deltas.make("mallory", Int64($0)).bytes }
        #expect(try await bench.submit(firsts).allSatisfy { $0 == .accept })
        try await RawPeer.running { peer, _ in
            try alice.trust(peer.key, as: "peer")
            try alice.trust(mallory, as: "mallory", may: [.author])
            try bob.trust(mallory, as: "mallory", may: [.author])
            try await alice.running(log: bench.log) { node in
                try await peer.connect(to: node)
                try await peer.greet()
                var cursor: [UInt8]?
                var told: Set<AuthorHead> = []
                for (page, expected) in [PeeringLimits.headsPage, 500, 0].enumerated() {
                    let limit = PeeringLimits.headsPage
                    let reply = try await peer.ask(NewsMethod(cursor: cursor, limit: limit).encoded)
                    let news = try NewsMethod.decode(reply: reply)
                    #expect(news.heads.count == expected && news.more == (page == 0))
                    told.formUnion(news.heads)
                    cursor = news.cursor
                }
                #expect(told.count == count)
                // A part of it that is cut off, or belongs to another log, starts over.
                let last = try #require(cursor)
                for wrong in [last + [0], Array(last.dropLast()), [7]] {
                    let reply = try await peer.ask(NewsMethod(cursor: wrong, limit: 1).encoded)
                    #expect(try NewsMethod.decode(reply: reply).heads.count == 1)
                }
                try await bob.running { bobs in
                    try alice.trust(bob, at: bobs.network.requestAddress)
                    try bob.trust(alice, at: node.network.requestAddress)
                    try await eventually("bob holds them all", within: .seconds(120)) {
                        try await bob.log.count() == Int64(count)
                    }
                    let counts = bobs.database.ledger.counts(of: alice.identity.publicKey)
                    #expect(counts.rejections.isEmpty)
                    #expect(await bobs.metric("rhizome_bad_input_total") == 0)
                }
            }
        }
    }
}
