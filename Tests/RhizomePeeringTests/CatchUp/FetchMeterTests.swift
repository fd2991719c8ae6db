import DatabaseTesting
import Locks
import Logging
import RhizomeDatabase
import RhizomeTesting
import SignedStatements
import Testing

@testable import RhizomePeering

@Suite struct FetchMeterTests {
    private final class Shown: Sendable {
        let progress = Lock<[CatchUpProgress]>([])
    }

    private let time = ManualClock()
    private let records = LogRecords()
    private let shown = Shown()
    private let meter: FetchMeter

    init() throws {
        let shown = shown
        meter = FetchMeter(
            peer: try TestAuthors.signer("peer").publicKey,
            name: { "carol" },
            clock: time.clock,
            logger: records.logger,
            onProgress: { progress in shown.progress.withLock { $0.append(progress) } }
        )
    }

    private var told: [CatchUpProgress] { shown.progress.withLock { $0 } }

    @Test("what takes long is told every five seconds, and at its end what was fetched")
    func long() {
        meter.begin(logs: 2)
        for second in 1...12 {
            time.advance(1)
            meter.fetched(1_000)
            if second == 6 { meter.finishedLog() }
        }
        meter.finishedLog()
        meter.end()
        #expect(records.records.map(\.level) == [.info, .info, .info])
        #expect(
            records.records.map(\.text).map { String($0.prefix(24)) } == [
                "catching up with a peer ", "catching up with a peer ", "fetched what a peer has ",
            ]
        )
        #expect(records.records.last?.text.contains("12000") == true)
        #expect(records.records.last?.text.contains("2/2") == true)
        #expect(told.count == 13)
        #expect(told.last?.isOver == true)
        #expect(told[5].deltas == 6_000 && told[5].logs == 2 && told[5].perSecond == 1_000 && !told[5].isOver)
        #expect(told[6].finishedLogs == 1)
    }

    @Test("what is over within a second, and what brings nothing, is not told")
    func short() {
        for _ in 0..<1_000 {
            meter.begin(logs: 1)
            meter.fetched(10)
            meter.end()
            meter.begin(logs: 1)
            time.advance(1)
            meter.fetched(0)
            meter.end()
        }
        #expect(records.records.isEmpty)
        #expect(told.isEmpty)
    }

    @Test("a peer that is behind again and again gets one line in five seconds")
    func often() {
        for _ in 0..<60 {
            meter.begin(logs: 1)
            time.advance(1)
            meter.fetched(1)
            meter.end()
        }
        #expect(records.records.count == 12)
    }

    @Test("thousands of steps in a second are shown once")
    func steps() {
        meter.begin(logs: 1)
        time.advance(1)
        for _ in 0..<5_000 { meter.fetched(1) }
        #expect(told.count == 1)
    }
}
