import DatabaseTesting
import RhizomeIdentity
import RhizomeTesting
import Testing

@testable import RhizomeDatabase
@testable import RhizomeNode
@testable import RhizomePeering

/// Peers that move are found through others (spec: meeting.md, "Addresses").
@Suite(.timeLimit(.minutes(5))) struct MovingTests {
    /// Three that trust each other, each with the others' addresses.
    private func friends() throws -> [TestNode] {
        let nodes = try ["alice", "bob", "carol"].map { try TestNode($0, at: LoopbackHost.next()) }
        for node in nodes {
            for other in nodes where other !== node { try node.trust(other, at: other.addresses[0]) }
        }
        return nodes
    }

    private func areConnected(_ node: Node, _ other: TestNode) async throws -> Bool {
        try await node.state(of: other.identity.publicKey) == .connected
    }

    @Test("a peer that moved is gone to where it says that it is, and where it was isn't forgotten")
    func moved() async throws {
        let nodes = try friends()
        let (alice, bob, carol) = (nodes[0], nodes[1], nodes[2])
        try await carol.running(isTold: true) { third in
            try await alice.running(isTold: true) { first in
                try await bob.running(isTold: true) { second in
                    try await eventually("all are connected") {
                        let all = (
                            try await areConnected(first, bob), try await areConnected(second, carol),
                            try await areConnected(third, bob)
                        )
                        return all == (true, true, true)
                    }
                }
                let start = ContinuousClock.now
                let elsewhere = LoopbackHost.next()
                try await bob.running(at: elsewhere, isTold: true) { second in
                    // Bob goes to alice, who was told by that; that she goes to bob is what is meant.
                    try await eventually("alice has found bob", within: .seconds(180)) {
                        await first.network.peering.states()[bob.identity.publicKey]?.phase == .connected
                    }
                    print("found after \(ContinuousClock.now - start), promised within 90 s")
                    let status = try #require(
                        try await first.network.peers().first { $0.identity == bob.identity.publicKey }
                    )
                    #expect(status.requestAddress == "\(elsewhere):4000")
                    #expect(status.addresses.map(\.source) == [.journal, .record])
                    #expect(try await areConnected(second, alice))
                }
            }
        }
    }

    @Test("two that move at once find each other through a third")
    func bothMoved() async throws {
        let nodes = try friends()
        let (alice, bob, carol) = (nodes[0], nodes[1], nodes[2])
        try await carol.running(isTold: true) { third in
            let start = ContinuousClock.now
            try await alice.running(at: LoopbackHost.next(), isTold: true) { first in
                try await bob.running(at: LoopbackHost.next(), isTold: true) { second in
                    try await eventually("both have found each other", within: .seconds(180)) {
                        let phases = (
                            await first.network.peering.states()[bob.identity.publicKey]?.phase,
                            await second.network.peering.states()[alice.identity.publicKey]?.phase
                        )
                        return phases == (.connected, .connected)
                    }
                    print("both found after \(ContinuousClock.now - start), promised within 90 s")
                    _ = try await first.database.write([.name("a")])
                    try await eventually("bob has it") { try await bob.log.count() == 1 }
                    #expect(try await areConnected(third, bob))
                }
            }
        }
    }

    @Test("a node that tells peers the address at which they see it is gone to there")
    func seen() async throws {
        let alice = try TestNode("alice", at: LoopbackHost.next())
        let bob = try TestNode("bob", at: LoopbackHost.next())
        try bob.trust(alice, at: alice.addresses[0])
        try alice.trust(bob)
        try await alice.running { first in
            try await bob.running(isHostSeen: true) { _ in
                // On loopback every node comes from 127.0.0.1, so that is what bob is told, and tells.
                try await eventually("bob tells what alice sees") {
                    first.network.known.book.addresses(of: bob.identity.publicKey).map(\.host) == ["127.0.0.1"]
                }
            }
        }
    }
}
