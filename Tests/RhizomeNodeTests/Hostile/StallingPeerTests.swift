import Bytes
import DatabaseTesting
import Locks
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import Testing

@testable import RhizomeCore
@testable import RhizomeDatabase
@testable import RhizomeNode
@testable import RhizomePeering

/// Who keeps a node busy and gives it nothing that it can use, while an honest peer's writes must still arrive (ATTACKS.md, rows 18
/// and 20).
@Suite(.timeLimit(.minutes(20)), .serialized) struct StallingPeerTests {
    /// What a client says first: its signature and version, CURVE, and nothing.
    private static let greeting: [UInt8] =
        [0xff] + .init(repeating: 0, count: 8) + [0x7f, 3, 1] + Array("CURVE".utf8) + .init(repeating: 0, count: 47)

    @Test("hundreds of half-open connections keep no honest peer out", arguments: [0, 10, 64])
    func halfOpen(said: Int) async throws {
        let count = TestSchedule.rounds(300, soak: 3_000)
        let words = Array(Self.greeting.prefix(said))
        try await AttackedNode.running { alice, attackers in
            try await SilentConnections.running(count, to: alice.node.request, saying: words) { requests in
                try await SilentConnections.running(count, to: alice.node.publish, saying: words) { publications in
                    try await alice.expectService("\(2 * count) half-open connections") {
                        try await attackers[0].connect(to: alice.node.request, of: alice.identity)
                        try await attackers[0].greet()
                    }
                    print("\(requests.open) and \(publications.open) of \(count) and \(count) are still open")
                }
            }
            #expect(try await alice.node.metric("rhizome_connections_accepted_total") >= Double(2 * count))
        }
    }

    /// Anything that an answer can be, and that it can't.
    private static func garbage(to request: any PeerMethod, using generator: inout SeededGenerator) -> [UInt8] {
        func bytes(_ count: Int) -> [UInt8] {
            (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        }
        let heads = (0..<100).compactMap { _ in
            Bytes32(bytes(32)).flatMap { author in
                Bytes32(bytes(32)).map { AuthorHead(author: PublicKey(author), id: DeltaID($0)) }
            }
        }
        let replies = [
            HeadsMethod.encode(reply: .init(heads: heads, more: true)),
            NewsMethod.encode(reply: .init(heads: heads, cursor: bytes(300), more: true)),
            PullMethod.encode(reply: .init(deltas: [bytes(200), bytes(0)], more: true)), PeersMethod.encode(reply: []),
            request.encoded,
            PushMethod.encode(reply: []), PeerReply.error(PeerError(.internal, "no")),
            bytes(Int.random(in: 0...200, using: &generator)),
        ]
        let reply = replies[Int.random(in: replies.indices, using: &generator)]
        return Bool.random(using: &generator)
            ? reply : Array(reply.prefix(Int.random(in: 0...reply.count, using: &generator)))
    }

    @Test("peers that answer, ask and publish garbage are turned away, and named once; honest writes arrive")
    func garbage() async throws {
        try await withSeedAsync { generator in
            let random = Lock(generator)
            let answer: RawPeer.Answer = { request in
                // Greeted it must be, or it is asked nothing more.
                if request is Hello { return nil }
                return random.withLock { Self.garbage(to: request, using: &$0) }
            }
            try await AttackedNode.running(attackers: .init(repeating: answer, count: 2)) { alice, attackers in
                try await alice.expectService("garbage") {
                    for peer in attackers {
                        try await eventually("each is turned away", within: .seconds(240)) {
                            for _ in 0..<50 {
                                let frames = random.withLock { generator in
                                    (0..<Int.random(in: 1...4, using: &generator)).map { _ in
                                        Self.garbage(to: PeersMethod(), using: &generator)
                                    }
                                }
                                _ = try await peer.trySending(frames)
                                await peer.publish(frames)
                            }
                            return await alice.node.logged("turned away", peer.key.did).count == 1
                        }
                    }
                }
                let lines = await alice.node.command.errors.lines
                #expect(lines.count < 100, "\(lines.suffix(5))")
            }
        }
    }

    @Test("a log that changes between pages costs a few pulls, and all of it comes once its peer keeps to one")
    func changingLog() async throws {
        let zoe = try TestAuthors.signer("zoe").publicKey
        let trunk = try Deltas.chain(40, by: "zoe")
        let branch = Array(trunk[..<20]) + (try Deltas.chain(20, by: "zoe", after: [trunk[19]]))
        let all = (trunk + branch[20...]).sorted { ($0.header.sequence, $0.id) < ($1.header.sequence, $1.id) }
        @Sendable func head(_ deltas: [SignedDelta]) -> AuthorHead { AuthorHead(author: zoe, id: deltas[39].id) }
        try await withSeedAsync { generator in
            let random = Lock(generator)
            let answer: RawPeer.Answer = { request in
                // Each time another log, another part of it, and more behind that.
                random.withLock { generator in
                    let log = Bool.random(using: &generator) ? trunk : branch
                    switch request {
                    case is HeadsMethod: return HeadsMethod.encode(reply: .init(heads: [head(log)], more: false))
                    case is NewsMethod:
                        return NewsMethod.encode(
                            reply: .init(
                                heads: [head(log)],
                                cursor: [.random(in: 0...255, using: &generator)],
                                more: true
                            )
                        )
                    case is PullMethod:
                        let start = Int.random(in: 0..<30, using: &generator)
                        return PullMethod.encode(reply: .init(deltas: log[start..<start + 10].map(\.bytes), more: true))
                    default: return nil
                    }
                }
            }
            try await AttackedNode.running(attackers: [answer], authors: ["zoe"]) { alice, attackers in
                let peer = attackers[0]
                try await alice.expectService("a log that changes between pages") {
                    try await eventually("it pulls twice, of different heads") {
                        for log in [trunk, branch] { await peer.publish(.heads([head(log)])) }
                        return peer.count(of: "pull") >= 2
                    }
                }
                let asked = (peer.count(of: "news"), peer.count(of: "pull"))
                print("a log that changes between pages: news and pulls \(asked)")
                #expect(asked.1 <= 200)
                peer.answer { request in
                    switch request {
                    case let asked as HeadsMethod where asked.after == nil:
                        HeadsMethod.encode(
                            reply: .init(heads: [head(trunk), head(branch)].sorted { $0.id < $1.id }, more: false)
                        )
                    case is NewsMethod:
                        NewsMethod.encode(reply: .init(heads: [head(trunk), head(branch)], cursor: [1], more: false))
                    case is PullMethod: PullMethod.encode(reply: .init(deltas: all.map(\.bytes), more: false))
                    default: nil
                    }
                }
                for delta in [trunk[39], branch[39]] {
                    try await eventually("the head \(delta.id) is there") { try await alice.holds(delta.id, of: zoe) }
                }
                try await alice.decided("accept", atLeast: 60)
            }
        }
    }

    @Test("heads without end that are never delivered cost a few pulls; honest writes arrive")
    func endlessHeads() async throws {
        let zoe = try TestAuthors.signer("zoe").publicKey
        // Each page goes on behind the one before, as an honest list does.
        @Sendable func page(after: AuthorHead?, limit: Int) -> [AuthorHead] {
            let start = after.map { $0.id.bytes.array.prefix(4).reduce(0) { $0 << 8 | Int($1) } + 1 } ?? 0
            return (start..<start + limit).compactMap { number in
                let counter = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
                return Bytes32(counter + .init(repeating: 7, count: 28)).map {
                    AuthorHead(author: zoe, id: DeltaID($0))
                }
            }
        }
        let answer: RawPeer.Answer = { request in
            switch request {
            case let asked as HeadsMethod:
                HeadsMethod.encode(reply: .init(heads: page(after: asked.after, limit: asked.limit), more: true))
            case let asked as NewsMethod:
                NewsMethod.encode(
                    reply: .init(
                        heads: page(after: nil, limit: asked.limit),
                        cursor: (asked.cursor ?? [0]).map { $0 &+ 1 },
                        more: true
                    )
                )
            default: nil
            }
        }
        try await AttackedNode.running(attackers: [answer, answer], authors: ["zoe"]) { alice, attackers in
            try await alice.expectService("heads without end") {
                for peer in attackers {
                    let before = peer.count(of: "heads")
                    try await eventually("it goes on asking for heads") { peer.count(of: "heads") >= before + 4 }
                }
            }
            let asked = attackers.map { ($0.count(of: "heads"), $0.count(of: "pull")) }
            print("heads without end: pages and pulls \(asked)")
            #expect(asked.allSatisfy { $0.1 <= 8 })
        }
    }
}
