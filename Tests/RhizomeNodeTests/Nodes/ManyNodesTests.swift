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

/// Nodes that reach each other directly, through others, or in one direction only (spec: peering.md, "Catching up").
@Suite(.timeLimit(.minutes(5))) struct ManyNodesTests {
    @Test("in a line the ends, which don't know each other's address, get each other's deltas through the middle")
    func line() async throws {
        let nodes = try ["alice", "bob", "carol"].map { try TestNode($0) }
        let (alice, bob, carol) = (nodes[0], nodes[1], nodes[2])
        try await TestNode.running(nodes) { running in
            try alice.trust(bob, at: running[1].network.requestAddress)
            try alice.trust(carol)
            try bob.trust(alice, at: running[0].network.requestAddress)
            try bob.trust(carol, at: running[2].network.requestAddress)
            try carol.trust(bob, at: running[1].network.requestAddress)
            try carol.trust(alice)
            let first = try await running[0].database.write([.name("Alice")])
            _ = try await running[2].database.write([.name("Carol")])
            try await eventually("both ends hold both") {
                try await holds(2, alice.log, carol.log)
            }
            let brought = try await carol.log.deltas(first.map(\.id)).first
            #expect(brought?.arrival.receivedFrom == bob.identity.publicKey)
            let next = try await running[0].database.write([.name("Alicia")])
            try await eventually("news travels on at once, not by the next timetable", within: .seconds(8)) {
                try await carol.log.contains(next.map(\.id)).count == 1
            }
        }
    }

    @Test("an author whom the middle doesn't trust isn't handed on by it")
    func untrustedMiddle() async throws {
        let nodes = try ["alice", "bob", "carol"].map { try TestNode($0) }
        let (alice, bob, carol) = (nodes[0], nodes[1], nodes[2])
        try await TestNode.running(nodes) { running in
            try alice.trust(bob, at: running[1].network.requestAddress)
            // Alice may connect to bob, but he doesn't take what she writes.
            try bob.trust(alice, may: [.connect])
            try bob.trust(carol, at: running[2].network.requestAddress)
            try carol.trust(bob, at: running[1].network.requestAddress)
            try carol.trust(alice)
            _ = try await running[0].database.write([.name("Alice")])
            let bobs = try await running[1].database.write([.name("Bob")])
            try await eventually("carol holds what bob wrote") {
                try await carol.log.contains(bobs.map(\.id)).count == 1
            }
            try await eventually("bob has put off what alice wrote") {
                running[1].database.ledger.counts(of: alice.identity.publicKey).deferrals[.unknownAuthor] ?? 0 > 0
            }
            #expect(try await bob.log.count() == 1)
            #expect(try await carol.log.count() == 1)
            try bob.trust(alice)
            try await eventually("with trust it comes from where it waited, and goes on to carol") {
                try await holds(2, carol.log, bob.log)
            }
        }
    }

    @Test("in a ring with one direction of addresses everything comes round")
    func ring() async throws {
        let nodes = try (0..<4).map { try TestNode("node\($0)") }
        try await TestNode.running(nodes) { running in
            for (place, node) in nodes.enumerated() {
                for (other, peer) in nodes.enumerated() where other != place {
                    try node.trust(peer, at: other == (place + 1) % 4 ? running[other].network.requestAddress : nil)
                }
            }
            for node in running { _ = try await node.database.write([.name("a"), .name("b")]) }
            try await eventually("all hold all") {
                for node in nodes where try await node.log.count() != 8 { return false }
                return true
            }
        }
    }

    @Test("whatever the topology, and whoever holds what at first, all nodes end with the same deltas")
    func randomTopology() async throws {
        try await withSeedAsync { generator in
            let nodes = try (0..<6).map { try TestNode("node\($0)") }
            let labels = (0..<20).map { "author\($0)" }
            var maker = DeltaMaker(time: Deltas.start)
            var all: Set<DeltaID> = []
            var parts: [[[UInt8]]] = nodes.map { _ in [] }
            for label in labels {
                let log = try maker.tangle(label, 50, using: &generator).map(\.delta)
                all.formUnion(log.map(\.id))
                // Each delta starts at one node or two.
                for delta in log {
                    for _ in 0..<2 { parts[Int.random(in: nodes.indices, using: &generator)].append(delta.bytes) }
                }
            }
            let keys = try labels.map { ($0, try TestAuthors.signer($0).publicKey) }
            for node in nodes {
                for (label, key) in keys { try node.trust(key, as: label, may: [.author]) }
            }
            // A random tree and two more edges; some are dialled from one side only.
            var edges: [(Int, Int)] = (1..<nodes.count).map { ($0, Int.random(in: 0..<$0, using: &generator)) }
            for _ in 0..<2 {
                let ends = Array(nodes.indices.shuffled(using: &generator).prefix(2))
                edges.append((ends[0], ends[1]))
            }
            let sides = edges.map { _ in Int.random(in: 0..<3, using: &generator) }
            let wires = parts.map { $0.shuffled(using: &generator) }
            let expected = all
            let links = edges
            try await TestNode.running(nodes) { running in
                for ((left, right), side) in zip(links, sides) {
                    try nodes[left].trust(nodes[right], at: side == 1 ? nil : running[right].network.requestAddress)
                    try nodes[right].trust(nodes[left], at: side == 2 ? nil : running[left].network.requestAddress)
                }
                for (node, wires) in zip(running, wires) {
                    for wire in wires { _ = try await node.database.submit(wire) }
                }
                try await eventually("all nodes hold all \(expected.count) deltas", within: .seconds(120)) {
                    for node in nodes where try await node.log.count() != Int64(expected.count) { return false }
                    return true
                }
            }
            for node in nodes { #expect(try await node.log.contains(Array(expected)).count == expected.count) }
        }
    }

    @Test("nodes with different topics on one network don't mix")
    func topics() async throws {
        let alice = try TestNode("alice")
        let bob = try TestNode("bob")
        let carol = try TestNode("carol")
        try await alice.running(topic: "test") { first in
            try await bob.running(topic: "test2") { second in
                try await carol.running(topic: "test") { third in
                    try alice.trust(bob, at: second.network.requestAddress)
                    try alice.trust(carol, at: third.network.requestAddress)
                    try bob.trust(alice, at: first.network.requestAddress)
                    try bob.trust(carol, at: third.network.requestAddress)
                    try carol.trust(alice, at: first.network.requestAddress)
                    try carol.trust(bob, at: second.network.requestAddress)
                    _ = try await first.database.write([.name("Alice")])
                    _ = try await second.database.write([.name("Bob")])
                    try await eventually("those with the same topic exchange") { try await carol.log.count() == 1 }
                    try await eventually("the others have met") {
                        let met = try await first.network.peers().contains {
                            $0.identity == second.database.identity && $0.lastSeen != nil
                        }
                        let metToo = try await second.network.peers().contains {
                            $0.identity == first.database.identity && $0.lastSeen != nil
                        }
                        return met && metToo
                    }
                    #expect(try await first.state(of: second.database.identity) != .connected)
                    #expect(try await bob.log.count() == 1)
                    #expect(try await alice.log.count() == 1)
                }
            }
        }
    }

    @Test("a delta from the future is kept, and taken up by itself once our clock has come that far")
    func future() async throws {
        let alice = try TestNode("alice")
        let bob = try TestNode("bob")
        let time = ManualClock(NodeClock.system.now - 600_000_000)
        try alice.trust(bob)
        try await alice.running { first in
            try bob.trust(alice, at: first.network.requestAddress)
            try await bob.running(clock: time.awakeClock) { second in
                _ = try await first.database.write([.name("Alice")])
                try await eventually("bob has put it off") {
                    second.database.ledger.counts(of: alice.identity.publicKey).deferrals[.future] ?? 0 > 0
                }
                #expect(try await bob.log.count() == 0)
                time.now += 600_000_000
                try await eventually("bob has taken it up") { try await bob.log.count() == 1 }
            }
        }
    }
}
