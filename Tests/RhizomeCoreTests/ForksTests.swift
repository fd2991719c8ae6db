import RhizomeCore
import Testing

@Suite struct ForksTests {
    /// What parts among siblings, by number, and how often it was asked what one reaches.
    private func parting(
        _ siblings: [Forks.Sibling<Int>],
        reach: (Int, Int64) -> [Int64: Int64] = { _, _ in [:] }
    ) -> (parting: [Int], asked: Int) {
        var asked = 0
        let parting = Forks.parting(siblings) { sibling, sequence in
            asked += 1
            return reach(sibling, sequence)
        }
        return (parting.sorted(), asked)
    }

    @Test("siblings along one branch don't part, and those with one sequence all do: nobody is asked what they reach")
    func plain() {
        let along = parting((0..<10_000).map { (node: $0, branch: 7, sequence: Int64($0)) })
        #expect(along.parting.isEmpty && along.asked == 0)
        let beside = parting((0..<10_000).map { (node: $0, branch: Int64($0), sequence: 5) })
        #expect(beside.parting == Array(0..<10_000) && beside.asked == 0)
    }

    @Test("siblings in branches of their own, each after the one before, are asked once, down to the one before")
    func chain() {
        let siblings = (0..<5_000).map { (node: $0, branch: Int64($0), sequence: 2 * Int64($0)) }
        let chain = parting(siblings.reversed()) { sibling, sequence in
            #expect(sequence == 2 * Int64(sibling - 1))
            return [Int64(sibling - 1): sequence]
        }
        #expect(chain.parting.isEmpty && chain.asked == 4_999)
    }

    @Test("siblings at two sequences are asked three times at most, however many part")
    func levels() {
        let siblings = (0..<5_000).map { (node: $0, branch: Int64($0), sequence: Int64($0 % 2)) }
        // Of those at the second sequence every other one is after one at the first.
        let levels = parting(siblings) { sibling, _ in sibling % 4 == 1 ? [Int64(sibling - 1): 0] : [:] }
        #expect(levels.parting == (0..<5_000).filter { $0 % 4 != 1 })
        #expect(levels.asked <= 3 * 5_000)
    }

    @Test("what parts are the first beside others after a common start, also far behind")
    func start() {
        // 0, 1 and 2 follow one another; 3 is after 0 alone, and 4 after 3.
        let siblings: [Forks.Sibling<Int>] = [
            (0, 0, 1), (1, 0, 2), (2, 0, 3), (3, 1, 9), (4, 1, 10),
        ]
        let found = parting(siblings) { sibling, _ in sibling == 3 ? [1: 9, 0: 1] : [:] }
        #expect(found.parting == [1, 3])
    }
}
