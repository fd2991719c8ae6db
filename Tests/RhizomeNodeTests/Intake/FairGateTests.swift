import RhizomeTesting
import Testing

@testable import RhizomeNode

/// Turns between those who bring work.
@Suite(.timeLimit(.minutes(1))) struct FairGateTests {
    private actor Order {
        private(set) var sources: [String] = []
        func add(_ source: String) { sources.append(source) }
    }

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

    @Test("with one slot, a source that comes after a hundred pieces of another waits for one of them")
    func fair() async throws {
        let gate = FairGate<String>(slots: 1)
        let hold = Gate()
        let order = Order()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await gate.run(as: "flood") { await hold.pass() } }
            try? await eventually("the slot is taken") { hold.isReached }
            for _ in 0..<100 {
                group.addTask { await gate.run(as: "flood") { await order.add("flood") } }
            }
            try? await eventually("all wait") { gate.waiting == 100 }
            group.addTask { await gate.run(as: "honest") { await order.add("honest") } }
            try? await eventually("it waits too") { gate.waiting == 101 }
            hold.open()
        }
        #expect(await order.sources.firstIndex(of: "honest") == 1)
        #expect(await order.sources.count == 101)
    }

    @Test("one source's slots are its own: when they are taken another one's are free")
    func slotsOfEach() async throws {
        let gate = FairGate<String>(slotsOfEach: 2)
        let hold = Gate()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<5 { group.addTask { await gate.run(as: "flood") { await hold.pass() } } }
            try? await eventually("three wait") { gate.waiting == 3 }
            // Ends although those wait.
            await gate.run(as: "honest") {}
            hold.open()
        }
        #expect(gate.waiting == 0)
    }

    @Test("a map keeps the order, in pieces or whole")
    func map() async {
        for count in [0, 1, 8, 9, 100, 3_000] {
            for slots in [1, 2, 5] {
                let gate = FairGate<Int>(slots: slots)
                #expect(await gate.map(Array(0..<count), as: 0) { $0 * 2 } == (0..<count).map { $0 * 2 })
            }
        }
    }
}
