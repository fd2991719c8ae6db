import Bytes
import DatabaseTesting
import PrometheusMetrics
import RhizomeCore
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import Sodium
import Testing

@testable import RhizomeDatabase

/// Credit, counts and numbers of peers.
@Suite struct PeerLedgerTests {
    private let peer: PublicKey

    init() throws {
        try SodiumLibrary.initialize()
        peer = try TestAuthors.signer("peer").publicKey
    }

    // MARK: - Credit

    /// A credit that expectations may change.
    private final class Credit {
        private var value: PeerCredit
        init(now: Uptime = 0) { value = PeerCredit(now: now) }
        func charge(_ pieces: Int, now: Uptime) -> Bool { value.charge(pieces, now: now) }
        func isPenalised(now: Uptime) -> Bool { value.isPenalised(now: now) }
        var penalisedUntil: Uptime { value.penalisedUntil }
    }

    @Test("a peer has 1,000 pieces of bad input, refilled at 10 a second")
    func credit() {
        let credit = Credit()
        for _ in 0..<999 { #expect(!credit.charge(1, now: 0)) }
        #expect(!credit.isPenalised(now: 0))
        // A tenth of a second is one piece.
        #expect(!credit.charge(1, now: 100_000))
        #expect(!credit.isPenalised(now: 100_000))
        #expect(credit.charge(1, now: 100_000))
        #expect(credit.isPenalised(now: 100_000))
    }

    @Test("ten pieces a second are never penalised, eleven are in the end", arguments: [10, 11])
    func rate(pieces: Int) {
        let credit = Credit()
        var penalised = false
        for second in 1...2_000 where credit.charge(pieces, now: Uptime(microseconds: Int64(second) * 1_000_000)) {
            penalised = true
        }
        #expect(penalised == (pieces > 10))
    }

    @Test("the penalty is 15 s, doubling to 10 min, and 15 s again once the credit was full")
    func penalties() {
        let credit = Credit()
        var now: Uptime = 0
        for seconds: Int64 in [15, 30, 60, 120, 240, 480, 600, 600] {
            #expect(credit.charge(1_000, now: now))
            #expect(!credit.charge(5_000, now: now), "one penalty at a time")
            #expect(credit.isPenalised(now: now + seconds * 1_000_000 - 1))
            #expect(!credit.isPenalised(now: now + seconds * 1_000_000))
            // The credit is full by then, where the penalty was long: that is no merit of the peer's.
            now += seconds * 1_000_000
        }
        now += 100_000_000
        #expect(!credit.charge(1, now: now))
        #expect(credit.charge(1_000, now: now))
        #expect(credit.penalisedUntil == now + 15_000_000)
    }

    @Test("a clock that seems to go back gives no credit and doesn't trap")
    func creditAndClock() {
        let credit = Credit(now: Uptime(microseconds: .max / 4))
        #expect(!credit.charge(500, now: 0))
        #expect(!credit.charge(499, now: -5))
        #expect(credit.charge(Int.max, now: 0))
    }

    // MARK: - The ledger

    @Test(
        "what is rejected as limit, malformed, signature or bodyMismatch counts against the sender, nothing else does"
    )
    func ledger() {
        let registry = PrometheusRegistry(Database.metricTable)
        let ledger = PeerLedger(clock: ManualClock().clock, metrics: DatabaseMetrics(registry)) { _ in }
        var bad = 0.0
        let decisions: [Decision] =
            Rejection.allCases.map { .reject($0) } + Deferral.allCases.map { .defer($0) } + [.accept, .duplicate]
        for decision in decisions {
            ledger.count(decision, from: peer)
            switch decision {
            case .reject(.limit), .reject(.malformed), .reject(.signature), .reject(.bodyMismatch): bad += 1
            default: break
            }
            #expect(registry.text.metric("rhizome_bad_input_total") == bad, "\(decision)")
            ledger.count(decision, from: nil)
            #expect(registry.text.metric("rhizome_bad_input_total") == bad, "local input is charged to nobody")
        }
        #expect(ledger.counts(of: peer) == ledger.counts(of: nil))
        #expect(ledger.counts(of: peer).rejected == Int64(Rejection.allCases.count))
        #expect(ledger.counts(of: peer).deferred == Int64(Deferral.allCases.count))
        #expect(ledger.counts(of: peer).accepted == 1 && ledger.counts(of: peer).duplicate == 1)
        #expect(bad == 4)
    }

    @Test("a peer whose credit is used up is told of once, turned away, and let in again")
    func turnedAway() async throws {
        let bench = try IntakeBench()
        let garbage = [[UInt8]](repeating: [0], count: 400)
        for _ in 0..<2 { try await bench.submit(garbage, from: peer) }
        #expect(!bench.ledger.isPenalised(peer))
        for _ in 0..<3 { try await bench.submit(garbage, from: peer) }
        #expect(bench.ledger.isPenalised(peer))
        #expect(bench.penalised == [peer])
        bench.time.advance(15)
        #expect(!bench.ledger.isPenalised(peer))
        #expect(try await bench.submit(try Deltas.make(), from: peer) == .accept)
    }

    @Test("ten thousand replays cost a look-up each, and no credit")
    func replays() async throws {
        let bench = try IntakeBench()
        let chain = try Deltas.chain(10)
        try await bench.submit(chain.map(\.bytes), from: peer)
        for _ in 0..<1_000 {
            #expect(try await bench.submit(chain.map(\.resigned), from: peer).allSatisfy { $0 == .duplicate })
        }
        #expect(bench.ledger.counts(of: peer).duplicate == 10_000)
        #expect(!bench.ledger.isPenalised(peer))
        #expect(bench.accepted.count == 10)
        #expect(try await bench.log.count() == 10)
    }

    @Test("metrics have one number for each decision and reason, and for peers of the list alone, by petname")
    func metrics() throws {
        let owner = try Identity.generate()
        var list = TrustList(owner: owner.publicKey)
        let registry = PrometheusRegistry(Database.metricTable)
        let metrics = DatabaseMetrics(registry)
        func trust(_ key: PublicKey, _ name: String) throws {
            _ = try list.apply(.trust(key, name: name), signedBy: owner, now: 1_000_000)
            metrics.keep(list)
        }
        let decisions = 2 + Rejection.allCases.count + Deferral.allCases.count
        #expect(
            registry.text.split(separator: "\n").count { $0.hasPrefix("rhizome_deltas_decided_total{") } == decisions
        )

        let friend = try TestAuthors.signer("friend").publicKey
        try trust(friend, "carol")
        #expect(!registry.text.contains("carol"), "who does nothing costs nothing")
        metrics.decided(.reject(.chain), times: 2, from: friend)
        metrics.decided(.accept, times: 1, from: peer)
        metrics.badInput(3, from: peer)
        #expect(registry.text.contains("{decision=\"reject\",reason=\"chain\"} 2\n"))
        #expect(registry.text.contains("rhizome_peer_deltas_total{peer=\"carol\",decision=\"reject\"} 2\n"))
        let peers = registry.text.split(separator: "\n").filter { $0.contains("{peer=") }
        #expect(peers.allSatisfy { $0.contains("carol") }, "a peer that isn't in the list has no numbers of its own")
        try trust(friend, "caroline")
        #expect(!registry.text.contains("carol"))
        metrics.decided(.accept, times: 1, from: friend)
        #expect(registry.text.contains("rhizome_peer_deltas_total{peer=\"caroline\",decision=\"accept\"} 1\n"))
    }
}
