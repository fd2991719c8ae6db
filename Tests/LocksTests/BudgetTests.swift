import Testing

@testable import Locks

@Suite struct BudgetTests {
    private struct Refused: Error {}

    /// What ran, in order.
    private actor Runs {
        private(set) var numbers: [Int] = []

        func add(_ number: Int) { numbers.append(number) }
    }

    /// Waits until so many wait.
    private static func wait(for count: Int, in budget: Budget) async throws {
        while budget.waitingCount != count { try await Task.sleep(for: .milliseconds(1)) }
    }

    @Test("what goes beyond the budget waits, and gets its turn in the order of coming")
    func order() async throws {
        let budget = Budget(limit: 2)
        let (first, second) = (AsyncStream.makeStream(of: Void.self), AsyncStream.makeStream(of: Void.self))
        let runs = Runs()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for stream in [first.stream, second.stream] {
                group.addTask { try await budget.run(taking: 1, orThrow: Refused()) { for await _ in stream {} } }
            }
            while budget.taken != 2 { await Task.yield() }
            for number in 0..<5 {
                try await Self.wait(for: number, in: budget)
                group.addTask { try await budget.run(taking: 1, orThrow: Refused()) { await runs.add(number) } }
            }
            try await Self.wait(for: 5, in: budget)
            #expect(await runs.numbers.isEmpty)
            first.continuation.finish()
            while await runs.numbers.count < 5 { try await Task.sleep(for: .milliseconds(1)) }
            #expect(await runs.numbers == [0, 1, 2, 3, 4])
            second.continuation.finish()
            try await group.waitForAll()
        }
        #expect(budget.taken == 0)
    }

    @Test("who waits too long is refused, and who is cancelled waits no longer and keeps nobody back")
    func patience() async throws {
        let brief = Budget(limit: 1, patience: .milliseconds(1))
        #expect(brief.take(1))
        #expect(try await !brief.wait(for: 1))
        let budget = Budget(limit: 4, patience: .seconds(3_600))
        #expect(budget.take(3))
        let large = Task { try await budget.wait(for: 4) }
        try await Self.wait(for: 1, in: budget)
        let small = Task { try await budget.wait(for: 1) }
        try await Self.wait(for: 2, in: budget)
        large.cancel()
        await #expect(throws: CancellationError.self) { try await large.value }
        #expect(try await small.value)
        #expect(budget.taken == 4)
        budget.give(4)
        #expect(budget.taken == 0)
    }

    @Test("what is taken at once never goes beyond the budget, and goes before who waits only where it adds to some")
    func taking() async throws {
        let budget = Budget(limit: 10, patience: .seconds(3_600))
        #expect(budget.take(4))
        #expect(!budget.take(7))
        #expect(budget.take(2))
        let waiting = Task { try await budget.wait(for: 8) }
        try await Self.wait(for: 1, in: budget)
        #expect(!budget.take(1))
        #expect(budget.take(1, holding: 4))
        #expect(!budget.take(4, holding: 5))
        budget.give(5)
        #expect(try await waiting.value)
        #expect(budget.taken == 10)
    }

    @Test("what is larger than the budget is taken once nobody else has any")
    func large() async throws {
        let budget = Budget(limit: 10, patience: .seconds(3_600))
        #expect(budget.take(4))
        #expect(budget.take(20, holding: 4))
        let waiting = Task { try await budget.wait(for: 50) }
        try await Self.wait(for: 1, in: budget)
        budget.give(14)
        #expect(budget.taken == 10)
        #expect(budget.waitingCount == 1)
        budget.give(10)
        #expect(try await waiting.value)
        #expect(budget.taken == 50)
        #expect(!budget.take(1))
    }
}
