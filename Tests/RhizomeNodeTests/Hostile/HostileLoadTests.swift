import Bytes
import DatabaseTesting
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import Sodium
import Testing

@testable import RhizomeCore
@testable import RhizomeDatabase
@testable import RhizomeNode
@testable import RhizomePeering

/// What trusted peers send in masses, while an honest one's writes must still arrive (ATTACKS.md, rows 1, 11 and 19).
@Suite(.timeLimit(.minutes(20)), .serialized) struct HostileLoadTests {
    /// Pushes of so many deltas each.
    private static let page = 1_000

    @Test("a flood of requests is answered busy, then its sender is turned away and named once; honest writes arrive")
    func requests() async throws {
        try await AttackedNode.running { alice, attackers in
            let peer = attackers[0]
            let request = HeadsMethod(after: nil, limit: 10_000).encoded
            try await alice.expectService("a flood of requests") {
                try await peer.flood(request, count: 4_000)
                try await eventually("it is turned away") {
                    if await !alice.node.logged("turned away").isEmpty { return true }
                    try await peer.flood(request, count: 1_000)
                    return false
                }
            }
            #expect(peer.answered.busy > 0)
            #expect(try await alice.node.metric("rhizome_busy_requests_total") > 1_000)
            #expect(try await alice.node.metric("rhizome_bad_input_total") >= 1_000)
            #expect(await alice.node.logged("turned away", peer.key.did).count == 1)
        }
    }

    @Test("a hundred thousand replays of valid deltas are duplicates, told to nobody; honest writes arrive")
    func replays() async throws {
        try await AttackedNode.running(authors: ["zoe"]) { alice, attackers in
            let peer = attackers[0]
            try await peer.subscribe(to: alice.node.publish, of: alice.identity)
            let chain = try Deltas.chain(Self.page, by: "zoe")
            let push = PushMethod(chain.map(\.bytes)).encoded
            _ = try await peer.ask(push)
            let times = TestSchedule.rounds(100, soak: 2_000)
            try await alice.expectService("\(times * Self.page) replays") {
                try await peer.ask(push, times: times, atOnce: 4)
            }
            try await alice.decided("duplicate", atLeast: times * Self.page)
            // Bob's writes are told of, and zoe's log once or twice.
            let zoe = try TestAuthors.signer("zoe").publicKey
            let told = peer.heard
            #expect(!told.isEmpty)
            let zoes = told.count { publication in
                if case .heads(let heads) = publication { heads.contains { $0.author == zoe } } else { true }
            }
            #expect(zoes <= 2)
        }
    }

    @Test("what was taken before a restart is a duplicate after it, and told to nobody again")
    func replaysAfterRestart() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let home = try await NodeHome.make("alice", in: folder)
                let identity = try #require(PublicKey(did: try await home.did))
                for label in ["zoe", "yan"] {
                    let key = try TestAuthors.signer(label).publicKey
                    try await home.trust(key.did, ["--name", label, "--may", "author"])
                }
                let chain = try Deltas.chain(Self.page, by: "zoe")
                let others = try Deltas.make("yan")
                try await Self.withTwoPeers { peer, reader in
                    try await home.trust(peer.key.did, ["--name", "raw"])
                    try await home.trust(reader.key.did, ["--name", "reader"])
                    for decision: Text in ["accept", "duplicate"] {
                        try await home.running(["RHIZOME_PUB_SUB_TOPIC": "test"]) { node in
                            try await peer.connect(to: node.request, of: identity)
                            try await peer.greet()
                            // Who brought it isn't told of it.
                            try await reader.connect(to: node.request, of: identity)
                            try await reader.greet()
                            let before = reader.publications.count
                            try await reader.subscribe(to: node.publish, of: identity)
                            // Publications reach who has subscribed already.
                            try await eventually("what is written is told") {
                                let text = UInt64.random(in: 0...(.max))
                                _ = try await node.put("/api/note/1", "{\"text\": \"\(text)\"}")
                                return reader.publications.count > before
                            }
                            let push = PushMethod(chain.map(\.bytes)).encoded
                            let results = try PushMethod.decode(reply: try await peer.ask(push))
                            #expect(results.count == Self.page && results.allSatisfy { $0.decision == decision })
                            func told() -> [DeltaID] { Self.heads(in: reader.heard.dropFirst(before)) }
                            if decision == "accept" {
                                try await eventually("zoe's head is told") { told().contains(chain[Self.page - 1].id) }
                            } else {
                                // What comes after it is told, and nothing of it was told before.
                                _ = try await peer.ask(PushMethod([others.bytes]).encoded)
                                try await eventually("another author's head is told") { !told().isEmpty }
                                #expect(told() == [others.id])
                            }
                        }
                    }
                }
            }
        }
    }

    @Test("large messages that are no request turn their sender away after a few; honest writes arrive")
    func largeGarbage() async throws {
        try await AttackedNode.running { alice, attackers in
            let peer = attackers[0]
            let frame = [UInt8](repeating: 7, count: 7 << 20)
            let sent = Counter()
            try await alice.expectService("messages of 21 MiB") {
                try await eventually("their sender is turned away") {
                    if await !alice.node.logged("turned away").isEmpty { return true }
                    try await peer.send([[1], frame, frame, frame])
                    await sent.note()
                    return false
                }
            }
            // Each counts 337 pieces; others may have been on their way.
            print("it sent \(await sent.count) messages of 21 MiB")
            #expect(await sent.count < 50)
            #expect(try await alice.node.metric("rhizome_bad_input_total") >= 1_000)
        }
    }

    private actor Counter {
        private(set) var count = 0
        func note() { count += 1 }
    }

    private static func withTwoPeers(_ body: @Sendable (RawPeer, RawPeer) async throws -> Void) async throws {
        try await RawPeer.running { first, _ in
            try await RawPeer.running { second, _ in try await body(first, second) }
        }
    }

    /// The heads of others that were published.
    private static func heads(in publications: some Sequence<Publication.Content>) -> [DeltaID] {
        publications.flatMap { publication -> [DeltaID] in
            switch publication {
            case .deltas: []
            case .heads(let heads): heads.map(\.id)
            }
        }
    }

    @Test("twenty thousand firsts signed by one trusted key are all taken, as forks; honest writes arrive")
    func firsts() async throws {
        try await AttackedNode.running { alice, attackers in
            let peer = attackers[0]
            let count = TestSchedule.rounds(20_000, soak: 250_000)
            try await alice.expectService("\(count) firsts by one key") {
                for start in stride(from: 0, to: count, by: 4 * Self.page) {
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for start in stride(from: start, to: min(start + 4 * Self.page, count), by: Self.page) {
                            group.addTask {
                                let firsts = try (start..<start + Self.page).map { number in
                                    try SignedDelta(
                                        pointers: [Pointer("n", .integer(Int64(number)))],
                                        after: [],
                                        timeCreated: Deltas.start,
                                        signer: peer.identity
                                    ).bytes
                                }
                                _ = try await peer.ask(PushMethod(firsts).encoded)
                            }
                        }
                        try await group.waitForAll()
                    }
                }
            }
            try await alice.decided("accept", atLeast: count)
            let start = ContinuousClock.now
            let forks = try await alice.node.peer("raw0")?.forks
            print("the forks of \(count) firsts are told in \(ContinuousClock.now - start)")
            #expect(forks?.isEmpty == false)
            #expect(ContinuousClock.now - start < .seconds(5))
        }
    }

    @Test("a hundred thousand deltas by unknown authors wait in bounded memory; honest writes arrive")
    func unknownAuthors() async throws {
        try await AttackedNode.running { alice, attackers in
            let peer = attackers[0]
            let strangers = try (0..<100).map { try Deltas.make("stranger \($0)") }
            let times = TestSchedule.rounds(100, soak: 1_000)
            try await alice.expectService("\(times * Self.page) deltas by unknown authors") {
                for number in 0..<times {
                    // Nobody checks their signatures: each with another one is another delta that waits.
                    let deltas = (0..<Self.page).map { place in
                        strangers[place % strangers.count].resigned(UInt32(number * Self.page + place))
                    }
                    _ = try await peer.ask(PushMethod(deltas).encoded)
                }
            }
            try await alice.decided("defer", reason: "unknownAuthor", atLeast: times * Self.page)
            let waiting = try await alice.node.metric("rhizome_deferred_deltas")
            #expect(waiting > 0 && waiting <= 1_250)
        }
    }

    @Test(
        "a flood of subscriptions, which libzmq keeps, ends with its sender turned away; honest writes arrive",
        arguments: [Duration.zero, .milliseconds(20)]
    )
    func subscriptions(pause: Duration) async throws {
        try await AttackedNode.running { alice, attackers in
            let peer = attackers[0]
            try await peer.subscribe(to: alice.node.publish, of: alice.identity)
            let topics = (0..<TestSchedule.rounds(100_000, soak: 1_000_000)).map { number in
                SHA256.hash(Array("\(number)".utf8)).array + SHA256.hash(Array("-\(number)".utf8)).array
            }
            try await alice.expectService("a flood of subscriptions") {
                for start in stride(from: 0, to: topics.count, by: Self.page) {
                    try await peer.subscribe(to: Array(topics[start..<start + Self.page]))
                    try await Task.sleep(for: pause)
                }
                try await eventually("it is turned away") {
                    await !alice.node.logged("turned away", peer.key.did).isEmpty
                }
            }
        }
    }

    @Test("messages of 8,000 frames are dropped, their senders turned away; honest writes arrive")
    func manyFrames() async throws {
        try await AttackedNode.running(attackers: .init(repeating: { _ in nil }, count: 4)) { alice, attackers in
            try await alice.expectService("messages of 8,000 frames") {
                let frames = [[UInt8]](repeating: .init(repeating: 1, count: 1_000), count: 8_000)
                for peer in attackers {
                    try await eventually("each is turned away") {
                        // Where another one was turned away while it was on its way, it is lost.
                        _ = try await peer.trySending(frames)
                        try await Task.sleep(for: .milliseconds(100))
                        return await alice.node.logged("turned away", peer.key.did).count == 1
                    }
                }
            }
            #expect(try await alice.node.metric("rhizome_dropped_messages_total") >= 4)
        }
    }

    @Test("forged copies ahead of an author's deltas, on all ways, keep none of them out; honest writes arrive")
    func forgedCopies() async throws {
        let chain = try Deltas.chain(2_000, by: "zoe")
        let zoe = try TestAuthors.signer("zoe").publicKey
        let forged = chain.map(\.resigned)
        let last = try #require(chain.last)
        let head = AuthorHead(author: zoe, id: last.id)
        let answer: RawPeer.Answer = { request in
            switch request {
            case let asked as HeadsMethod where asked.after == nil:
                HeadsMethod.encode(reply: .init(heads: [head], more: false))
            case let pull as PullMethod where pull.request.author == zoe:
                PullMethod.encode(reply: .init(deltas: Array(forged.prefix(500)), more: true))
            default: nil
            }
        }
        try await AttackedNode.running(attackers: .init(repeating: answer, count: 4), authors: ["zoe"]) {
            alice,
            attackers in
            try await eventually("it pulled forged ones") {
                attackers.contains { peer in
                    peer.requests.contains { ($0 as? PullMethod)?.request.author == zoe }
                }
            }
            try await alice.expectService("forged copies") {
                for peer in attackers {
                    await peer.publish(.deltas(Array(forged.prefix(100))))
                    _ = try await peer.request(PushMethod(Array(forged.suffix(800))).encoded)
                }
                for peer in attackers {
                    try await eventually("each is turned away") {
                        await peer.publish(.deltas(Array(forged.prefix(100))))
                        return await alice.node.logged("turned away", peer.key.did).count == 1
                    }
                }
                for start in stride(from: 0, to: chain.count, by: 500) {
                    let page = chain[start..<start + 500].map(\.bytes)
                    let answer = try await alice.ask(PushMethod(page))
                    let results = try PushMethod.decode(reply: answer)
                    #expect(results.allSatisfy { ["accept", "duplicate"].contains($0.decision) })
                }
            }
            try await alice.decided("reject", reason: "signature", atLeast: 4_000)
            #expect(try await alice.holds(head.id, of: zoe))
        }
    }
}
