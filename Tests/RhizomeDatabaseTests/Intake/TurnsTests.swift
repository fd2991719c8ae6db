import DatabaseTesting
import Locks
import RhizomeTesting
import Testing

@testable import RhizomeDatabase

/// Turns between those who bring work.
@Suite(.timeLimit(.minutes(1))) struct TurnsTests {
    @Test("each source gives one in its turn, in the order in which it came; one taken out of turn counts as its turn")
    func turns() {
        var turns = Turns<String, Int>()
        #expect(turns.next() == nil && turns.next(of: "a") == nil && turns.sources.isEmpty)
        for number in 0..<4 { turns.append(number, of: "a") }
        turns.append(10, of: "b")
        turns.append(20, of: "c")
        turns.append(21, of: "c")
        #expect(turns.count == 7 && turns.sources == ["a", "b", "c"])
        #expect(turns.next() == 0)
        #expect(turns.next(of: "c") == 20)
        #expect(turns.sources == ["b", "a", "c"])
        var rest: [Int] = []
        while let next = turns.next() { rest.append(next) }
        #expect(rest == [10, 1, 21, 2, 3])
        #expect(turns.count == 0 && turns.sources.isEmpty)
    }

    @Test("what is under way takes so much memory and no more; what waits enters in turns, a little of each at once")
    func memory() async throws {
        let gate = SourceGate<String>(room: 100, own: 10)
        let hold = Gate()
        let seen = Lock<(taken: Int, most: Int, done: [String])>((0, 0, []))
        let work: @Sendable (String, Int) async -> Void = { source, weight in
            await gate.run(as: source, weighing: weight) {
                seen.withLock { seen in
                    seen.taken += weight
                    seen.most = max(seen.most, seen.taken)
                }
                await hold.pass()
                seen.withLock { seen in
                    seen.taken -= weight
                    seen.done.append(source)
                }
            }
        }
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<10 { group.addTask { await work("flood", 40) } }
            try? await eventually("eight wait") { gate.waiting == 8 }
            group.addTask { await work("honest", 40) }
            try? await eventually("nine wait") { gate.waiting == 9 }
            // Ends although those wait.
            await gate.run(as: "honest", weighing: 10) {}
            #expect(gate.waiting == 9)
            // More of one's own than that waits like all else.
            group.addTask { await work("late", 11) }
            try? await eventually("ten wait") { gate.waiting == 10 }
            hold.open()
        }
        #expect(gate.waiting == 0)
        seen.withLock { seen in
            #expect(seen.taken == 0 && seen.most <= 100, "\(seen.most)")
            // The two under way, one more in its turn, and then the others.
            #expect(seen.done.firstIndex(of: "honest") ?? 99 < 6 && seen.done.firstIndex(of: "late") ?? 99 < 7)
        }
        // What there is never room for runs alone.
        await gate.run(as: "large", weighing: 1_000) {}
    }

    @Test("whatever comes and goes, nothing waits at a gate for ever")
    func memoryIsGivenBack() async throws {
        await withSeedAsync { generator in
            let gate = SourceGate<Int>(room: 64, own: 8)
            let pieces = (0..<500).map { _ in
                (Int.random(in: 0..<5, using: &generator), Int.random(in: 0...80, using: &generator))
            }
            await withTaskGroup(of: Void.self) { group in
                for (source, weight) in pieces {
                    group.addTask { await gate.run(as: source, weighing: weight) { await Task.yield() } }
                }
            }
            #expect(gate.waiting == 0)
        }
    }

    @Test("one source's slots are its own: when they are taken another one's are free")
    func slots() async throws {
        let gate = SourceGate<String>(own: 2)
        let hold = Gate()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<5 { group.addTask { await gate.run(as: "flood") { await hold.pass() } } }
            try? await eventually("three wait") { gate.waiting == 3 }
            // Ends although those wait.
            await gate.run(as: "honest") {}
            #expect(gate.waiting == 3)
            hold.open()
        }
        #expect(gate.waiting == 0)
        await gate.run(as: "flood") {}
    }
}
