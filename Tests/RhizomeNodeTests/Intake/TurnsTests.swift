import Locks
import RhizomeTesting
import Testing

@testable import RhizomeNode

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

    @Test("one source's slots are its own: when they are taken another one's are free")
    func slots() async throws {
        let gate = SourceGate<String>(slots: 2)
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
