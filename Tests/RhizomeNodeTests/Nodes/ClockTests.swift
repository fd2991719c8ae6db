import Bytes
import Logging
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import Testing

@testable import RhizomeDatabase
@testable import RhizomeNode
@testable import RhizomePeering

/// Clocks of nodes that are off (spec: admission.md, "Clocks").
@Suite struct ClockTests {
    /// A clock that is ahead of the system's.
    private func clock(aheadBy seconds: Int64) -> NodeClock {
        NodeClock(now: { SystemTime.now + .seconds(seconds) })
    }

    private func warnings(_ records: LogRecords) -> Int {
        records.records.count { $0.level == .warning && $0.text.contains("this clock is off") }
    }

    /// By how many seconds a node sees its peers ahead, as far as it has measured.
    private func offsets(_ node: Node) async throws -> [Int64] {
        try await node.network.peers().dropFirst().compactMap { peer in
            guard let offset = peer.clockOffsetMicroseconds, let roundTrip = peer.roundTripMicroseconds else {
                return nil
            }
            #expect((0..<60_000_000).contains(roundTrip))
            return Int64((Double(offset) / 1_000_000).rounded())
        }
    }

    @Test("each peer's offset and round trip are told; whose clock is the odd one out is warned, the others aren't")
    func oddOneOut() async throws {
        let (alice, bob, carol) = try (TestNode("alice"), TestNode("bob"), TestNode("carol"))
        for node in [alice, bob, carol] {
            for other in [alice, bob, carol] where other !== node { try node.trust(other) }
        }
        let (hers, his) = (LogRecords(), LogRecords())
        // A day, as where a clock was set to the wrong date.
        let ahead: Int64 = 86_400
        try await bob.running(logger: his.logger) { second in
            try await carol.running { third in
                try bob.trust(carol, at: third.network.requestAddress)
                try await eventually("bob has measured carol") { try await offsets(second).count == 1 }
                try await alice.running(clock: clock(aheadBy: ahead), logger: hers.logger) { first in
                    try bob.trust(alice, at: first.network.requestAddress)
                    try alice.trust(bob, at: second.network.requestAddress)
                    try alice.trust(carol, at: third.network.requestAddress)
                    try await eventually("all have measured") {
                        let counts = [try await offsets(first).count, try await offsets(second).count]
                        return counts == [2, 2]
                    }
                    // A slow machine's round trip bounds the error.
                    for offset in try await offsets(first) { #expect(abs(offset + ahead) < 30) }
                    for (offset, right) in zip(try await offsets(second).sorted(), [0, ahead]) {
                        #expect(abs(offset - right) < 30)
                    }
                    try await eventually("alice is warned") { warnings(hers) == 1 }
                    let text = hers.records.first { $0.text.contains("this clock is off") }?.text
                    #expect(text?.contains("timedatectl") == true)
                    // Bob has looked as well by now, and later he looks at the same.
                    #expect(warnings(his) == 0)
                }
            }
        }
    }

    @Test("clocks that are off by less than a minute are nobody's worry")
    func close() async throws {
        let alice = try TestNode("alice")
        let bob = try TestNode("bob")
        let records = LogRecords()
        try alice.trust(bob)
        try await alice.running { first in
            try bob.trust(alice, at: first.network.requestAddress)
            try await bob.running(clock: clock(aheadBy: 20), logger: records.logger) { second in
                try await eventually("bob has measured") {
                    try await second.network.peers().last?.clockOffsetMicroseconds != nil
                }
                // Two looks of the watch, which looks once a second.
                try await Task.sleep(for: .seconds(2.5))
                #expect(warnings(records) == 0)
            }
        }
    }
}
