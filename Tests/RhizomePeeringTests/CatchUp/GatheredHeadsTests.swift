import Bytes
import RhizomeCore
import RhizomeTesting
import SignedStatements
import Testing

@testable import RhizomePeering

/// When others' logs are told of (spec: peering.md, "Publications").
@Suite struct GatheredHeadsTests {
    private static func head(_ number: Int) -> AuthorHead {
        var bytes = [UInt8](repeating: 0, count: 32)
        for index in 0..<4 { bytes[index] = UInt8(truncatingIfNeeded: number >> (8 * index)) }
        let id = DeltaID(Bytes32(bytes) ?? Bytes32(repeating: 0))
        return AuthorHead(author: PublicKey(Bytes32(repeating: 1)), id: id)
    }

    /// Heads that come in one by one at these moments, µs in ascending order, and are told as an announcer does it: it
    /// looks when something came in, and when it is time.
    private struct Telling {
        /// When something was told.
        private(set) var times: [Uptime] = []
        /// How many heads at a time.
        private(set) var counts: [Int] = []
        private var gathered = GatheredHeads()

        init(_ moments: [Uptime], firstWait: Duration) {
            for (number, moment) in moments.enumerated() {
                pass(until: moment)
                var news = NewHeads()
                news.add(head(number))
                let wait = gathered.isPaused(now: moment) ? firstWait : GatheredHeads.interval
                gathered.add(news, wait: wait, now: moment)
                tell(now: moment)
            }
            pass(until: .max)
        }

        private mutating func pass(until moment: Uptime) {
            guard let due = gathered.due, due <= moment else { return }
            tell(now: due)
        }

        private mutating func tell(now: Uptime) {
            guard let heads = gathered.take(now: now, where: { $0 }) else { return }
            times.append(now)
            counts.append(heads.count)
        }
    }

    /// How often something is told if all of it is gathered, what comes after a pause too.
    private static func tellingsWithoutPauses(_ moments: [Uptime]) -> Int {
        var due = Uptime.min
        return moments.count { moment in
            guard moment >= due else { return false }
            due = moment + GatheredHeads.interval
            return true
        }
    }

    @Test("the first is told at once, what follows is gathered, and after a pause the first is told at once again")
    func pauses() {
        let telling = Telling([0, 1_000, 20_000, 50_999, 101_000, 150_999, 250_999], firstWait: .zero)
        #expect(telling.times == [0, 51_000, 101_000, 200_999, 250_999])
        #expect(telling.counts == [1, 3, 1, 1, 1])
    }

    @Test("what comes while the first after a pause waits is told with it, and only the first waits so short")
    func waits() {
        let telling = Telling([0, 9_999, 10_000, 200_000], firstWait: .milliseconds(10))
        #expect(telling.times == [10_000, 60_000, 210_000])
        #expect(telling.counts == [2, 1, 1])
    }

    @Test("nothing is told before its time, twice, or where nothing came in")
    func nothing() {
        var gathered = GatheredHeads()
        #expect(gathered.due == nil && gathered.isPaused(now: 0) && gathered.take(now: 0, where: { $0 }) == nil)
        gathered.add(NewHeads(), wait: .zero, now: 0)
        #expect(gathered.due == nil && gathered.take(now: 1, where: { $0 }) == nil)
        var news = NewHeads()
        news.add(Self.head(1))
        gathered.add(news, wait: .microseconds(10), now: 5)
        #expect(gathered.due == 15 && !gathered.isPaused(now: 14) && gathered.take(now: 14, where: { $0 }) == nil)
        #expect(gathered.take(now: 15, where: { $0 }) == [Self.head(1)])
        #expect(gathered.due == nil && gathered.take(now: 16, where: { $0 }) == nil)
        #expect(!gathered.isPaused(now: 14 + GatheredHeads.interval))
        #expect(gathered.isPaused(now: 15 + GatheredHeads.interval))
    }

    @Test(
        "under a steady load no more is told than if all were gathered, but for the first",
        arguments: [1_000, 7_000, 10_000, 25_000, 49_999, 50_000, 60_000, 99_000, 200_000] as [Int64],
        [0, 5, 15]
    )
    func steady(interval: Int64, firstWait: Int) {
        let moments = (0..<1_000).map { Uptime(microseconds: $0 * interval) }
        let telling = Telling(moments, firstWait: .milliseconds(firstWait))
        #expect(telling.counts.reduce(0, +) == moments.count)
        #expect(telling.times.count <= Self.tellingsWithoutPauses(moments) + 1)
    }

    @Test("whenever heads come, each is told within 50 ms, and between two tellings are 50 ms at least")
    func spaced() {
        withSeed { generator in
            for _ in 0..<50 {
                let longest = Int64.random(in: 1...300_000, using: &generator)
                var moment: Uptime = 0
                let moments = (0..<200).map { _ in
                    moment += Int64.random(in: 0...longest, using: &generator)
                    return moment
                }
                let telling = Telling(moments, firstWait: .microseconds(Int.random(in: 0...15_000, using: &generator)))
                #expect(telling.counts.reduce(0, +) == moments.count, "seed \(generator.seed)")
                let distances = zip(telling.times, telling.times.dropFirst()).map { $1 - $0 }
                #expect(distances.allSatisfy { $0 >= GatheredHeads.interval }, "seed \(generator.seed)")
                let toldAt = zip(telling.times, telling.counts).flatMap { Array(repeating: $0, count: $1) }
                let waits = zip(moments, toldAt).map { $1 - $0 }
                #expect(waits.allSatisfy { (.zero...GatheredHeads.interval).contains($0) }, "seed \(generator.seed)")
            }
        }
    }
}
