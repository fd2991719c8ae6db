import Testing

@testable import RhizomeViews

@Suite struct MemoTests {
    @Test("what is kept is found until others need the room, what was used longest ago going first")
    func eviction() {
        let memo = Memo<Int, String>(capacity: 80)
        for key in 0..<8 { memo.keep("\(key)", of: key, cost: 10) }
        #expect(memo.cost == 80)
        #expect(memo.value(of: 0) == "0")
        memo.keep("8", of: 8, cost: 10)
        #expect(memo.cost == 70)
        #expect(memo.value(of: 0) == "0" && memo.value(of: 8) == "8")
        #expect(memo.value(of: 1) == nil && memo.value(of: 2) == nil && memo.value(of: 3) == "3")
    }

    @Test("a value replaces the one before, and one that takes more than an eighth isn't kept")
    func replacing() {
        let memo = Memo<Int, String>(capacity: 80)
        memo.keep("a", of: 1, cost: 10)
        memo.keep("b", of: 1, cost: 4)
        #expect(memo.value(of: 1) == "b" && memo.cost == 4)
        memo.keep("c", of: 2, cost: 11)
        #expect(memo.value(of: 2) == nil && memo.cost == 4)
    }
}
