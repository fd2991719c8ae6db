import Bytes
import DatabaseTesting
import RhizomeCore
import RhizomeDatabase
import RhizomeTesting
import SignedStatements
import Testing

@testable import RhizomePeering

/// Allowances, clocks and waits: values and small boxes.
@Suite struct PeerStateTests {
    // MARK: - Requests

    /// An allowance that expectations may change.
    private final class Allowance {
        private var value = RequestAllowance(now: 0)
        func ask(bytes: Int = 0, hasRoom: Bool = true, now: Uptime = 0) -> RequestAllowance.Answer {
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
                #expect(small.ask(now: Uptime(microseconds: second * 1_000_000 + request * 125)) == .serve)
            }
            for page: Int64 in 0..<100 {
                #expect(large.ask(now: Uptime(microseconds: second * 1_000_000 + page * 10_000)) == .serve)
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

    // MARK: - Clocks

    @Test("offset and round trip are as NTP computes them, from the sample with the shortest way of the last 8")
    func samples() throws {
        var samples = ClockSamples()
        #expect(samples.best == nil)
        samples.add(asked: 1_000, received: 5_100, answered: 5_150, arrived: 1_250)
        #expect(samples.best?.offset == .microseconds(4_000))
        #expect(samples.best?.roundTrip == .microseconds(200))
        samples.add(asked: 2_000, received: 1_010, answered: 1_010, arrived: 2_020)
        #expect(samples.best?.offset == .microseconds(-1_000))
        #expect(samples.best?.roundTrip == .microseconds(20))
        for number in 0..<8 {
            let asked = Timestamp(microseconds: Int64(number) * 10_000)
            samples.add(asked: asked, received: asked, answered: asked, arrived: asked + 500)
        }
        #expect(samples.best?.roundTrip == .microseconds(500), "the two first ones are forgotten")
        #expect(samples.best?.offset == .microseconds(-250))
    }

    @Test("no stamps of a peer trap or are believed where they can't be")
    func hostileStamps() throws {
        let hostile: [Timestamp] = [
            .min, .min + 1, Timestamp(microseconds: .min / 2), -1, 0, 1, DeltaLimits.time - 1, DeltaLimits.time,
            Timestamp(microseconds: .max / 2), .max - 1, .max,
        ]
        let most = DeltaLimits.time - Timestamp(microseconds: 0)
        for asked in hostile + [1_735_689_600_000_000] {
            for arrived in hostile + [1_735_689_600_000_100] {
                for received in hostile + [.min + abs(asked.microseconds % 1_000_000_000)] {
                    for answered in hostile + [.min + abs(arrived.microseconds % 1_000_000_000)] {
                        var samples = ClockSamples()
                        samples.add(asked: asked, received: received, answered: answered, arrived: arrived)
                        guard let best = samples.best else { continue }
                        #expect((.zero - most..<most).contains(best.offset))
                        #expect((.zero..<most).contains(best.roundTrip))
                    }
                }
            }
        }
    }

    @Test("our clock is compared with the median of the peers'")
    func median() throws {
        let directory = PeerDirectory(own: PublicKey(Bytes32(repeating: 9)), clock: ManualClock().clock)
        #expect(directory.medianOffset == nil)
        let medians: [Int64] = [7, 0, 7, 7]
        for (number, offset) in ([7, -90_000_000, 80_000_000_000, 2_000] as [Int64]).enumerated() {
            let peer = PublicKey(Bytes32(repeating: UInt8(number)))
            let asked: Timestamp = 1_735_689_600_000_000
            directory.update(peer) {
                $0.clock.add(asked: asked, received: asked + offset, answered: asked + offset, arrived: asked)
            }
            #expect(directory.medianOffset == .microseconds(medians[number]))
        }
    }

    // MARK: - Waits

    @Test("what came to nothing is tried again after 10 s, doubling to 10 min")
    func backoff() {
        var backoff = Backoff()
        #expect(backoff.notBefore == .min)
        var waits: [Duration] = []
        for _ in 0..<9 {
            backoff.fail(now: 1_000)
            waits.append(backoff.notBefore - Uptime(microseconds: 1_000))
        }
        #expect(waits == [10, 20, 40, 80, 160, 320, 600, 600, 600].map { .seconds($0) })
    }

    @Test("a peer is connected by its greeted link, or by a request in the last 30 s where no link gets through")
    func connected() {
        let now: Uptime = 1_000_000_000
        func isConnected(_ phase: LinkStateMachine.Phase?, _ lastRequest: Uptime?) -> Bool {
            PeerState(phase: phase, address: nil, lastRequest: lastRequest).isConnected(now: now)
        }
        #expect(isConnected(.connected, nil))
        #expect(!isConnected(.authenticated, now))
        #expect(!isConnected(.refused, now), "what it writes doesn't come here")
        for phase in [nil, LinkStateMachine.Phase.unreachable] {
            #expect(isConnected(phase, now))
            #expect(isConnected(phase, now - 29_999_999))
            #expect(!isConnected(phase, now - 30_000_000))
            #expect(!isConnected(phase, nil))
        }
    }
}
