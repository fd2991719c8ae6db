import Bytes
import RhizomeIdentity
import RhizomeTesting
import Testing

@testable import RhizomeCore
@testable import RhizomeNode

/// Clocks that are a day off (spec: admission.md, "Clocks").
@Suite(.timeLimit(.minutes(5))) struct ClockFaultTests {
    private static let day: Int64 = 86_400_000_000

    private static func clock(off microseconds: Int64) -> NodeClock {
        let system = NodeClock.system
        return NodeClock(
            wallMicroseconds: { system.now + microseconds },
            monotonicMicroseconds: { system.uptime }
        )
    }

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
            try alice.trust(bob, at: second.requestAddress)
            _ = try await second.write([.name("Bob")])
            try await alice.running(clock: Self.clock(off: Self.day), logger: records.logger) { first in
                try await eventually("alice holds bob's") { try await alice.log.count() == 1 }
                _ = try await first.write([.name("Alice")])
                try await eventually("it waits at bob") {
                    second.ledger.counts(of: alice.identity.publicKey).deferrals[.future] ?? 0 > 0
                }
                try await eventually("alice is warned") {
                    records.records.contains { $0.text.contains("this clock is off") }
                }
                let offset = try await first.peers().last?.clockOffsetMicroseconds ?? 0
                print("a clock 24 h ahead sees bob's \(offset / 1_000_000) s off")
                #expect(abs(offset + Self.day) < 60_000_000)
                // Later words of right clocks go on counting where clocks are right.
                _ = try await second.write([.name("Bobby")])
                try await eventually("alice holds it") { try await alice.log.count() == 3 }
                #expect(try await bob.log.count() == 2)
            }
            try await alice.running { first in
                let error = await #expect(throws: WriteError.self) { try await first.write([.name("Alice")]) }
                #expect(error?.code == .clock)
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
            try alice.trust(bob, at: second.requestAddress)
            _ = try await second.write([.name("Bob")])
            try await alice.running(clock: Self.clock(off: -Self.day)) { first in
                try await eventually("bob's waits at alice") {
                    first.ledger.counts(of: bob.identity.publicKey).deferrals[.future] ?? 0 > 0
                }
                _ = try await first.write([.name("Alice")])
                try await eventually("bob holds hers") { try await bob.log.count() == 2 }
                #expect(try await alice.log.count() == 1)
            }
            try await alice.running { _ in
                try await eventually("alice holds both") { try await alice.log.count() == 2 }
            }
        }
    }
}
