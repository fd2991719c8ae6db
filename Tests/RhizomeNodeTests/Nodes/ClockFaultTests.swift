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

/// Clocks that are a day off (spec: admission.md, "Clocks").
@Suite(.timeLimit(.minutes(5))) struct ClockFaultTests {
    private static let day = Duration.seconds(86_400)

    private static func clock(off: Duration) -> NodeClock { NodeClock(now: { SystemTime.now + off }) }

    @Test(
        "what a clock a day ahead wrote waits elsewhere, its node is warned, and set right it can't write and says why"
    )
    func ahead() async throws {
        let alice = try TestNode("alice")
        let bob = try TestNode("bob")
        let records = LogRecords()
        try alice.trust(bob)
        try await bob.running { second in
            try bob.trust(alice)
            try alice.trust(bob, at: second.network.requestAddress)
            _ = try await second.database.write([.name("Bob")])
            try await alice.running(clock: Self.clock(off: Self.day), logger: records.logger) { first in
                try await eventually("alice holds bob's") { try await alice.log.count() == 1 }
                _ = try await first.database.write([.name("Alice")])
                try await eventually("it waits at bob") {
                    second.database.ledger.counts(of: alice.identity.publicKey).deferrals[.future] ?? 0 > 0
                }
                try await eventually("alice is warned") {
                    records.records.contains { $0.text.contains("this clock is off") }
                }
                let offset = try await first.network.peers().last?.clockOffsetMicroseconds ?? 0
                print("a clock 24 h ahead sees bob's \(offset / 1_000_000) s off")
                #expect(abs(offset + Self.day.microseconds) < 60_000_000)
                // Later words of right clocks go on counting where clocks are right.
                _ = try await second.database.write([.name("Bobby")])
                try await eventually("alice holds it") { try await alice.log.count() == 3 }
                #expect(try await bob.log.count() == 2)
            }
            try await alice.running { first in
                let error = await #expect(throws: WriteError.self) { try await first.database.write([.name("Alice")]) }
                #expect(error?.code == .clock)
                let writableAt = try #require(error?.writableAt)
                let wait = writableAt - first.database.clock.now
                #expect((Self.day - .seconds(600)..<Self.day + .seconds(600)).contains(wait))
                #expect(first.database.writeError?.writableAt == writableAt)
            }
            #expect(try await bob.log.count() == 2)
        }
    }

    @Test("with a clock a day behind others' deltas wait, and all is taken up once it is right")
    func behind() async throws {
        let alice = try TestNode("alice")
        let bob = try TestNode("bob")
        try alice.trust(bob)
        try await bob.running { second in
            try bob.trust(alice)
            try alice.trust(bob, at: second.network.requestAddress)
            _ = try await second.database.write([.name("Bob")])
            try await alice.running(clock: Self.clock(off: .zero - Self.day)) { first in
                try await eventually("bob's waits at alice") {
                    first.database.ledger.counts(of: bob.identity.publicKey).deferrals[.future] ?? 0 > 0
                }
                _ = try await first.database.write([.name("Alice")])
                try await eventually("bob holds hers") { try await bob.log.count() == 2 }
                #expect(try await alice.log.count() == 1)
            }
            try await alice.running { _ in
                try await eventually("alice holds both") { try await alice.log.count() == 2 }
            }
        }
    }

    @Test(
        "what is ahead of the clock arrives when it is due, though who brought it first fills its share of the waiting ones, or everybody does",
        arguments: [false, true]
    )
    func due(isEvicted: Bool) async throws {
        let alice = try TestNode("alice")
        let zoe = try TestAuthors.signer("zoe").publicKey
        try alice.trust(zoe, as: "zoe", may: [.author])
        let offset = Lock(Duration.zero)
        let clock = NodeClock(now: { SystemTime.now + offset.withLock { $0 } })
        let due = SystemTime.now + Self.day
        let early = try Deltas.make("zoe", at: due + DeltaLimits.ahead)
        let stranger = try Deltas.make("stranger")
        let junk = PushMethod((0..<1_300).map { stranger.resigned($0) }).encoded
        let others = PushMethod((1_300..<2_600).map { stranger.resigned($0) }).encoded
        try await RawPeer.running { liar, _ in
            try await RawPeer.running { honest, address in
                try alice.trust(liar.key, as: "liar")
                try alice.trust(honest.key, as: "honest", at: address)
                try await alice.running(clock: clock) { node in
                    for peer in [liar, honest] {
                        try await peer.connect(to: node)
                        try await peer.greet()
                    }
                    _ = try await liar.ask(PushMethod([early.bytes]).encoded)
                    honest.answer {
                        if $0 is PullMethod {
                            PullMethod.encode(reply: .init(deltas: [early.bytes], more: false))
                        } else {
                            nil
                        }
                    }
                    func pulls() -> Int { honest.count(of: "pull") }
                    try await eventually("the honest one is asked for it as well") {
                        await honest.publish(.heads([AuthorHead(author: zoe, id: early.id)]))
                        return node.database.ledger.counts(of: honest.key).deferrals == [.future: 1]
                    }
                    _ = try await liar.ask(junk)
                    if isEvicted { _ = try await honest.ask(others) }
                    #expect(await node.metric("rhizome_deferred_deltas") == (isEvicted ? 2_500 : 1_251))
                    #expect(try await alice.log.count() == 0)
                    let asked = pulls()
                    offset.withLock { $0 = Self.day }
                    try await eventually("it is held once it is due") { try await alice.log.count() == 1 }
                    if isEvicted { #expect(pulls() > asked) }
                }
            }
        }
    }
}
