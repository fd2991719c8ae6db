import RhizomeTesting
import Testing

@testable import RhizomeCore

/// Cutting into parts.
@Suite struct ChunksTests {
    @Test("parts that are weighed hold all in its order, and as much as they may; what is too heavy is alone")
    func weighing() {
        #expect([Int]().chunks(weighing: 5) { $0 }.isEmpty)
        #expect([9, 1, 2, 2, 1, 5, 9].chunks(weighing: 5) { $0 } == [[9], [1, 2, 2], [1], [5], [9]])
        #expect([0, 0, 0].chunks(weighing: 0) { $0 } == [[0, 0, 0]])
        withSeed { generator in
            for _ in 0..<200 {
                let count = Int.random(in: 0...40, using: &generator)
                let weights = (0..<count).map { _ in Int.random(in: 0...12, using: &generator) }
                let most = Int.random(in: 1...20, using: &generator)
                let chunks = weights.chunks(weighing: most) { $0 }
                #expect(chunks.flatMap(\.self) == weights)
                #expect(chunks.allSatisfy { $0.count == 1 || $0.reduce(0, +) <= most })
                // None could have taken the first of the next one as well.
                #expect(zip(chunks, chunks.dropFirst()).allSatisfy { $0.reduce(0, +) + $1[0] > most })
                #expect(weights.chunks(weighing: most) { _ in 1 } == weights.chunks(of: most))
            }
        }
    }
}
