import Bytes
import PrometheusMetrics
import RhizomeCore
import RhizomeIdentity
import RhizomeTesting
import SignedLog
import Sodium
import Testing

@testable import RhizomeNode

/// Credit, counts, clocks and waits: values and small boxes.
@Suite struct PeerStateTests {
    private let peer: PublicKey

    init() throws {
        try SodiumLibrary.initialize()
        peer = try TestAuthors.signer("peer").publicKey
    }

    // MARK: - Credit

    /// A credit that expectations may change.
    private final class Credit {
        private var value: PeerCredit
        init(now: Int64 = 0) { value = PeerCredit(now: now) }
        func charge(_ pieces: Int, now: Int64) -> Bool { value.charge(pieces, now: now) }
        func isPenalised(now: Int64) -> Bool { value.isPenalised(now: now) }
        var penalisedUntil: Int64 { value.penalisedUntil }
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
        for second in 1...2_000 where credit.charge(pieces, now: Int64(second) * 1_000_000) { penalised = true }
        #expect(penalised == (pieces > 10))
    }

    @Test("the penalty is 15 s, doubling to 10 min, and 15 s again once the credit was full")
    func penalties() {
        let credit = Credit()
        var now: Int64 = 0
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

    // MARK: - Requests

    /// An allowance that expectations may change.
    private final class Allowance {
        private var value = RequestAllowance(now: 0)
        func ask(bytes: Int = 0, hasRoom: Bool = true, now: Int64 = 0) -> RequestAllowance.Answer {
            value.ask(bytes: bytes, hasRoom: hasRoom, now: now)
        }
        func spend(bytes: Int) { value.spend(bytes: bytes) }
    }

    @Test("a peer may ask 40,000 times at once; further requests are answered busy, then charged")
    func allowance() {
        let allowance = Allowance()
        for _ in 0..<40_000 { #expect(allowance.ask() == .serve) }
        for _ in 0..<1_999 { #expect(allowance.ask() == .busy) }
        #expect(allowance.ask() == .charge)
        #expect(allowance.ask() == .charge)
        // 2,000 units are a quarter of a second.
        #expect(allowance.ask(now: 260_000) == .serve)
    }

    @Test("eight thousand requests a second, or 100 MiB of answers, are served for ever")
    func lasting() {
        let small = Allowance()
        let large = Allowance()
        for second: Int64 in 0..<100 {
            for request: Int64 in 0..<8_000 {
                #expect(small.ask(now: second * 1_000_000 + request * 125) == .serve)
            }
            for page: Int64 in 0..<100 {
                #expect(large.ask(now: second * 1_000_000 + page * 10_000) == .serve)
                large.spend(bytes: 1_048_576)
            }
        }
    }

    @Test("answers use up an allowance, yet only requests are charged; those beyond the limit cost more")
    func costs() {
        let answered = Allowance()
        answered.spend(bytes: 1 << 30)
        #expect(answered.ask() == .busy)
        let crowded = Allowance()
        for _ in 0..<2_099 { #expect(crowded.ask(hasRoom: false) == .busy) }
        #expect(crowded.ask(hasRoom: false) == .charge)
        let pushed = Allowance()
        for _ in 0..<155 { #expect(pushed.ask(bytes: 4 << 20) == .serve) }
        for _ in 0..<4 { _ = pushed.ask(bytes: 4 << 20) }
        #expect(pushed.ask(bytes: 4 << 20) == .busy)
    }

    @Test("a clock that seems to go back gives no credit and doesn't trap")
    func creditAndClock() {
        let credit = Credit(now: .max / 4)
        #expect(!credit.charge(500, now: 0))
        #expect(!credit.charge(499, now: -5))
        #expect(credit.charge(Int.max, now: 0))
    }

    // MARK: - The ledger

    @Test(
        "what is rejected as limit, malformed, signature or bodyMismatch counts against the sender, nothing else does"
    )
    func ledger() {
        let time = ManualClock()
        let ledger = PeerLedger(clock: time.clock, metrics: NodeMetrics(PrometheusRegistry(Node.metricTable))) { _ in }
        var bad: Int64 = 0
        let decisions: [Decision] =
            Rejection.allCases.map { .reject($0) } + Deferral.allCases.map { .defer($0) } + [.accept, .duplicate]
        for decision in decisions {
            ledger.count(decision, from: peer)
            switch decision {
            case .reject(.limit), .reject(.malformed), .reject(.signature), .reject(.bodyMismatch): bad += 1
            default: break
            }
            #expect(ledger.badInput == bad, "\(decision)")
            ledger.count(decision, from: nil)
            #expect(ledger.badInput == bad, "local input is charged to nobody")
        }
        #expect(ledger.counts(of: peer) == ledger.counts(of: nil))
        #expect(ledger.counts(of: peer).rejected == Int64(Rejection.allCases.count))
        #expect(ledger.counts(of: peer).deferred == Int64(Deferral.allCases.count))
        #expect(ledger.total.accepted == 2 && ledger.total.duplicate == 2)
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

    // MARK: - Clocks

    @Test("offset and round trip are as NTP computes them, from the sample with the shortest way of the last 8")
    func samples() throws {
        var samples = ClockSamples()
        #expect(samples.best == nil)
        samples.add(asked: 1_000, received: 5_100, answered: 5_150, arrived: 1_250)
        #expect(samples.best?.offsetMicroseconds == 4_000)
        #expect(samples.best?.roundTripMicroseconds == 200)
        samples.add(asked: 2_000, received: 1_010, answered: 1_010, arrived: 2_020)
        #expect(samples.best?.offsetMicroseconds == -1_000)
        #expect(samples.best?.roundTripMicroseconds == 20)
        for number in 0..<8 {
            let asked = Int64(number) * 10_000
            samples.add(asked: asked, received: asked, answered: asked, arrived: asked + 500)
        }
        #expect(samples.best?.roundTripMicroseconds == 500, "the two first ones are forgotten")
        #expect(samples.best?.offsetMicroseconds == -250)
    }

    @Test("no stamps of a peer trap or are believed where they can't be")
    func hostileStamps() throws {
        let hostile: [Int64] = [
            .min, .min + 1, .min / 2, -1, 0, 1, DeltaLimits.time - 1, DeltaLimits.time, .max / 2, .max - 1, .max,
        ]
        for asked in hostile + [1_735_689_600_000_000] {
            for arrived in hostile + [1_735_689_600_000_100] {
                for received in hostile + [.min + abs(asked % 1_000_000_000)] {
                    for answered in hostile + [.min + abs(arrived % 1_000_000_000)] {
                        var samples = ClockSamples()
                        samples.add(asked: asked, received: received, answered: answered, arrived: arrived)
                        guard let best = samples.best else { continue }
                        #expect(abs(best.offsetMicroseconds) < DeltaLimits.time)
                        #expect((0..<DeltaLimits.time).contains(best.roundTripMicroseconds))
                    }
                }
            }
        }
    }

    @Test("our clock is compared with the median of the peers'")
    func median() throws {
        let directory = PeerDirectory(clock: ManualClock().clock)
        #expect(directory.medianOffset == nil)
        let medians: [Int64] = [7, 0, 7, 7]
        for (number, offset) in ([7, -90_000_000, 80_000_000_000, 2_000] as [Int64]).enumerated() {
            let peer = PublicKey(Bytes32(repeating: UInt8(number)))
            let asked: Int64 = 1_735_689_600_000_000
            directory.update(peer) {
                $0.clock.add(asked: asked, received: asked + offset, answered: asked + offset, arrived: asked)
            }
            #expect(directory.medianOffset == medians[number])
        }
    }

    // MARK: - Waits

    @Test("what came to nothing is tried again after 10 s, doubling to 10 min")
    func backoff() {
        var backoff = Backoff()
        #expect(backoff.notBefore == .min)
        var waits: [Int64] = []
        for _ in 0..<9 {
            backoff.fail(now: 1_000)
            waits.append((backoff.notBefore - 1_000) / 1_000_000)
        }
        #expect(waits == [10, 20, 40, 80, 160, 320, 600, 600, 600])
    }

    @Test("a peer is connected by its greeted link, or by a request in the last 30 s where no link gets through")
    func connected() {
        let time = ManualClock()
        let directory = PeerDirectory(clock: time.clock)
        func isConnected(_ phase: PeerLink.Phase?, _ lastRequest: Int64?) -> Bool {
            directory.isConnected(Peering.PeerState(phase: phase, address: nil, lastRequest: lastRequest))
        }
        let now = time.clock.uptime
        #expect(isConnected(.connected, nil))
        #expect(!isConnected(.authenticated, now))
        #expect(!isConnected(.refused, now), "what it writes doesn't come here")
        for phase in [nil, PeerLink.Phase.unreachable] {
            #expect(isConnected(phase, now))
            #expect(isConnected(phase, now - 29_999_999))
            #expect(!isConnected(phase, now - 30_000_000))
            #expect(!isConnected(phase, nil))
        }
    }

    @Test("metrics have one number for each decision and reason, and for peers of the list alone, by petname")
    func metrics() throws {
        let owner = try Identity.generate()
        var list = TrustList(owner: owner.publicKey)
        let registry = PrometheusRegistry(Node.metricTable)
        let metrics = NodeMetrics(registry)
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

    @Test("keys are asked about once, and not for ever")
    func acceptableAuthors() throws {
        let authors = AcceptableAuthors()
        let good = try TestAuthors.signer("alice").publicKey
        let bad = PublicKey(Bytes32(repeating: 0))
        for _ in 0..<3 {
            #expect(authors.isAcceptable(good))
            #expect(!authors.isAcceptable(bad))
        }
        for number in 0..<9_000 {
            let key = PublicKey(Bytes32(SHA256.hash([UInt8(number & 255), UInt8(number >> 8)]).array) ?? good.bytes)
            _ = authors.isAcceptable(key)
        }
        #expect(authors.remembered <= 8_192)
        #expect(authors.isAcceptable(good))
    }
}
