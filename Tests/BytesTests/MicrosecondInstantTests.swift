import Bytes
import RhizomeTesting
import Testing

@Suite struct MicrosecondInstantTests {
    @Test("what is added and the difference are the same number of µs, and the order is that of the numbers")
    func arithmetic() {
        withSeed { random in
            for _ in 0..<1_000 {
                let start = Timestamp(Int64.random(in: -(1 << 60)...1 << 60, using: &random))
                let microseconds = Int64.random(in: -(1 << 60)...1 << 60, using: &random)
                let end = start + .microseconds(microseconds)
                #expect(end.microseconds == start.microseconds + microseconds)
                #expect(end - start == .microseconds(microseconds))
                #expect(end - .microseconds(microseconds) == start)
                #expect((start < end) == (microseconds > 0))
            }
        }
        #expect(Timestamp(microseconds: 3) + .nanoseconds(1_999) == Timestamp(microseconds: 4))
        #expect(Timestamp(microseconds: 3).next == Timestamp(microseconds: 4))
    }

    @Test("what goes beyond the ends stays there")
    func ends() {
        #expect(Uptime.max + .microseconds(1) == .max)
        #expect(Uptime.min - .microseconds(1) == .min)
        #expect(Uptime(microseconds: 0) + .seconds(Int64.max) == .max)
        #expect(Uptime(microseconds: 0) - .seconds(Int64.max) == .min)
        #expect(Uptime.max - .min == .microseconds(Int64.max))
        #expect(Uptime.min - .max == .microseconds(Int64.min))
        #expect(Timestamp.max.next == .max)
    }

    @Test("a duration's whole µs are cut towards zero")
    func durations() {
        #expect(Duration.nanoseconds(1_999).microseconds == 1)
        #expect(Duration.nanoseconds(-1_999).microseconds == -1)
        #expect(Duration.seconds(-2).microseconds == -2_000_000)
        #expect(Duration.microseconds(Int64.min).microseconds == .min)
        #expect(Duration.microseconds(Int64.max).microseconds == .max)
    }
}
