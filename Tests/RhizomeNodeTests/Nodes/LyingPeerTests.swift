import Bytes
import DatabaseTesting
import DeterministicCBOR
import Locks
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import Testing

@testable import RhizomeCore
@testable import RhizomeDatabase
@testable import RhizomeNode
@testable import RhizomePeering

/// Trusted peers that lie, stall or send garbage (ATTACKS.md, rows 1, 11, 15, 16, 19, 20).
@Suite(.timeLimit(.minutes(5))) struct LyingPeerTests {
    private static let malformed: [UInt8] = [0xff]

    // MARK: - As the one who is asked

    @Test("heads that are never delivered are asked for once in a while only, and honest ones come through")
    func undelivered() async throws {
        let alice = try TestNode("alice")
        let zoe = try TestAuthors.signer("zoe").publicKey
        let yan = try TestAuthors.signer("yan").publicKey
        try alice.trust(zoe, as: "zoe", may: [.author])
        try alice.trust(yan, as: "yan", may: [.author])
        let right = try Deltas.make("yan")
        let lies = (0..<100).map { AuthorHead(author: zoe, id: DeltaID(Bytes32(repeating: UInt8($0)))) }
        let answer: RawPeer.Answer = { request in
            switch request {
            case let asked as HeadsMethod where asked.after == nil:
                HeadsMethod.encode(
                    reply: .init(
                        heads: (lies + [AuthorHead(author: yan, id: right.id)]).sorted {
                            ($0.author, $0.id) < ($1.author, $1.id)
                        },
                        more: false
                    )
                )
            case let pull as PullMethod where pull.request.author == yan:
                PullMethod.encode(reply: .init(deltas: [right.bytes], more: false))
            default: nil
            }
        }
        try await RawPeer.running(answer: answer) { peer, address in
            try await alice.running { node in
                try alice.trust(peer.key, as: "raw", at: address)
                try await eventually("the honest head came") { try await alice.log.count() == 1 }
                try await eventually("the others were asked for") {
                    peer.requests.contains { ($0 as? PullMethod)?.request.author == zoe }
                }
                func pulls() -> Int {
                    peer.requests.count { ($0 as? PullMethod)?.request.author == zoe }
                }
                // Told of over and over, each time with one more of them, they are not asked for over and over.
                for round in 1...20 {
                    let another = AuthorHead(author: zoe, id: DeltaID(Bytes32(repeating: UInt8(lies.count + round))))
                    try await eventually("publication \(round) was looked at") {
                        await peer.publish(.heads(lies + [another]))
                        let status = try await node.network.peers().first { $0.identity == peer.key }
                        return status?.behind == Int64(lies.count + round)
                    }
                }
                let asks = peer.count(of: "news")
                try await eventually("a round later") { peer.count(of: "news") > asks }
                // 100 heads are two requests; one or two rounds of them fit into the time of this test.
                #expect(pulls() <= 6)
                #expect(await node.metric("rhizome_bad_input_total") == 0)
            }
        }
    }

    @Test("a list of heads that doesn't go on is ended, and counts against the peer")
    func endlessHeads() async throws {
        let alice = try TestNode("alice")
        let page = [AuthorHead(author: try TestAuthors.signer("zoe").publicKey, id: DeltaID(Bytes32(repeating: 5)))]
        let answer: RawPeer.Answer = { request in
            switch request {
            case is HeadsMethod: HeadsMethod.encode(reply: .init(heads: page, more: true))
            case is NewsMethod: NewsMethod.encode(reply: .init(heads: page, cursor: [1], more: true))
            default: nil
            }
        }
        try await RawPeer.running(answer: answer) { peer, address in
            try await alice.running { node in
                try alice.trust(peer.key, as: "raw", at: address)
                try await eventually("it was noticed") { await node.metric("rhizome_bad_input_total") > 0 }
                #expect(peer.count(of: "heads") <= 4)
                peer.answer { _ in nil }
                try await eventually("the session goes on") { peer.count(of: "news") > 0 }
            }
        }
    }

    enum WrongPage: CaseIterable {
        case outOfOrder
        case repeating
        case ofAnotherAuthor
    }

    @Test(
        "pages out of order, of another author or of deltas not asked for end the pull; what is right in them is kept",
        arguments: WrongPage.allCases
    )
    func wrongPages(_ kind: WrongPage) async throws {
        let zoe = try TestAuthors.signer("zoe").publicKey
        let chain = try Deltas.chain(4, by: "zoe")
        let strange = try Deltas.make("mallory")
        let page =
            switch kind {
            case .outOfOrder: [chain[1].bytes, chain[0].bytes]
            case .repeating: [chain[0].bytes, chain[0].bytes]
            case .ofAnotherAuthor: [strange.bytes, chain[0].bytes]
            }
        let alice = try TestNode("alice")
        try alice.trust(zoe, as: "zoe", may: [.author])
        let answer: RawPeer.Answer = { request in
            switch request {
            case let asked as HeadsMethod where asked.after == nil:
                HeadsMethod.encode(reply: .init(heads: [AuthorHead(author: zoe, id: chain[3].id)], more: false))
            case is PullMethod: PullMethod.encode(reply: .init(deltas: page, more: true))
            default: nil
            }
        }
        try await RawPeer.running(answer: answer) { peer, address in
            try await alice.running { node in
                try alice.trust(peer.key, as: "raw", at: address)
                try await eventually("it was noticed") { await node.metric("rhizome_bad_input_total") > 0 }
                #expect(try await alice.log.contains([chain[0].id]).count == 1)
                #expect(try await alice.log.authors().map(\.author) == [zoe])
                peer.answer { request in
                    switch request {
                    case let asked as HeadsMethod where asked.after == nil:
                        HeadsMethod.encode(reply: .init(heads: [AuthorHead(author: zoe, id: chain[3].id)], more: false))
                    case is NewsMethod:
                        NewsMethod.encode(
                            reply: .init(heads: [AuthorHead(author: zoe, id: chain[3].id)], cursor: [2], more: false)
                        )
                    case let pull as PullMethod:
                        PullMethod.encode(
                            reply: .init(
                                deltas: pull.request.have.contains(chain[1].id)
                                    ? chain[2...].map(\.bytes) : chain.map(\.bytes),
                                more: false
                            )
                        )
                    default: nil
                    }
                }
                await peer.publish(.heads([AuthorHead(author: zoe, id: chain[2].id)]))
                try await eventually("once it is honest all comes") { try await alice.log.count() == 4 }
            }
        }
    }

    @Test("a delta that fits nowhere is told of, asked for no more, and doesn't hold up the author's other heads")
    func stalled() async throws {
        let alice = try TestNode("alice")
        let zoe = try TestAuthors.signer("zoe").publicKey
        try alice.trust(zoe, as: "zoe", may: [.author])
        let root = try Deltas.make("zoe")
        let stalled = try SignedDelta(decoding: Deltas.forged("zoe", sequence: 7, previous: [root.id]))
        let child = try SignedDelta(
            decoding: Deltas.forged("zoe", sequence: 8, previous: [stalled.id], at: Deltas.start)
        )
        let good = try Deltas.chain(3, by: "zoe", after: [root])
        let heads = [child.id, good[2].id]
        let answer: RawPeer.Answer = { request in
            switch request {
            case let asked as HeadsMethod where asked.after == nil:
                HeadsMethod.encode(
                    reply: .init(heads: heads.sorted().map { AuthorHead(author: zoe, id: $0) }, more: false)
                )
            case let pull as PullMethod where pull.request.author == zoe:
                if pull.request.want == [good[2].id] {
                    PullMethod.encode(reply: .init(deltas: ([root] + good).map(\.bytes), more: false))
                } else {
                    // Never gets to the good ones together with the bad ones.
                    PullMethod.encode(reply: .init(deltas: ([root] + [stalled, child]).map(\.bytes), more: false))
                }
            default: nil
            }
        }
        try await RawPeer.running(answer: answer) { peer, address in
            try await alice.running { node in
                try alice.trust(peer.key, as: "raw", at: address)
                try await eventually("the good branch is there") { try await alice.log.count() == 4 }
                // Both heads together, then each for itself.
                try await eventually("both heads were asked for") { peer.count(of: "pull") == 3 }
                let zoes = try await node.network.peers().first { $0.identity == zoe }
                #expect(zoes?.stalled == [stalled.id])
                let asks = peer.count(of: "news")
                let pulls = peer.count(of: "pull")
                await peer.publish(.heads(heads.map { AuthorHead(author: zoe, id: $0) }))
                try await eventually("a round later") { peer.count(of: "news") > asks }
                #expect(peer.count(of: "pull") == pulls)
                #expect(await node.metric("rhizome_bad_input_total") == 0)
            }
        }
    }

    @Test("a peer of another protocol or topic is asked nothing but hello", arguments: [true, false])
    func foreign(isProtocol: Bool) async throws {
        let alice = try TestNode("alice")
        try await RawPeer.running { peer, address in
            peer.answer { request in
                guard let theirs = request as? Hello else { return nil }
                var hello = theirs
                if isProtocol { hello.protocol = 2 } else { hello.topic = "test2" }
                hello.received = theirs.time
                return Hello.encode(reply: hello)
            }
            try await alice.running { node in
                try alice.trust(peer.key, as: "raw", at: address)
                try await eventually("it was greeted") { peer.count(of: "hello") == 1 }
                // Writing needn't wait for somebody who can't have our log.
                _ = try await node.database.write([.name("a")])
                try await eventually("the greeting was looked at") {
                    try await node.network.peers().last?.lastSeen != nil
                }
                #expect(try await node.state(of: peer.key) == .connecting)
                #expect(peer.requests.count == 1)
            }
        }
    }

    @Test("an author that a peer doesn't take isn't pushed to it again before its next hello")
    func pushExclusion() async throws {
        let alice = try TestNode("alice")
        let zoe = try TestAuthors.signer("zoe").publicKey
        try alice.trust(zoe, as: "zoe", may: [.author])
        let time = ManualClock(NodeClock.system.now)
        let own = alice.identity.publicKey
        try await RawPeer.running { peer, address in
            @Sendable func pushed(_ author: PublicKey) -> Int {
                peer.requests.count { request in
                    guard let wires = (request as? PushMethod)?.deltas else { return false }
                    return wires.contains { (try? SignedDelta(decoding: $0).author) == author }
                }
            }
            peer.answer { request in
                guard let wires = (request as? PushMethod)?.deltas else { return nil }
                return PushMethod.encode(
                    reply: wires.map { wire in
                        let isOwn = (try? SignedDelta(decoding: wire).author) == own
                        return PushMethod.Result(
                            id: nil,
                            decision: isOwn ? "defer" : "accept",
                            reason: isOwn ? "unknownAuthor" : nil
                        )
                    }
                )
            }
            try await alice.running(clock: time.awakeClock) { node in
                _ = try await node.database.write([.name("a")])
                try alice.trust(peer.key, as: "raw", at: address)
                try await eventually("greeted") { peer.count(of: "news") > 0 }
                time.advance(2)
                await peer.wake()
                try await eventually("our own log was offered") { pushed(own) == 1 }
                let chain = try Deltas.chain(3, by: "zoe")
                for delta in chain {
                    _ = try await node.database.write([.name("b")])
                    _ = try await node.database.submit(delta.bytes)
                }
                try await eventually("what the peer takes is pushed on") { pushed(zoe) > 0 }
                #expect(pushed(own) == 1)
                time.advance(61)
                try await eventually("after the next hello it is offered again") {
                    await peer.wake()
                    return pushed(own) >= 2
                }
                #expect(peer.count(of: "hello") >= 2)
            }
        }
    }

    @Test("nothing is pushed to a peer that may write, but not connect")
    func pushNeedsConnect() async throws {
        let alice = try TestNode("alice")
        let time = ManualClock(NodeClock.system.now)
        try await RawPeer.running { peer, address in
            try await alice.running(clock: time.awakeClock) { node in
                _ = try await node.database.write([.name("a")])
                try alice.trust(peer.key, as: "raw", at: address, may: [.author])
                func round() async throws {
                    let asked = peer.count(of: "news")
                    time.advance(15)
                    try await eventually("another round") {
                        await peer.wake()
                        return peer.count(of: "news") > asked
                    }
                }
                try await eventually("greeted") { peer.count(of: "news") > 0 }
                for _ in 0..<6 { try await round() }
                #expect(peer.count(of: "push") == 0)
                // The same peer, once it may: what kept it out was that alone.
                try alice.trust(peer.key, as: "raw", at: address, may: [.author, .connect])
                try await eventually("it is pushed") {
                    time.advance(2)
                    await peer.wake()
                    return peer.count(of: "push") > 0
                }
            }
        }
    }

    @Test("a peer that withholds what it says it has keeps it from nobody who has another one")
    func withholding() async throws {
        let alice = try TestNode("alice")
        let bob = try TestNode("bob")
        let zoe = try TestAuthors.signer("zoe").publicKey
        for node in [alice, bob] { try node.trust(zoe, as: "zoe", may: [.author]) }
        let chain = try Deltas.chain(30, by: "zoe")
        let answer: RawPeer.Answer = { request in
            switch request {
            case let asked as HeadsMethod where asked.after == nil:
                HeadsMethod.encode(reply: .init(heads: [AuthorHead(author: zoe, id: chain[29].id)], more: false))
            case is NewsMethod:
                NewsMethod.encode(
                    reply: .init(heads: [AuthorHead(author: zoe, id: chain[29].id)], cursor: [1], more: false)
                )
            // The start again and again, as if that were all of it.
            case is PullMethod: PullMethod.encode(reply: .init(deltas: chain[..<3].map(\.bytes), more: false))
            default: nil
            }
        }
        try await RawPeer.running(answer: answer) { liar, address in
            try await alice.running { node in
                try alice.trust(liar.key, as: "liar", at: address)
                try await eventually("the liar was asked") { liar.count(of: "pull") > 0 }
                try await bob.running { honest in
                    for delta in chain { _ = try await honest.database.submit(delta.bytes) }
                    try bob.trust(alice)
                    try alice.trust(bob, at: honest.network.requestAddress)
                    try await eventually("all of it comes by the other one") { try await alice.log.count() == 30 }
                }
                #expect(node.database.ledger.counts(of: bob.identity.publicKey).accepted == 27)
            }
        }
    }

    @Test("a publication with another peer's key, or of a topic that merely begins like ours, isn't taken")
    func publications() async throws {
        let alice = try TestNode("alice")
        let zoe = try TestAuthors.signer("zoe")
        try alice.trust(zoe.publicKey, as: "zoe", may: [.author])
        let chain = try Deltas.chain(3, by: "zoe")
        try await RawPeer.running { peer, address in
            try await alice.running { node in
                try alice.trust(peer.key, as: "raw", at: address)
                try await eventually("connected") { try await node.state(of: peer.key) == .connected }
                try await eventually("subscribed: the right one is taken") {
                    await peer.publish(.deltas([chain[0].bytes]))
                    return try await alice.log.count() == 1
                }
                #expect(await node.metric("rhizome_bad_input_total") == 0)
                await peer.publish(.deltas([chain[1].bytes]), topic: "test2")
                await peer.publish(.deltas([chain[1].bytes]), topic: "testing")
                await peer.publish(.deltas([chain[1].bytes]), as: zoe.publicKey)
                try await eventually("the wrong key counts against the peer") {
                    await node.metric("rhizome_bad_input_total") == 1
                }
                await peer.publish([Array("test".utf8), peer.key.bytes.array])
                await peer.publish([Array("test".utf8), peer.key.bytes.array, Self.malformed])
                try await eventually("so do malformed ones") { await node.metric("rhizome_bad_input_total") == 3 }
                #expect(try await alice.log.count() == 1)
                await peer.publish(.deltas([chain[2].bytes]))
                try await eventually("the next right one is looked at") {
                    node.database.ledger.counts(of: peer.key).deferrals[.gap] == 1
                }
            }
        }
    }

    // MARK: - As the one who asks

    @Test("without hello of our protocol and topic nothing is answered but hello and errors")
    func helloFirst() async throws {
        let alice = try TestNode("alice")
        try await RawPeer.running { peer, _ in
            try alice.trust(peer.key, as: "raw")
            try await alice.running { node in
                _ = try await node.database.write([.name("a")])
                try await peer.connect(to: node)
                let requests: [any PeerMethod] = [
                    HeadsMethod(after: nil, limit: 1), NewsMethod(cursor: nil, limit: 1), PushMethod([]), PeersMethod(),
                    PullMethod(
                        PullRequest(author: node.database.identity, want: [], have: [], after: nil, maximumBytes: 1)
                    ),
                ]
                for (topic, version) in [("test2", 1), ("tes", 1), ("test", 2), ("", 1)] as [(Text, Int64)] {
                    for request in requests { #expect(try await peer.code(request.encoded) == .hello) }
                    try await peer.greet(topic: topic, version: version)
                }
                #expect(await node.metric("rhizome_bad_input_total") == 0)
                try await peer.greet()
                for request in requests { #expect(try await peer.code(request.encoded) == nil) }
                // A new connection has to greet anew.
                try await peer.connect(to: node)
                #expect(try await peer.code(PeersMethod().encoded) == .hello)
            }
        }
    }

    @Test("malformed requests are answered with their code, use up the credit, and the peer is turned away for 15 s")
    func turnedAway() async throws {
        let alice = try TestNode("alice")
        let time = ManualClock(NodeClock.system.now)
        try await RawPeer.running { peer, _ in
            try alice.trust(peer.key, as: "raw")
            try await alice.running(clock: time.awakeClock) { node in
                try await peer.connect(to: node)
                try await peer.greet()
                #expect(try await peer.code(Self.malformed) == .malformed)
                #expect(try await peer.code([0x80, 0x65] + Array("peers".utf8)) == .malformed)
                #expect(try await peer.code(CBORValue.array([.text("gossip")]).encoded) == .unknownMethod)
                #expect(await node.metric("rhizome_bad_input_total") == 3)
                // Messages of the wrong shape aren't answered at all.
                try await peer.send([[1, 2, 3], Self.malformed])
                try await peer.send([[UInt8](repeating: 0, count: 8)])
                try await eventually("they count") { await node.metric("rhizome_bad_input_total") == 5 }
                for _ in 0..<995 { try await peer.send([[UInt8](repeating: 0, count: 8)]) }
                try await eventually("the credit is used up") { node.database.ledger.isPenalised(peer.key) }
                try await eventually("its connection is gone: it is no more let in") {
                    node.network.refusedKeys().contains { $0.transportKey == peer.key.transportKey }
                }
                time.advance(16)
                try await peer.connect(to: node)
                #expect(try await peer.code(PeersMethod().encoded) == .hello)
                try await peer.greet()
                #expect(try await peer.code(PeersMethod().encoded) == nil)

                // What comes on a connection after that is dropped, and ends it.
                func refusals() -> Int {
                    node.network.refusedKeys().first { $0.transportKey == peer.key.transportKey }?.count ?? 0
                }
                let before = refusals()
                let dropped = await node.metric("rhizome_dropped_messages_total")
                node.database.ledger.charge(peer.key, pieces: 1_000)
                let asked = try await peer.request(PeersMethod().encoded)
                try await eventually("the request was dropped") {
                    await node.metric("rhizome_dropped_messages_total") > dropped
                }
                try await eventually("its connection is gone again") { refusals() > before }
                #expect(peer.reply(to: asked) == nil)
            }
        }
    }

    @Test("who is turned away loses its own connections, and nobody else's")
    func othersStay() async throws {
        let alice = try TestNode("alice")
        try await RawPeer.running { offender, _ in
            try await RawPeer.running { honest, _ in
                try alice.trust(offender.key, as: "raw")
                try alice.trust(honest.key, as: "honest")
                try await alice.running { node in
                    for peer in [offender, honest] {
                        try await peer.connect(to: node)
                        try await peer.greet()
                    }
                    try await eventually("it is turned away, and let in no more") {
                        _ = try await offender.trySending([[1], .init(repeating: 7, count: 7 << 20)])
                        return node.network.refusedKeys().contains { $0.transportKey == offender.key.transportKey }
                    }
                    #expect(node.database.ledger.isPenalised(offender.key))
                    // On another connection it would have to say hello first.
                    #expect(try await honest.code(PeersMethod().encoded) == nil)
                }
            }
        }
    }

    @Test("ten thousand replays by push are duplicates, told to nobody, and the node goes on")
    func replays() async throws {
        let alice = try TestNode("alice")
        let chain = try Deltas.chain(100, by: "zoe")
        try alice.trust(try TestAuthors.signer("zoe").publicKey, as: "zoe", may: [.author])
        try await RawPeer.running { peer, _ in
            try alice.trust(peer.key, as: "raw")
            try await alice.running { node in
                try await peer.connect(to: node)
                try await peer.subscribe(to: node)
                try await peer.greet()
                let push = PushMethod(chain.map(\.bytes)).encoded
                let first = try PushMethod.decode(reply: try await peer.ask(push))
                #expect(first.map(\.id) == chain.map(\.id) && first.allSatisfy { $0.decision == "accept" })
                for _ in 0..<100 {
                    let results = try PushMethod.decode(reply: try await peer.ask(push))
                    #expect(results.allSatisfy { $0.decision == "duplicate" && $0.reason == nil })
                }
                #expect(node.database.ledger.counts(of: peer.key).duplicate == 10_000)
                #expect(!node.database.ledger.isPenalised(peer.key))
                let own = try await node.database.write([.name("a")])
                try await eventually("our own write is published") {
                    peer.heard.contains { publication in
                        guard case .deltas(let wires) = publication else { return false }
                        return wires == own.map(\.delta.bytes)
                    }
                }
                // The heads of zoe's log at most twice: gathered for 50 ms, the latest only.
                #expect(peer.publications.count <= 3)
            }
        }
    }

    @Test("replies to nothing that was asked count against their sender, who is turned away when there are too many")
    func unasked() async throws {
        let alice = try TestNode("alice")
        try await RawPeer.running { peer, address in
            try await alice.running { node in
                try alice.trust(peer.key, as: "peer", at: address)
                try await eventually("alice asks for news") { peer.count(of: "news") > 0 }
                #expect(await node.metric("rhizome_bad_input_total") == 0)
                let body = HeadsMethod.encode(reply: .init(heads: [], more: false))
                try await peer.replyUnasked(body, times: 5)
                try await eventually("each is charged") { await node.metric("rhizome_bad_input_total") == 5 }
                #expect(!node.database.ledger.isPenalised(peer.key))
                try await eventually("the peer is turned away") {
                    try await peer.replyUnasked(body, times: 50)
                    return node.database.ledger.isPenalised(peer.key)
                }
                #expect(await node.metric("rhizome_bad_input_total") >= 1_000)
            }
        }
    }

    @Test("a message of too many frames is dropped unread and counts against its sender by its frames")
    func manyFrames() async throws {
        let alice = try TestNode("alice")
        try await RawPeer.running { peer, _ in
            try alice.trust(peer.key, as: "raw")
            try await alice.running { node in
                try await peer.connect(to: node)
                try await peer.greet()
                try await peer.send(.init(repeating: [1, 2, 3], count: 400))
                try await eventually("it counts") { await node.metric("rhizome_bad_input_total") >= 100 }
                #expect(await node.metric("rhizome_dropped_messages_total") == 1)
                #expect(try await peer.code(PeersMethod().encoded) == nil)
            }
        }
    }

    @Test("a large message that is no request counts against its sender by its bytes")
    func largeMessage() async throws {
        let alice = try TestNode("alice")
        try await RawPeer.running { peer, _ in
            try alice.trust(peer.key, as: "raw")
            try await alice.running { node in
                try await peer.connect(to: node)
                try await peer.greet()
                try await peer.send([[1], .init(repeating: 7, count: 3 << 20)])
                try await eventually("it counts") { await node.metric("rhizome_bad_input_total") >= 1 }
                #expect(await node.metric("rhizome_bad_input_total") == 1 + 48)
            }
        }
    }

    @Test("a subscription to anything but our topic counts against the peer, one to our topic doesn't")
    func subscriptions() async throws {
        let alice = try TestNode("alice")
        try await RawPeer.running { peer, _ in
            try alice.trust(peer.key, as: "raw")
            try await alice.running { node in
                // To all.
                try await peer.subscribe(to: node)
                try await eventually("it counts") { await node.metric("rhizome_bad_input_total") == 1 }
                try await peer.subscribe(to: [Array(peer.topic.utf8), [1, 2, 3]])
                try await eventually("only the second of these counts") {
                    await node.metric("rhizome_bad_input_total") == 2
                }
            }
        }
    }

    @Test("messages of too many frames make one line of the log, however many come")
    func manyMessagesOfManyFrames() async throws {
        let alice = try TestNode("alice")
        let records = LogRecords()
        try await RawPeer.running { peer, _ in
            try alice.trust(peer.key, as: "raw")
            try await alice.running(logger: records.logger) { node in
                try await peer.connect(to: node)
                try await peer.greet()
                for _ in 0..<50 { try await peer.send(.init(repeating: [1], count: 5)) }
                try await eventually("they count") { await node.metric("rhizome_bad_input_total") >= 50 }
            }
        }
        let told = records.records.filter { $0.text.contains("too many frames") }
        #expect(told.count == 1)
    }

    @Test("heads of an author whom we keep nothing of aren't told, and his log isn't given; pages go on behind him")
    func keepNone() async throws {
        let alice = try TestNode("alice")
        let labels = (0..<6).map { "author\($0)" }
        let keys = try labels.map { try TestAuthors.signer($0).publicKey }
        for (label, key) in zip(labels, keys) { try alice.trust(key, as: label, may: [.author]) }
        try await RawPeer.running { peer, _ in
            try alice.trust(peer.key, as: "raw")
            try await alice.running { node in
                for label in labels { _ = try await node.database.submit(try Deltas.make(label).bytes) }
                // All but the last by key.
                let last = try #require(keys.max())
                let hidden = keys.filter { $0 != last }
                try alice.journal.append(signedBy: alice.identity, now: alice.now) { _ in
                    hidden.map { .distrust($0, keep: .none) }
                }
                try await eventually("the list is in force") {
                    node.database.trust.standing(of: hidden[0], at: alice.now) == .distrusted(.none)
                }
                try await peer.connect(to: node)
                try await peer.greet()
                let reply = try await peer.ask(HeadsMethod(after: nil, limit: 1).encoded)
                let heads = try HeadsMethod.decode(reply: reply)
                #expect(heads.heads.map(\.author) == [last])
                let news = try NewsMethod.decode(reply: try await peer.ask(NewsMethod(cursor: nil, limit: 10).encoded))
                #expect(news.heads.map(\.author) == [last])
                let head = try #require(try await alice.log.heads(of: hidden[0]).first)
                let pull = PullRequest(author: hidden[0], want: [head.id], have: [], after: nil, maximumBytes: 1_000)
                let pulled = try PullMethod.decode(reply: try await peer.ask(PullMethod(pull).encoded))
                #expect(pulled.deltas.isEmpty && !pulled.more)
            }
        }
    }
}
