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

/// Links that are slow, cut or torn (spec: peering.md, "Catching up").
@Suite(.timeLimit(.minutes(30))) struct FaultyLinkTests {
    /// Alice and Bob, who goes to her through a proxy; she has no address of his.
    private static func withPair(
        _ change: @escaping @Sendable (inout TCPProxy.Conditions) -> Void,
        using generator: SeededGenerator = SeededGenerator(),
        before: @Sendable (TestNode, TestNode, Node) async throws -> Void = { _, _, _ in },
        _ body: @Sendable (Pair) async throws -> Void
    ) async throws {
        let alice = try TestNode("alice")
        let bob = try TestNode("bob")
        try alice.trust(bob)
        try await alice.running { first in
            try await before(alice, bob, first)
            try await TCPProxy.running(
                to: [first.network.requestAddress, first.network.publishAddress],
                using: generator
            ) { proxy in
                try await proxy.change(change)
                try bob.trust(alice, at: proxy.address)
                try await bob.running { second in
                    try await body(Pair(alice: alice, bob: bob, first: first, second: second, proxy: proxy))
                }
            }
        }
    }

    private struct Pair: Sendable {
        let alice, bob: TestNode
        let first, second: Node
        let proxy: TCPProxy

        func haveAll(_ count: Int64) async throws -> Bool { try await holds(count, alice.log, bob.log) }

        /// What both write is with both, a second way round too.
        func exchange(_ count: Int64) async throws {
            _ = try await first.database.write([.name("alice \(count)")])
            _ = try await second.database.write([.name("bob \(count)", of: "bob")])
            try await eventually("both hold \(count)", within: .seconds(100)) { try await haveAll(count) }
        }
    }

    @Test("over a link with 300 ms of delay each way two nodes connect, exchange and measure it")
    func delay() async throws {
        try await Self.withPair {
            $0.delay = .milliseconds(300)
        } _: { pair in
            try await pair.exchange(2)
            let start = ContinuousClock.now
            let written = try await pair.first.database.write([.name("again")])
            try await eventually("it came") { try await pair.bob.log.contains(written.map(\.id)).count == 1 }
            let took = ContinuousClock.now - start
            let roundTrip = try await pair.second.network.peers().last?.roundTripMicroseconds ?? 0
            print("300 ms each way: a delta in \(took), round trip \(roundTrip / 1000) ms")
            #expect(roundTrip >= 600_000)
        }
    }

    @Test("a link that passes byte after byte is slow, and nothing else")
    func trickle() async throws {
        try await Self.withPair {
            $0.isTrickling = true
        } _: { pair in
            let start = ContinuousClock.now
            try await pair.exchange(2)
            print("byte by byte: connected and exchanged in \(ContinuousClock.now - start), \(pair.proxy.counts)")
            #expect(await pair.first.metric("rhizome_bad_input_total") == 0)
            #expect(await pair.second.metric("rhizome_bad_input_total") == 0)
        }
    }

    @Test("connections cut in the middle of messages cost a new try, no delta and nobody's credit")
    func cutMidMessage() async throws {
        try await withSeedAsync { generator in
            let seed = generator.seed
            let count = 1_000
            // A handshake takes about 700 bytes, the log half a million.
            try await Self.withPair({ $0.cutAfter = 200...60_000 }, using: generator) { alice, _, first in
                _ = try await first.database.write(
                    (0..<count).map { .name("\($0) " + String(repeating: "x", count: 200)) }
                )
                #expect(try await alice.log.count() == Int64(count))
            } _: { pair in
                let enough = TestSchedule.rounds(5, soak: 25)
                try await eventually("connections are cut", within: .seconds(100 * Int64(enough) / 5)) {
                    pair.proxy.counts.cut >= enough
                }
                let cut = pair.proxy.counts.cut
                try await pair.proxy.change { $0.cutAfter = nil }
                let start = ContinuousClock.now
                try await eventually("all is there", within: .seconds(100)) { try await pair.haveAll(Int64(count)) }
                print("\(cut) cuts; all there \(ContinuousClock.now - start) after the last, seed \(seed)")
                #expect(await pair.first.metric("rhizome_bad_input_total") == 0)
                #expect(await pair.second.metric("rhizome_bad_input_total") == 0)
                try await pair.exchange(Int64(count + 2))
            }
        }
    }

    @Test(
        "what both sides wrote while they were parted is with both once they aren't, however they were parted",
        arguments: [TCPProxy.Conditions.Way.closed, .silent]
    )
    func partition(way: TCPProxy.Conditions.Way) async throws {
        try await Self.withPair { _ in
        } _: { pair in
            try await pair.exchange(2)
            for round in 1...TestSchedule.rounds(2, soak: 20) {
                let before = try await pair.alice.log.count()
                try await pair.proxy.change { $0.way = way }
                _ = try await pair.first.database.write((0..<10).map { .name("alice \(round) \($0)") })
                _ = try await pair.second.database.write((0..<10).map { .name("bob \(round) \($0)", of: "bob") })
                try await Task.sleep(for: .milliseconds(500))
                #expect(try await pair.alice.log.count() == before + 10)
                #expect(try await pair.bob.log.count() == before + 10)
                try await pair.proxy.change { $0.way = .open }
                let start = ContinuousClock.now
                try await eventually("both hold all of round \(round)", within: .seconds(100)) {
                    try await pair.haveAll(before + 20)
                }
                print("\(way): healed in \(ContinuousClock.now - start)")
            }
            for log in [pair.alice.log, pair.bob.log] {
                for author in try await log.authors() {
                    #expect(try await log.forks(of: author.author, limit: 100).isEmpty)
                }
            }
        }
    }

    @Test("a peer that lost its way to us, but not we ours to it, gets what we write within seconds")
    func oneWay() async throws {
        try await Self.withPair { _ in
        } _: { pair in
            try pair.alice.trust(pair.bob, at: pair.second.network.requestAddress)
            try await pair.exchange(2)
            try await eventually("alice has reached bob too") {
                try await pair.first.state(of: pair.second.database.identity) == .connected
            }
            // By then the first look at what bob lacks is over: he asks by himself.
            try await Task.sleep(for: .seconds(3))
            try await pair.proxy.change { $0.way = .closed }
            _ = try await pair.first.database.write([.name("alice, unheard")])
            try await eventually("bob holds it", within: .seconds(20)) { try await pair.haveAll(3) }
            // The other way round bob, who is asked by alice, gives her his.
            _ = try await pair.second.database.write([.name("bob", of: "bob")])
            try await eventually("alice holds his", within: .seconds(40)) { try await pair.haveAll(4) }
            #expect(try await pair.second.state(of: pair.first.database.identity) == .connected)
        }
    }

    @Test(
        "a peer that vanished without a word is found missing, and is back as soon as it answers again",
        .enabled(if: TestSchedule.isSoak, "takes minutes; part of the soak")
    )
    func vanished() async throws {
        try await Self.withPair { _ in
        } _: { pair in
            try await pair.exchange(2)
            try await pair.proxy.change { $0.way = .silent }
            // News is asked for every 10 s, and an answer waited for as long as a page may take.
            try await eventually("it is missed", within: .seconds(200)) {
                try await pair.second.state(of: pair.first.database.identity) != .connected
            }
            try await pair.proxy.change { $0.way = .open }
            try await pair.exchange(4)
        }
    }
}
