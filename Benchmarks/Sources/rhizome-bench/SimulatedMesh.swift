import Foundation
import MeshSimulation

/// What writes cost in networks of up to 10,000 nodes, simulated: how messages and times grow with their size.
enum SimulatedMesh {
    /// Writes in a network of that size: the larger, the fewer, so that none takes minutes.
    private static func writes(_ count: Int) -> Int { max(5, min(100, 20_000 / count)) }

    /// - Parameter seed: which networks and which delays.
    static func run(seed: UInt64) {
        print("simulated       delays of 1 to 20 ms, 1.5 ms to store a delta; seed \(seed)")
        for shape in [SimulatedNetwork.Shape.mesh, .random] {
            for count in [100, 1_000, 10_000] {
                for (name, lostOf, liarOf) in [("", 0, 0), (", one of 100 publications lost", 100, 0)] {
                    tell(shape, count, name, lostOf: lostOf, liarOf: liarOf, seed: seed)
                }
                if shape == .random { tell(shape, count, ", one of 20 lies", lostOf: 0, liarOf: 20, seed: seed) }
            }
        }
    }

    private static func tell(
        _ shape: SimulatedNetwork.Shape,
        _ count: Int,
        _ name: String,
        lostOf: Int,
        liarOf: Int,
        seed: UInt64
    ) {
        var generator = Seeded(state: seed)
        let network = SimulatedNetwork(shape, of: count, using: &generator)
        var settings = MeshSimulation.Settings()
        settings.writes = writes(count)
        settings.oneLostOf = lostOf
        settings.oneLiarOf = liarOf
        let outcome = MeshSimulation.run(network, settings, using: generator)
        let times = outcome.times.sorted().map { Duration.microseconds($0) }
        let messages = (outcome.perWriteAndNode * 100).rounded() / 100
        print(
            "  \(shape.rawValue) of \(count)\(name): \(messages) messages per write and node, at all nodes after "
                + "median \(times[times.count / 2].text), at most \(times[times.count - 1].text)"
                + (outcome.incomplete > 0 ? "; INCOMPLETE at \(outcome.incomplete)" : "")
        )
    }

    /// SplitMix64.
    private struct Seeded: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
            return mixed ^ (mixed >> 31)
        }
    }
}
