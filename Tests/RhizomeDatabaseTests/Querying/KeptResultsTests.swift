import Bytes
import DatabaseTesting
import RhizomeCore
import RhizomeQueries
import RhizomeTesting
import StrictJSON
import Testing

@testable import RhizomeDatabase

/// Results of which more pages may be asked for, and queries that wait for their turn (spec: query.md).
@Suite struct KeptResultsTests {
    private static func answer(_ text: String) async throws -> QueryAnswer {
        let query = #"{"query":{"values":{"columns":["a"],"rows":[["\#(text)"]]}}}"#
        return try await QueriedDatabase().database.query(QueriedDatabase.query(query))
    }

    @Test("a result is kept for a minute after it was asked for last")
    func time() async throws {
        let clock = ManualClock(1_735_689_600_000_001)
        let kept = KeptResults { [clock = clock.clock] in clock.uptime }
        kept.keep(try await Self.answer("x"), [1])
        clock.advance(.seconds(59))
        #expect(kept.answer([1])?.result.count == 1 && kept.answer([2]) == nil)
        clock.advance(.seconds(59))
        #expect(kept.answer([1]) != nil)
        clock.advance(.seconds(60))
        #expect(kept.answer([1]) == nil)
    }

    @Test("what was asked for longest ago makes room; what is too large isn't kept")
    func room() async throws {
        let clock = ManualClock(1_735_689_600_000_001)
        let kept = KeptResults(bytes: 5_000) { [clock = clock.clock] in clock.uptime }
        for number in 1...2 {
            kept.keep(try await Self.answer(String(repeating: "x", count: 2_000)), [UInt8(number)])
            clock.advance(.seconds(1))
        }
        #expect(kept.answer([1]) != nil)
        kept.keep(try await Self.answer(String(repeating: "y", count: 2_000)), [3])
        #expect(kept.answer([1]) != nil && kept.answer([2]) == nil && kept.answer([3]) != nil)
        kept.keep(try await Self.answer(String(repeating: "z", count: 6_000)), [4])
        #expect(kept.answer([4]) == nil && kept.answer([3]) != nil)
    }

    @Test("four queries run at a time and sixteen wait; the next one is told to come again")
    func turns() async throws {
        let desk = QueryDesk(patience: .seconds(3_600))
        let gate = Gate()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<QueryDesk.running + QueryDesk.waiting {
                group.addTask { try await desk.run { await gate.pass() } }
            }
            try await eventually("sixteen wait") { desk.waitingCount == QueryDesk.waiting }
            await #expect(throws: DeltaLogError(.busy, "")) { try await desk.run {} }
            gate.open()
            try await group.waitForAll()
        }
        try await desk.run {}
    }
}
