import DatabaseTesting
import RhizomeCore
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import Testing

@testable import RhizomeDatabase
@testable import RhizomeNode
@testable import RhizomePeering

/// How far a write has spread, and how far peers are behind one another (spec: http.md, `heldBy`).
@Suite struct SpreadingTests {
    @Test("after a write reached two peers its holders are both; neither is behind the other")
    func holders() async throws {
        let nodes = try ["alice", "bob", "carol"].map { try TestNode($0) }
        let (alice, bob, carol) = (nodes[0], nodes[1], nodes[2])
        for node in nodes { for other in nodes where other !== node { try node.trust(other) } }
        try await TestNode.running(nodes) { running in
            for (node, others) in [(alice, [1, 2]), (bob, [0]), (carol, [0])] {
                for other in others { try node.trust(nodes[other], at: running[other].network.requestAddress) }
            }
            let both = [bob.identity.publicKey, carol.identity.publicKey].sorted()
            for name in ["Alice", "Alicia"] {
                let written = try #require(try await running[0].database.write([.name(name)]).first)
                try await eventually("both are known to hold \(name)") {
                    try await running[0].network.holders(of: written) == both
                }
                #expect(try await bob.log.contains([written.id]) == [written.id])
                #expect(try await carol.log.contains([written.id]) == [written.id])
            }
            try await eventually("everybody knows that nothing is missing anywhere") {
                for (node, count) in zip(running, [2, 1, 1]) {
                    let lags = try await node.network.peers().dropFirst().compactMap { peer in
                        peer.behind.flatMap { behind in peer.ahead.map { [behind, $0] } }
                    }
                    guard lags.count == count, lags.allSatisfy({ $0 == [0, 0] }) else { return false }
                }
                return true
            }
        }
    }

    @Test("a peer that can't be reached is known to hold what it has pulled, once it goes on")
    func pullingOnly() async throws {
        let alice = try TestNode("alice")
        let bob = try TestNode("bob")
        try alice.trust(bob)
        try await alice.running { first in
            let written = try #require(try await first.database.write([.name("Alice"), .name("Alicia")]).first)
            #expect(try await first.network.holders(of: written).isEmpty)
            try bob.trust(alice, at: first.network.requestAddress)
            try await bob.running { _ in
                try await eventually("bob is known to hold it", within: .seconds(120)) {
                    try await first.network.holders(of: written) == [bob.identity.publicKey]
                }
                #expect(try await bob.log.count() == 2)
                #expect(try await first.network.peers().last?.ahead == nil, "he hasn't told all that he holds")
            }
        }
    }

    @Test("how far a peer is behind is told in deltas, and in the metrics by its petname")
    func lag() async throws {
        let alice = try TestNode("alice")
        let bob = try TestNode("bob")
        try alice.trust(bob)
        try await alice.running { first in
            _ = try await first.database.write((0..<30).map { .name("Alice \($0)") })
            // Bob reads from her, and doesn't want what she writes.
            try bob.trust(alice, at: first.network.requestAddress, may: [.connect])
            try await bob.running { second in
                try alice.trust(bob, at: second.network.requestAddress)
                try await eventually("alice knows what he lacks") {
                    try await first.network.peers().last?.ahead == 30
                }
                #expect(try await first.network.peers().last?.behind == 0)
                #expect(await first.metric("rhizome_peer_ahead_deltas{peer=\"bob\"}") == 30)
                try await eventually("bob, who wants nothing, isn't behind") {
                    try await second.network.peers().last?.behind == 0
                }
                try bob.trust(alice, at: first.network.requestAddress)
                try await eventually("he has caught up, and she knows") {
                    try await first.network.peers().last?.ahead == 0
                }
                #expect(await first.metric("rhizome_peer_ahead_deltas{peer=\"bob\"}") == 0)
                #expect(await second.metric("rhizome_peer_deltas_total{peer=\"alice\",decision=\"accept\"}") == 30)
                #expect(await second.metric("rhizome_commit_seconds_count") > 0)
                #expect(await second.metric("rhizome_verify_seconds_count") > 0)
                #expect(await second.metric("rhizome_connections_authenticated_total") > 0)
            }
        }
    }
}
