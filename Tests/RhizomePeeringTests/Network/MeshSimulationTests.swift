import MeshSimulation
import RhizomeTesting
import Testing

/// How writes spread in networks of a hundred nodes, simulated (spec: peering.md, "Publications").
@Suite(.timeLimit(.minutes(2))) struct MeshSimulationTests {
    private func run(
        _ shape: SimulatedNetwork.Shape,
        of count: Int = 100,
        seed: UInt64? = nil,
        _ change: (inout MeshSimulation.Settings) -> Void = { _ in }
    ) -> (outcome: MeshSimulation.Outcome, seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let network = SimulatedNetwork(shape, of: count, using: &generator)
        var settings = MeshSimulation.Settings()
        change(&settings)
        return (MeshSimulation.run(network, settings, using: generator), generator.seed)
    }

    private func late(_ outcome: MeshSimulation.Outcome) -> Int64 { outcome.times.max() ?? 0 }

    @Test("in a mesh each node gets each write in one message, whatever the mesh's size", arguments: [3, 10, 100, 300])
    func mesh(count: Int) {
        let (outcome, seed) = run(.mesh, of: count)
        #expect(outcome.incomplete == 0 && outcome.announcements == 0 && outcome.duplicates == 0, "seed \(seed)")
        #expect(outcome.messages == 20 * (count - 1), "seed \(seed)")
        #expect(late(outcome) <= 21_500, "one way and storing it, seed \(seed)")
    }

    @Test(
        "in other networks all hold all, and what a write takes doesn't grow with their size",
        arguments: [30, 100, 300]
    )
    func random(count: Int) {
        let (outcome, seed) = run(.random, of: count)
        #expect(outcome.incomplete == 0, "seed \(seed)")
        #expect(outcome.perWriteAndNode < 8, "seed \(seed)")
    }

    @Test(
        "in chains, rings and stars a write takes as long as its way",
        arguments: [SimulatedNetwork.Shape.chain, .ring, .star]
    )
    func sparse(shape: SimulatedNetwork.Shape) {
        let (outcome, seed) = run(shape, of: 20)
        #expect(outcome.incomplete == 0, "seed \(seed)")
        // A hop is an announcement, a request and its answer; after a pause nobody waits.
        let hops: Int64 = shape == .star ? 2 : 19
        #expect(late(outcome) <= hops * (3 * 20_000 + 1_500), "seed \(seed)")
    }

    @Test(
        "what is lost is noticed by its number, or found as news within a minute",
        arguments: SimulatedNetwork.Shape.allCases
    )
    func lost(shape: SimulatedNetwork.Shape) {
        let (outcome, seed) = run(shape, of: 30) { $0.oneLostOf = 20 }
        #expect(outcome.incomplete == 0, "seed \(seed)")
        let hops: Int64 = shape == .mesh ? 1 : shape == .star ? 2 : shape == .random ? 10 : 29
        #expect(late(outcome) <= hops * 61_000_000, "seed \(seed)")
    }

    @Test("who says that everybody is its neighbour, and tells nothing on, keeps nothing from anybody else")
    func liars() {
        let (honest, seed) = run(.random)
        let (outcome, _) = run(.random, seed: seed) { $0.oneLiarOf = 10 }
        #expect(outcome.incomplete == 0, "seed \(seed)")
        #expect(late(outcome) <= 61_000_000 + late(honest), "seed \(seed)")
    }

    @Test("the same seed gives the same figures")
    func repeatable() {
        let (first, seed) = run(.random) { $0.oneLostOf = 50 }
        let (second, _) = run(.random, seed: seed) { $0.oneLostOf = 50 }
        #expect(first.times == second.times && first.messages == second.messages)
    }
}
