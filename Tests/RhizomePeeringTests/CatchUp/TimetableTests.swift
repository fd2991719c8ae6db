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
        news: Duration = minute
    ) -> [(request: Timetable.Request, time: Uptime)] {
        var asked: [(request: Timetable.Request, time: Uptime)] = []
        var now = start
        while now < end {
            for request in Timetable.Request.allCases where timetable.isDue(request, now: now) {
                timetable.start(request, now: now)
                let interval = request == .compare ? Self.minute * 60 : request == .news ? news : Self.minute
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
        var timetable = Timetable()
        let asked = run(&timetable, until: Self.at(600))
        #expect(asked.prefix(4).map(\.request) == Timetable.Request.allCases && asked[3].time == 0)
        let later = asked.dropFirst(4)
        #expect(later.prefix(6).map(\.request) == [.hello, .peers, .news, .hello, .peers, .news])
        #expect(later.prefix(4).map { Self.seconds($0.time) } == [20, 40, 60, 80])
        #expect(later.count == 29, "three a minute")
    }

    @Test("a peer gets a request every 25 s at least, whatever is asked for out of turn")
    func signsOfLife() {
        var timetable = Timetable()
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

    @Test("where a lost publication wouldn't be noticed news is asked for every 10 s")
    func shortNews() {
        var timetable = Timetable()
        let news = run(&timetable, until: Self.at(60), news: .seconds(10)).filter { $0.request == .news }
        #expect(news.map { Self.seconds($0.time) } == [0, 10, 20, 30, 40, 50])
    }

    @Test("what is hastened is asked for at once, but so long after the last time at the earliest, and never later")
    func hastened() {
        var timetable = Timetable()
        _ = run(&timetable, until: 1)
        timetable.hasten(.news, to: Self.at(5))
        #expect(timetable.isDue(.news, now: Self.at(5)) && !timetable.isDue(.news, now: Self.at(5) - .microseconds(1)))
        timetable.start(.news, now: Self.at(5))
        timetable.finish(.news, interval: Self.minute, now: Self.at(5))
        timetable.hasten(.news, to: Self.at(5))
        #expect(!timetable.isDue(.news, now: Self.at(6) - .microseconds(1)) && timetable.isDue(.news, now: Self.at(6)))
        timetable.hasten(.news, to: Self.at(40), waiting: .seconds(10))
        #expect(timetable.isDue(.news, now: Self.at(6)))
    }

    @Test("what failed is asked for again after 10 s; before hello is answered nothing else counts")
    func failed() {
        var timetable = Timetable()
        timetable.start(.hello, now: 0)
        #expect(timetable.next(isGreeted: false) == Self.at(10))
        #expect(timetable.next(isGreeted: true) == .min, "the others are due")
        timetable.putOff(.hello, until: Self.at(70))
        #expect(timetable.next(isGreeted: false) == Self.at(70))
    }
}
