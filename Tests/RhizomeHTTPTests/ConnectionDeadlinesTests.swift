import HTTPTypes
import Locks
import NIOCore
import PrometheusMetrics
import Testing

@testable import RhizomeHTTP

@Suite struct ConnectionDeadlinesTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    private func after(_ seconds: Int64) -> NIODeadline { start + .seconds(seconds) }

    private func deadlines() -> ConnectionDeadlines { ConnectionDeadlines(limits: HTTPLimits(), now: start) }

    @Test("A new connection has 10 s for its first header")
    func header() {
        let deadlines = deadlines()
        #expect(deadlines.expiry(at: after(9)) == nil)
        #expect(deadlines.expiry(at: after(10)) == .header)
        #expect(deadlines.next == after(10))
        #expect(deadlines.claim == .waiting(since: start))
    }

    @Test("A body has 30 s from its header on, and no piece of it gives it more")
    func body() {
        var deadlines = deadlines()
        deadlines.headArrived(after(5))
        #expect(deadlines.expiry(at: after(34)) == nil)
        #expect(deadlines.expiry(at: after(35)) == .body)
    }

    @Test("While we are at work nothing expires")
    func work() {
        var deadlines = deadlines()
        deadlines.headArrived(after(1))
        deadlines.requestEnded()
        #expect(deadlines.next == nil)
        #expect(deadlines.claim == .working(since: after(1)))
        #expect(deadlines.expiry(at: after(1_000_000)) == nil)
    }

    @Test("A part that the socket doesn't take expires 20 s after the last one that it took")
    func write() {
        var deadlines = deadlines()
        deadlines.headArrived(after(1))
        deadlines.requestEnded()
        deadlines.writeBegan(after(2))
        deadlines.writeBegan(after(3))
        #expect(deadlines.expiry(at: after(22)) == .write)
        deadlines.writeEnded(after(10))
        #expect(deadlines.expiry(at: after(29)) == nil)
        #expect(deadlines.expiry(at: after(30)) == .write)
        deadlines.writeEnded(after(11))
        #expect(deadlines.next == nil)
    }

    @Test("Between requests a connection may idle for 60 s, however its next header drips")
    func idle() {
        var deadlines = deadlines()
        deadlines.headArrived(after(1))
        deadlines.requestEnded()
        deadlines.answerEnded(after(5))
        #expect(deadlines.expiry(at: after(64)) == nil)
        #expect(deadlines.expiry(at: after(65)) == .idle)
    }

    @Test("A request that waits behind another has its time when its turn comes")
    func pipelined() {
        var deadlines = deadlines()
        deadlines.headArrived(after(1))
        deadlines.requestEnded()
        deadlines.headArrived(after(2))
        #expect(deadlines.next == nil)
        deadlines.answerEnded(after(100))
        #expect(deadlines.expiry(at: after(129)) == nil)
        #expect(deadlines.expiry(at: after(130)) == .body)
        deadlines.requestEnded()
        #expect(deadlines.next == nil)
        deadlines.answerEnded(after(131))
        #expect(deadlines.expiry(at: after(191)) == .idle)
    }

    @Test("A peer that doesn't close after us has 2 s, whatever it goes on to send")
    func linger() {
        var deadlines = deadlines()
        deadlines.headArrived(after(1))
        deadlines.answerEnded(after(2))
        deadlines.outputClosed(after(2))
        deadlines.requestEnded()
        #expect(deadlines.expiry(at: after(4)) == .linger)
        deadlines.headArrived(after(3))
        deadlines.requestEnded()
        #expect(deadlines.requests == 0)
        #expect(deadlines.expiry(at: after(4)) == .linger)
    }

    @Test("Who is in the middle of a request when its time is over is told so, nobody else is")
    func answers() {
        var deadlines = deadlines()
        for expiry in ConnectionDeadlines.Expiry.allCases where expiry != .body {
            #expect(deadlines.answer(to: expiry) == nil, "\(expiry)")
        }
        deadlines.headerBegan()
        #expect(deadlines.answer(to: .header)?.status == .requestTimeout)
        deadlines.headArrived(after(1))
        #expect(deadlines.answer(to: .body)?.status == .requestTimeout)
        deadlines.headerBegan()
        deadlines.requestEnded()
        deadlines.answerEnded(after(2))
        #expect(deadlines.answer(to: .idle) == nil)
        deadlines.headerBegan()
        #expect(deadlines.answer(to: .idle)?.status == .requestTimeout)
        for expiry in [ConnectionDeadlines.Expiry.write, .linger] {
            #expect(deadlines.answer(to: expiry) == nil, "\(expiry)")
        }
    }

    @Test("What can't become a request is answered after those before it, and then there are 2 s")
    func failed() {
        for isHeaderThere in [false, true] {
            var deadlines = deadlines()
            deadlines.headArrived(after(1))
            deadlines.requestEnded()
            if isHeaderThere { deadlines.headArrived(after(2)) }
            deadlines.requestFailed(after(3))
            #expect(deadlines.requests == 2)
            #expect(deadlines.next == nil)
            deadlines.answerEnded(after(4))
            #expect(deadlines.next == nil)
            deadlines.answerEnded(after(5))
            #expect(deadlines.expiry(at: after(6)) == nil)
            #expect(deadlines.expiry(at: after(7)) == .linger)
        }
    }
}

