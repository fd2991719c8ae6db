import Bytes
import DatabaseTesting
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import Testing

@testable import RhizomeCore
@testable import RhizomeDatabase
@testable import RhizomeNode
@testable import RhizomePeering

/// Twenty nodes that few links join, while links are cut and nodes end and come back.
@Suite(.timeLimit(.minutes(60))) struct SparseGraphTests {
    /// What happens, drawn before it begins, so that the seed repeats it.
    private struct Plan: Sendable {
        /// A random tree, and half as many links more.
        let links: [(from: Int, to: Int)]
        /// Of each node, how long its lives last and what it writes in each, in ms.
        let lives: [[(lasts: Int, writes: Int)]]
        /// Which link has which way next, and for how long that stays, in ms.
        let cuts: [(link: Int, way: TCPProxy.Conditions.Way, lasts: Int)]

        init(nodes: Int, rounds: Int, using generator: inout SeededGenerator) {
            var links = (1..<nodes).map { (from: $0, to: Int.random(in: 0..<$0, using: &generator)) }
            while links.count < nodes * 3 / 2 {
                let ends = Array((0..<nodes).shuffled(using: &generator).prefix(2))
                links.append((from: ends[0], to: ends[1]))
            }
            self.links = links
            lives = (0..<nodes).map { _ in
                (0..<rounds).map { _ in
                    (
                        lasts: Int.random(in: 300...1500, using: &generator),
                        writes: Int.random(in: 0...4, using: &generator)
                    )
                }
            }
            cuts = (0..<rounds * 10).map { _ in
                (
                    link: Int.random(in: links.indices, using: &generator),
                    way: [.open, .closed, .silent][Int.random(in: 0..<3, using: &generator)],
                    lasts: Int.random(in: 20...200, using: &generator)
                )
            }
        }
    }

    @Test("twenty nodes in a sparse graph end with equal heads, whatever was written, ended and cut meanwhile")
    func converges() async throws {
        try await withSeedAsync { generator in
            let seed = generator.seed
            let plan = Plan(nodes: 20, rounds: TestSchedule.rounds(2, soak: 40), using: &generator)
            let nodes = try (0..<20).map { try TestNode("node\($0)", at: LoopbackHost.next()) }
            for node in nodes {
                for other in nodes where other !== node {
                    try node.trust(other, may: [.author])
                }
            }
            try await Self.withProxies(plan.links[...], nodes, []) { proxies in
                for (link, proxy) in zip(plan.links, proxies) {
                    // One side goes to the other; who is gone to can only answer, or is asked.
                    try nodes[link.from].trust(nodes[link.to], at: proxy.address)
                    try nodes[link.to].trust(nodes[link.from])
                }
                let all = try await withThrowingTaskGroup(of: Set<DeltaID>.self) { group in
                    for (node, lives) in zip(nodes, plan.lives) {
                        group.addTask {
                            var written: Set<DeltaID> = []
                            for life in lives {
                                let ids = try await node.running { running in
                                    var ids: [DeltaID] = []
                                    for number in 0..<life.writes {
                                        ids += try await running.database.write([.name("\(number)")]).map(\.id)
                                        try await Task.sleep(for: .milliseconds(life.lasts / 5))
                                    }
                                    try await Task.sleep(for: .milliseconds(life.lasts / 5))
                                    return ids
                                }
                                written.formUnion(ids)
                            }
                            return written
                        }
                    }
                    group.addTask {
                        for cut in plan.cuts {
                            try await proxies[cut.link].change { $0.way = cut.way }
                            try await Task.sleep(for: .milliseconds(cut.lasts))
                        }
                        return []
                    }
                    return try await group.reduce(into: Set()) { $0.formUnion($1) }
                }
                for proxy in proxies { try await proxy.change { $0.way = .open } }
                let start = ContinuousClock.now
                try await TestNode.running(nodes) { _ in
                    try await eventually("all hold all \(all.count)", within: .seconds(300)) {
                        try await Self.hold(all.count, nodes)
                    }
                }
                print(
                    "\(all.count) deltas at all twenty \(ContinuousClock.now - start) after the last start, seed \(seed)"
                )
                let heads = try await nodes[0].log.heads(after: nil, limit: 1000)
                for node in nodes {
                    #expect(try await node.log.heads(after: nil, limit: 1000) == heads, "\(node.name), seed \(seed)")
                    #expect(try await node.log.contains(Array(all)).count == all.count, "\(node.name), seed \(seed)")
                    #expect(
                        try await node.log.forks(of: node.identity.publicKey, limit: 1).isEmpty,
                        "\(node.name), seed \(seed)"
                    )
                }
            }
        }
    }

    private static func hold(_ count: Int, _ nodes: [TestNode]) async throws -> Bool {
        for node in nodes where try await node.log.count() != Int64(count) { return false }
        return true
    }

    /// A proxy for each link, at its far end.
    private static func withProxies(
        _ links: ArraySlice<(from: Int, to: Int)>,
        _ nodes: [TestNode],
        _ proxies: [TCPProxy],
        _ body: ([TCPProxy]) async throws -> Void
    ) async throws {
        guard let link = links.first else { return try await body(proxies) }
        try await TCPProxy.running(to: nodes[link.to].addresses) { proxy in
            try await withProxies(links.dropFirst(), nodes, proxies + [proxy], body)
        }
    }
}
