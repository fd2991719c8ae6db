import RhizomeCore
import RhizomeTesting
import Testing

@Suite struct BranchArithmeticTests {
    @Test("a log in memory that computes by branches keeps each rule of a log", arguments: DeltaLogRule.all)
    func rule(_ rule: DeltaLogRule) async throws {
        try await rule.check { body in try await body(BranchedLog()) }
    }

    @Test("what is computed by branches is what looking through a whole tangled log finds")
    func plainLog() async throws {
        for _ in 0..<10 {
            try await withSeedAsync { generator in
                var maker = DeltaMaker()
                let (plain, branched) = (InMemoryDeltaLog(), BranchedLog())
                // Two logs, one among the other, in parts of any size.
                let tangles = try ["alice", "bob"].map { label in
                    try maker.tangle(label, Int.random(in: 1...80, using: &generator), using: &generator)
                }
                var waiting = tangles.map { $0[...] }
                while let index = waiting.indices.filter({ !waiting[$0].isEmpty }).randomElement(using: &generator) {
                    let part = Array(waiting[index].prefix(Int.random(in: 1...20, using: &generator)))
                    waiting[index].removeFirst(part.count)
                    _ = try await plain.append(part, cursors: [:])
                    _ = try await branched.append(part, cursors: [:])
                    let author = part[0].delta.author
                    let seed = "seed \(generator.seed)"
                    #expect(try await branched.heads(of: author) == plain.heads(of: author), "\(seed)")
                    #expect(try await branched.locators(of: author) == plain.locators(of: author), "\(seed)")
                    #expect(
                        try await branched.forks(of: author, limit: 100) == plain.forks(of: author, limit: 100),
                        "\(seed)"
                    )
                }
            }
        }
    }
}
