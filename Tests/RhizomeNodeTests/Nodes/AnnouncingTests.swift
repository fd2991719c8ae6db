import Bytes
import DatabaseTesting
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import Testing

@testable import RhizomeCore
@testable import RhizomeDatabase
@testable import RhizomeNode
@testable import RhizomePeering

/// Who is told that a log has grown, and how it is noticed that a publication went past one (spec: peering.md,
/// "Publications").
@Suite(.timeLimit(.minutes(5))) struct AnnouncingTests {
    /// The authors whose heads were told of.
    private static func authors(_ publications: some Sequence<Publication.Content>) -> [PublicKey] {
        publications.flatMap { publication -> [PublicKey] in
            guard case .heads(let heads) = publication else { return [] }
            return heads.map(\.author)
        }
    }

    @Test("in a mesh whose nodes know who is connected with whom each write is published by its author alone")
    func mesh() async throws {
        let nodes = try (0..<5).map { try TestNode("node\($0)") }
        try await RawPeer.running { listener, _ in
            for node in nodes { try node.trust(listener.key, as: "listener") }
            try await TestNode.running(nodes) { running in
                for (place, node) in nodes.enumerated() {
                    for (other, peer) in nodes.enumerated() where other != place {
                        try node.trust(peer, at: running[other].network.requestAddress)
                    }
                }
                // It hears what all publish, and counts as connected with nobody: it says nothing.
                var count: Int64 = 0
                for node in running {
                    try await listener.subscribe(to: node)
                    let before = listener.heard.count
                    try await eventually("its subscription is up") {
                        _ = try await node.database.write([.name("a")])
                        count += 1
                        return listener.heard.count > before
                    }
                }
                try await eventually("nothing but own deltas is published any more", within: .seconds(120)) {
                    let before = listener.heard.count
                    for (round, node) in running.enumerated() {
                        _ = try await node.database.write([.name("\(round)")])
                    }
                    count += Int64(nodes.count)
                    let expected = count
                    try await eventually("all hold all") {
                        for node in nodes where try await node.log.count() != expected { return false }
                        return true
                    }
                    // Connections that end because trust was given take what is published meanwhile with them.
                    for _ in 0..<200 where listener.heard.count < before + nodes.count {
                        try await Task.sleep(for: .milliseconds(10))
                    }
                    guard listener.heard.count >= before + nodes.count else { return false }
                    return Self.authors(listener.heard.dropFirst(before)).isEmpty
                }
            }
        }
    }

    @Test("who claims to be everybody's neighbour isn't told, and keeps nothing from who doesn't say so")
    func claims() async throws {
        let alice = try TestNode("alice")
        let zoe = try TestAuthors.signer("zoe").publicKey
        try alice.trust(zoe, as: "zoe", may: [.author])
        // Zoe is nobody's neighbour but the liar's, who says that everybody is.
        let claim: RawPeer.Answer = { request in
            request is PeersMethod
                ? PeersMethod.encode(reply: [.init(identity: zoe, request: nil, name: "zoe")]) : nil
        }
        try await RawPeer.running(answer: claim) { liar, liarAddress in
            try await RawPeer.running { reader, readerAddress in
                try await alice.running { node in
                    try await liar.subscribe(to: node)
                    try alice.trust(liar.key, as: "liar", at: liarAddress)
                    try await eventually("the liar was asked") {
                        liar.count(of: "peers") > 0 && liar.count(of: "news") > 0
                    }
                    var chain = try Deltas.chain(100, by: "zoe")[...]
                    try await eventually("its subscription is up") {
                        _ = try await node.database.write([.name("a")])
                        return !liar.heard.isEmpty
                    }
                    _ = try await node.database.submit(chain.removeFirst().bytes)
                    // What is written long after it comes after it.
                    try await Task.sleep(for: .milliseconds(100))
                    let own = try await node.database.write([.name("a")])
                    try await eventually("our own write is published") {
                        liar.heard.contains { if case .deltas(own.map(\.delta.bytes)) = $0 { true } else { false } }
                    }
                    #expect(Self.authors(liar.heard) == [], "nobody else is there")

                    try alice.trust(reader.key, as: "reader", at: readerAddress)
                    try await eventually("the reader was asked") { reader.count(of: "peers") > 0 }
                    try await reader.subscribe(to: node)
                    try await eventually("it is told of zoe's log") {
                        // Its subscription may not be up yet.
                        if let next = chain.popFirst() { _ = try await node.database.submit(next.bytes) }
                        try await Task.sleep(for: .milliseconds(100))
                        return Self.authors(reader.heard).contains(zoe)
                    }
                }
            }
        }
    }

    @Test("a number that is missing, comes again or starts over is asked about at once, one that runs on is not")
    func numbers() async throws {
        let alice = try TestNode("alice")
        let time = ManualClock(NodeClock.system.now)
        let authors = try (0..<10).map { try TestAuthors.signer("author \($0)").publicKey }
        for (number, author) in authors.enumerated() { try alice.trust(author, as: "author-\(number)", may: [.author]) }
        try await RawPeer.running { peer, address in
            try await alice.running(clock: time.awakeClock) { node in
                try alice.trust(peer.key, as: "raw", at: address)
                var unused = authors[...]
                try await eventually("greeted") { peer.count(of: "news") > 0 }
                try await eventually("the subscription is up") {
                    time.advance(2)
                    await peer.publish(.heads([]), number: 4)
                    return peer.count(of: "news") > 2
                }
                /// How often news is asked for because of these, by a clock that stands still but for two seconds.
                func asked(_ numbers: [Int64?]) async throws -> Int {
                    time.advance(2)
                    let before = peer.count(of: "news")
                    let author = unused.removeFirst()
                    let head = AuthorHead(author: author, id: DeltaID(.init(repeating: 7)))
                    for number in numbers { await peer.publish(.heads([]), number: number) }
                    // What comes after them and is asked for tells that they were looked at; others may be asked for again.
                    await peer.publish(.heads([head]), number: (numbers.last ?? nil).map { $0 + 1 })
                    try await eventually("all were looked at") {
                        peer.requests.contains { ($0 as? PullMethod)?.request.author == author }
                    }
                    return peer.count(of: "news") - before
                }
                // What the ones before gave rise to is asked for with this.
                _ = try await asked([5])
                _ = try await asked([7])
                #expect(try await asked([9, 10]) == 0)
                #expect(try await asked([13]) == 1, "12 is missing")
                #expect(try await asked([14]) == 1, "it comes again")
                #expect(try await asked([0]) == 1, "it starts over")
                #expect(try await asked([2, 3]) == 0)
                #expect(try await asked([90, 1, .max - 1, 4, 77]) == 1, "once a second at most")
                // Those that didn't come together are asked about once more a second later.
                _ = try await asked([79])
                #expect(try await asked([nil, nil]) == 0, "without numbers nothing is missing")
            }
        }
    }

    @Test("who loses a neighbour is told of its log by the others within seconds")
    func lostNeighbour() async throws {
        let nodes = try ["alice", "bob", "carol"].map { try TestNode($0, at: LoopbackHost.next()) }
        for node in nodes { for other in nodes where other !== node { try node.trust(other) } }
        let (alice, bob, carol) = (nodes[0], nodes[1], nodes[2])
        try await TCPProxy.running(to: alice.addresses) { proxy in
            // Carol goes to Alice, who can't come to her; both go to Bob, and he to them.
            try carol.trust(alice, at: proxy.address)
            try carol.trust(bob, at: bob.addresses[0])
            try alice.trust(bob, at: bob.addresses[0])
            try bob.trust(alice, at: alice.addresses[0])
            try bob.trust(carol, at: carol.addresses[0])
            try await TestNode.running(nodes) { running in
                _ = try await running[0].database.write([.name("before")])
                try await eventually("all hold it") { try await holds(1, alice.log, bob.log, carol.log) }
                try await eventually("carol is connected with alice") {
                    try await running[2].state(of: alice.identity.publicKey) == .connected
                }
                try await proxy.change { $0.way = .closed }
                try await eventually("she isn't any more") {
                    try await running[2].state(of: alice.identity.publicKey) != .connected
                }
                var count: Int64 = 1
                // Until Bob knows, what Alice writes comes as news; from then on he tells of it.
                try await eventually("it comes by Bob at once", within: .seconds(200)) {
                    let start = ContinuousClock.now
                    _ = try await running[0].database.write([.name("after")])
                    count += 1
                    let expected = count
                    try await eventually("carol holds it", within: .seconds(90)) {
                        try await carol.log.count() == expected
                    }
                    return ContinuousClock.now - start < .seconds(2)
                }
            }
        }
    }
}