@Suite struct ConnectionRegistryTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    @Test("Beyond the cap the connection that has kept us waiting longest makes room")
    func evicts() async throws {
        let registry = ConnectionRegistry(limit: 3, metrics: HTTPMetrics(PrometheusRegistry(HTTPAPI.metricTable)))
        try await confirmation { confirm in
            let first = try #require(registry.open(now: start) { Issue.record("at work") })
            let second = try #require(registry.open(now: start) { confirm() })
            let third = try #require(registry.open(now: start) { Issue.record("waiting for less time") })
            registry.update(first, .working(since: start))
            registry.update(third, .waiting(since: start + .seconds(2)))
            registry.update(second, .waiting(since: start + .seconds(1)))
            #expect(registry.open(now: start + .seconds(3)) {} != nil)
            #expect(registry.count == 3)
        }
    }

    @Test("Where we wait for nobody, the connection whose answer has taken longest makes room")
    func evictsWork() async throws {
        let registry = ConnectionRegistry(limit: 2, metrics: HTTPMetrics(PrometheusRegistry(HTTPAPI.metricTable)))
        try await confirmation { confirm in
            let first = try #require(registry.open(now: start) { Issue.record("at work for less time") })
            let second = try #require(registry.open(now: start) { confirm() })
            registry.update(first, .working(since: start + .seconds(2)))
            registry.update(second, .working(since: start + .seconds(1)))
            #expect(registry.open(now: start + .seconds(3)) {} != nil)
            #expect(registry.count == 2)
        }
    }

    @Test("Streams don't count, and make room for nobody")
    func streams() throws {
        let registry = ConnectionRegistry(limit: 1, metrics: HTTPMetrics(PrometheusRegistry(HTTPAPI.metricTable)))
        let evicted = Lock<[String]>([])
        for number in 0..<3 {
            let stream = try #require(registry.open(now: start) { evicted.withLock { $0.append("stream \(number)") } })
            registry.update(stream, .streaming)
        }
        _ = registry.open(now: start) { evicted.withLock { $0.append("first") } }
        _ = registry.open(now: start) { evicted.withLock { $0.append("second") } }
        #expect(evicted.withLock { $0 } == ["first"] && registry.count == 4)
    }

    @Test("When all are cut, those that come are cut too")
    func closes() async throws {
        let registry = ConnectionRegistry(limit: 8, metrics: HTTPMetrics(PrometheusRegistry(HTTPAPI.metricTable)))
        await confirmation(expectedCount: 2) { confirm in
            _ = registry.open(now: start) { confirm() }
            _ = registry.open(now: start) { confirm() }
            registry.closeAll()
        }
        #expect(registry.open(now: start) {} == nil)
        #expect(registry.count == 0)
    }
}
