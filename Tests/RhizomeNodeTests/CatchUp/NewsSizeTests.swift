import Bytes
import RhizomeCore
import RhizomeTesting
import SignedLog
import Testing

@testable import RhizomeNode

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
                func news(_ request: PeerRequest) async throws -> (reply: [UInt8], heads: Int, cursor: [UInt8]) {
                    let reply = try await peer.ask(request.encoded)
                    let news = try PeerReply.read(reply, PeerReply.readNews)
                    #expect(!news.more)
                    return (reply, news.heads.count, news.cursor)
                }
                let limit = PeeringLimits.headsPage
                let all = try await news(.news(cursor: nil, limit: limit))
                #expect(all.heads == 1_000)
                let request = PeerRequest.news(cursor: all.cursor, limit: limit)
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
}
