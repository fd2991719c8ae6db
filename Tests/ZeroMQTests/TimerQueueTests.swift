import Bytes
import RhizomeTesting
import Testing

@testable import ZeroMQ

@Suite struct TimerQueueTests {
    @Test("whatever is added and cancelled, the rest comes out in order of deadline, then of asking")
    func order() throws {
        withSeed { random in
            for _ in 0..<200 {
                let start: Uptime = 1_000_000
                var queue = TimerQueue()
                var expected: [(delay: Int, index: Int)] = []
                var fired: [Int] = []
                for index in 0..<Int.random(in: 0...60, using: &random) {
                    let delay = Int.random(in: 0...9, using: &random)
                    let id = queue.add(at: start + .seconds(delay), { fired.append(index) })
                    if Bool.random(using: &random) {
                        queue.cancel(id)
                    } else {
                        expected.append((delay, index))
                    }
                }
                #expect(queue.count == expected.count)
                for second in 0...9 {
                    while let action = queue.popDue(at: start + .seconds(second)) { action() }
                    let due = expected.filter { $0.delay <= second }.sorted { $0 < $1 }.map(\.index)
                    #expect(fired == due)
                }
                #expect(queue.nextDeadline == nil)
            }
        }
    }

    @Test("setting and cancelling over and over doesn't fill memory")
    func cancelled() {
        var queue = TimerQueue()
        for _ in 0..<10_000 { queue.cancel(queue.add(at: Uptime(microseconds: 0) + .seconds(3_600), {})) }
        #expect(queue.count == 0)
        #expect(queue.entryCount < 100)
    }
}
