import Bytes
import DatabaseTesting
import Logging
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import Testing

@testable import RhizomeCore
@testable import RhizomeDatabase
@testable import RhizomeNode
@testable import RhizomePeering

/// Trust that is given, taken back or runs out while nodes run (spec: peering.md, identity.md).
@Suite(.timeLimit(.minutes(5))) struct TrustInMotionTests {
    @Test("trust that runs out cuts the connection, and what is written from then on stays out on both ways")
    func until() async throws {
        let alice = try TestNode("alice")
        let bob = try TestNode("bob")
        try await alice.running { first in
            try bob.trust(alice, at: first.network.requestAddress)
            try await bob.running { second in
                try alice.trust(bob)
                _ = try await first.database.write([.name("Alice")])
                try await eventually("bob holds it") { try await bob.log.count() == 1 }
                #expect(try await first.state(of: second.database.identity) == .connected)

                let end = alice.now + 4_000_000
                let entry = TrustChange.trust(
                    bob.identity.publicKey,
                    name: "bob",
                    addresses: [],
                    may: TrustChange.defaultPermissions,
                    until: end
                )
                try alice.state(entry)
                try await eventually("bob is cut off") {
                    try await second.state(of: first.database.identity) != .connected
                }
                let late = alice.now - end
                print("trust ran out; the connection was cut \(late) later")
                #expect((.zero..<Duration.seconds(20)).contains(late))
                _ = try await first.database.write([.name("Alicia")])
                let bobs = try await second.database.write([.name("Bob", of: "bob")])
                try await eventually("bob is refused") {
                    try await second.state(of: first.database.identity) == .waitingForTrust
                }
                #expect(try await bob.log.count() == 2)
                #expect(try await alice.log.count() == 2)
                // Not even where somebody else hands it in.
                let wire = try #require(bobs.first?.delta.bytes)
                #expect(try await first.database.submit(wire).decision == .reject(.distrusted))
            }
        }
    }

    @Test("who loses trust hears nothing more, even where it keeps its subscription open")
    func subscriberCut() async throws {
        let alice = try TestNode("alice")
        try await RawPeer.running { distrusted, _ in
            try await RawPeer.running { honest, _ in
                try alice.trust(distrusted.key, as: "raw")
                try alice.trust(honest.key, as: "honest")
                try await alice.running { node in
                    for peer in [distrusted, honest] { try await peer.subscribe(to: node) }
                    @Sendable func hears(_ peer: RawPeer, _ delta: StoredDelta?) -> Bool {
                        peer.heard.contains { publication in
                            guard case .deltas(let wires) = publication, let delta else { return false }
                            return wires.contains(delta.delta.bytes)
                        }
                    }
                    for peer in [distrusted, honest] {
                        try await eventually("both hear what is written") {
                            let written = try await node.database.write([.name("a")]).first
                            return hears(peer, written) || peer.publications.count > 3
                        }
                    }
                    try alice.state(.distrust(distrusted.key))
                    let start = ContinuousClock.now
                    // The other one's connection is cut with it, and comes back by itself.
                    try await eventually("the other one alone hears it") {
                        let written = try await node.database.write([.name("b")]).first
                        try await Task.sleep(for: .milliseconds(20))
                        return hears(honest, written) && !hears(distrusted, written)
                    }
                    print("who lost trust heard nothing more after \(ContinuousClock.now - start)")
                    let heard = distrusted.publications.count
                    for _ in 0..<10 {
                        let written = try await node.database.write([.name("c")]).first
                        try await eventually("the other one hears it") { hears(honest, written) }
                    }
                    #expect(distrusted.publications.count == heard)
                }
            }
        }
    }

    @Test("what a distrusted author signs isn't taken from anyone on any way, however old it claims to be")
    func distrustedAuthor() async throws {
        let carol = try TestNode("carol")
        let alice = try TestAuthors.signer("alice").publicKey
        try carol.trust(alice, as: "alice", may: [.author])
        let chain = try Deltas.chain(3, by: "alice")
        // Of before all she wrote, and one that follows what is held.
        let firstOfAll = try Deltas.make("alice", 7, at: 1)
        let next = try Deltas.make("alice", 8, after: [chain[2]])
        let late = [firstOfAll, next]
        let heads = late.map { AuthorHead(author: alice, id: $0.id) }
        try await RawPeer.running { bob, address in
            try await carol.running { node in
                for delta in chain { #expect(try await node.database.submit(delta.bytes).decision == .accept) }
                try carol.state(.distrust(alice))
                try await eventually("it is in force") {
                    if case .distrusted = node.database.trust.standing(of: alice, at: carol.now) { true } else { false }
                }
                bob.answer { request in
                    switch request {
                    case let asked as HeadsMethod where asked.after == nil:
                        HeadsMethod.encode(reply: .init(heads: heads.sorted { $0.id < $1.id }, more: false))
                    case is NewsMethod: NewsMethod.encode(reply: .init(heads: heads, cursor: [1], more: false))
                    case is PullMethod: PullMethod.encode(reply: .init(deltas: late.map(\.bytes), more: false))
                    default: nil
                    }
                }
                // Bob is trusted in everything.
                try carol.trust(bob.key, as: "bob", at: address)
                try await bob.connect(to: node)
                try await bob.greet()
                let reply = try await bob.ask(PushMethod(late.map(\.bytes)).encoded)
                let results = try PushMethod.decode(reply: reply)
                #expect(results.map(\.decision) == ["reject", "reject"])
                #expect(results.map(\.reason) == ["distrusted", "distrusted"])
                for delta in late {
                    #expect(try await node.database.submit(delta.bytes).decision == .reject(.distrusted))
                }
                let before = node.database.ledger.counts(of: bob.key).rejected
                try await eventually("it is published, and refused") {
                    await bob.publish(.deltas(late.map(\.bytes)))
                    return node.database.ledger.counts(of: bob.key).rejected > before
                }
                let asks = bob.count(of: "news")
                try await eventually("news of it is told") { bob.count(of: "news") > asks }
                #expect(bob.count(of: "pull") == 0)
                #expect(try await carol.log.count() == 3)
                #expect(try await carol.log.forks(of: alice, limit: 100).isEmpty)
                // Whoever hands it on is not to blame: it may trust whom it likes.
                #expect(await node.metric("rhizome_bad_input_total") == 0)
            }
        }
    }

    @Test("a log that was kept from peers, and isn't any more, is told to them at once")
    func revealed() async throws {
        let alice = try TestNode("alice")
        let bob = try TestNode("bob")
        let zoe = try TestAuthors.signer("zoe").publicKey
        for node in [alice, bob] { try node.trust(zoe, as: "zoe", may: [.author]) }
        try alice.trust(bob)
        try await alice.running { first in
            for delta in try Deltas.chain(3, by: "zoe") { _ = try await first.database.submit(delta.bytes) }
            try alice.state(.distrust(zoe, keep: .none))
            try await eventually("it is in force") {
                if case .distrusted = first.database.trust.standing(of: zoe, at: alice.now) { true } else { false }
            }
            try bob.trust(alice, at: first.network.requestAddress)
            try await bob.running { _ in
                let own = try await first.database.write([.name("a")])
                try await eventually("bob has compared and is told news") {
                    try await bob.log.contains(own.map(\.id)).count == 1
                }
                #expect(try await bob.log.count() == 1)
                // The subscription is up once something comes by it alone.
                try await Task.sleep(for: .seconds(1))
                try alice.state(.distrust(zoe))
                try await eventually("bob holds zoe's", within: .seconds(40)) { try await bob.log.count() == 4 }
            }
        }
    }

    @Test("deltas that waited for trust in their author are taken up when it is given, before anybody sends them again")
    func takenUp() async throws {
        let carol = try TestNode("carol")
        let alice = try TestAuthors.signer("alice").publicKey
        let chain = try Deltas.chain(20, by: "alice")
        try await carol.running { node in
            for delta in chain.shuffled() {
                #expect(try await node.database.submit(delta.bytes).decision == .defer(.unknownAuthor))
            }
            let start = ContinuousClock.now
            try carol.trust(alice, as: "alice", may: [.author])
            try await eventually("all are taken up", within: .seconds(20)) { try await carol.log.count() == 20 }
            print("20 deltas that had waited were taken up \(ContinuousClock.now - start) after trust was stated")
        }
    }

    @Test("who knocks and isn't known is logged once by did, however often, and strangers can't fill the log")
    func knocking() async throws {
        let alice = try TestNode("alice")
        let bob = try TestNode("bob")
        let records = LogRecords()
        try await alice.running(logger: records.logger) { first in
            try bob.trust(alice, at: first.network.requestAddress)
            try await bob.running { _ in
                try await eventually("he has knocked more than once", within: .seconds(100)) {
                    first.network.refusedKeys().contains { $0.count > 1 }
                }
                try await eventually("it is logged") {
                    records.records.contains { $0.text.contains(bob.identity.publicKey.did) }
                }
            }
            let told = records.records.filter { $0.text.contains(bob.identity.publicKey.did) }
            #expect(told.count == 1, "\(told)")
            #expect(told.first?.level == .notice)
        }
    }
}
