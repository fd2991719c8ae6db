import Bytes
import RhizomeTesting
import Testing

@testable import RhizomePeering

/// When a session asks for what is asked for at times (spec: peering.md).
@Suite struct TimetableTests {
    private static let minute = Duration.seconds(60)

    private static func at(_ seconds: Int64) -> Uptime { Uptime(microseconds: seconds * 1_000_000) }

    private static func seconds(_ moment: Uptime) -> Int64 { moment.microseconds / 1_000_000 }

    /// Asks for all that is due from a moment on, at the moments when it is due, as a session does.
    private func run(
        _ timetable: inout Timetable,
        from start: Uptime = 0,
        until end: Uptime,
        news: Duration = minute,
        peers: Duration = minute,
        isHasty: () -> Bool = { false }
    ) -> [(request: Timetable.Request, time: Uptime)] {
        var asked: [(request: Timetable.Request, time: Uptime)] = []
        var now = start
        while now < end {
            for request in Timetable.Request.allCases where timetable.isDue(request, now: now) {
                timetable.start(request, now: now, isHasty: isHasty())
                let intervals = [Timetable.Request.hello: Self.minute, .news: news, .peers: peers]
                let interval = intervals[request] ?? Self.minute * 60
                timetable.finish(request, interval: interval, now: now)
                asked.append((request, now))
            }
            let next = timetable.next(isGreeted: true)
            #expect(next > now)
            now = max(next, now + .microseconds(1))
        }
        return asked
    }

    @Test("everything is asked for on connecting, and hello, peers and news once a minute from then on, spread over it")
    func spread() {
        var timetable = Timetable(rhythm: Rhythm(phase: .zero))
        let asked = run(&timetable, until: Self.at(600))
        #expect(asked.prefix(4).map(\.request) == Timetable.Request.allCases && asked[3].time == 0)
        let later = asked.dropFirst(4)
        #expect(later.prefix(6).map(\.request) == [.hello, .peers, .news, .hello, .peers, .news])
        #expect(later.prefix(4).map { Self.seconds($0.time) } == [20, 40, 60, 80])
        #expect(later.count == 29, "three a minute")
    }

    @Test("a peer gets a request every 25 s at least, whatever is asked for out of turn")
    func signsOfLife() {
        var timetable = Timetable(rhythm: Rhythm(phase: .zero))
        var asked = run(&timetable, until: Self.at(75))
        timetable.hasten(.news, to: Self.at(75))
        timetable.hasten(.peers, to: Self.at(75))
        timetable.hasten(.hello, to: Self.at(75))
        asked += run(&timetable, from: Self.at(75), until: Self.at(600))
        let waits = zip(asked, asked.dropFirst()).map { Self.seconds($1.time) - Self.seconds($0.time) }
        #expect(waits.allSatisfy { $0 <= 25 }, "\(waits)")
        for request in [Timetable.Request.hello, .peers, .news] {
            let times = asked.filter { $0.request == request }.map { Self.seconds($0.time) }
            #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 <= 60 }, "\(request)")
        }
    }

    @Test("at rest a peer gets a request two or three times a minute, at moments that all of a node's sessions share")
    func rest() {
        withSeed { generator in
            for phase in [Duration.zero, .milliseconds(1_700)] {
                var timetable = Timetable(rhythm: Rhythm(phase: phase))
                let asked = run(&timetable, until: Self.at(2_300), peers: Self.minute * 60) {
                    .random(using: &generator)
                }
                let later = asked.dropFirst(4)
                #expect(later.map(\.request).contains(.peers) == false)
                #expect(later.allSatisfy { ($0.time.microseconds - phase.microseconds) % 5_000_000 == 0 })
                let times = Set(asked.map(\.time)).sorted()
                let waits = zip(times, times.dropFirst()).map { $1 - $0 }
                #expect(waits.allSatisfy { $0 <= .seconds(25) }, "seed \(generator.seed)")
                #expect((75...115).contains(later.count), "\(later.count), seed \(generator.seed)")
                for request in [Timetable.Request.hello, .news] {
                    let times = asked.filter { $0.request == request }.map(\.time)
                    #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 <= Self.minute }, "\(request)")
                }
            }
        }
    }

    @Test("a moment of a rhythm is the last one before another, whichever side of its phase that lies")
    func rhythm() {
        let rhythm = Rhythm(phase: .milliseconds(1_700))
        for (moment, last) in [(1_699_999, -3_300_000), (1_700_000, 1_700_000), (6_699_999, 1_700_000)]
            as [(Int64, Int64)]
        {
            #expect(rhythm.last(upTo: Uptime(microseconds: moment)).microseconds == last)
        }
        for _ in 0..<100 {
            let last = Rhythm().last(upTo: Self.at(100))
            #expect((.zero..<Rhythm.interval).contains(Self.at(100) - last))
        }
    }

    @Test("where a lost publication wouldn't be noticed news is asked for every 10 s")
    func shortNews() {
        var timetable = Timetable(rhythm: Rhythm(phase: .zero))
        let news = run(&timetable, until: Self.at(60), news: .seconds(10)).filter { $0.request == .news }
        #expect(news.map { Self.seconds($0.time) } == [0, 10, 20, 30, 40, 50])
    }

    @Test("what is hastened is asked for at once, but so long after the last time at the earliest, and never later")
    func hastened() {
        var timetable = Timetable(rhythm: Rhythm(phase: .zero))
        _ = run(&timetable, until: 1)
        timetable.hasten(.news, to: Self.at(5))
        #expect(timetable.isDue(.news, now: Self.at(5)) && !timetable.isDue(.news, now: Self.at(5) - .microseconds(1)))
        timetable.start(.news, now: Self.at(5), isHasty: false)
        timetable.finish(.news, interval: Self.minute, now: Self.at(5))
        timetable.hasten(.news, to: Self.at(5))
        #expect(!timetable.isDue(.news, now: Self.at(6) - .microseconds(1)) && timetable.isDue(.news, now: Self.at(6)))
        timetable.hasten(.news, to: Self.at(40), waiting: .seconds(10))
        #expect(timetable.isDue(.news, now: Self.at(6)))
    }

    @Test("what failed is asked for again after 10 s; before hello is answered nothing else counts")
    func failed() {
        var timetable = Timetable(rhythm: Rhythm(phase: .zero))
        timetable.start(.hello, now: 0, isHasty: false)
        #expect(timetable.next(isGreeted: false) == Self.at(10))
        #expect(timetable.next(isGreeted: true) == .min, "the others are due")
        timetable.putOff(.hello, until: Self.at(70))
        #expect(timetable.next(isGreeted: false) == Self.at(70))
    }
}
