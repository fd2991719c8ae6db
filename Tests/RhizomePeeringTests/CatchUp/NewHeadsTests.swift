import RhizomeCore
import RhizomeTesting
import SignedStatements
import Testing

@testable import RhizomePeering

/// What publications tell of others' logs (spec: peering.md, "Publications").
@Suite struct NewHeadsTests {
    @Test("of deltas that came one after the other the heads are told, however they are gathered")
    func gathered() async throws {
        for _ in 0..<20 {
            try await withSeedAsync { generator in
                var maker = DeltaMaker()
                let log = InMemoryDeltaLog()
                let old = try maker.tangle("alice", 20, using: &generator)
                _ = try await log.append(old, cursors: [:])
                let before = Set(try await log.heads(of: try maker.author("alice")).map(\.id))
                let new = try maker.tangle("alice", 20, using: &generator) + maker.chain("bob", 3)
                var told = NewHeads()
                var rest = new.map(\.delta)[...]
                while !rest.isEmpty {
                    var part = NewHeads()
                    for delta in rest.prefix(Int.random(in: 1...9, using: &generator)) {
                        part.add(delta)
                        rest.removeFirst()
                    }
                    told.add(part)
                }
                _ = try await log.append(new, cursors: [:])
                let now = try await log.heads(after: nil, limit: 100).filter { !before.contains($0.id) }
                #expect(Set(told.all) == Set(now), "seed \(generator.seed)")
                #expect(told.authors == Set(now.map(\.author)))
                #expect(!told.isEmpty)
            }
        }
    }

    @Test("of more heads than a page has those beyond are left out")
    func bounded() throws {
        var maker = DeltaMaker()
        var heads = NewHeads()
        var later = NewHeads()
        #expect(heads.isEmpty)
        for number in 0..<PeeringLimits.headsPage + 10 {
            let delta = try maker.delta("alice").delta
            if number < PeeringLimits.headsPage - 5 { heads.add(delta) } else { later.add(delta) }
        }
        #expect(heads.all.count == PeeringLimits.headsPage - 5)
        heads.add(later)
        #expect(heads.all.count == PeeringLimits.headsPage)
    }
}
