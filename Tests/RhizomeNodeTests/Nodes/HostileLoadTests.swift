import Bytes
import DeterministicCBOR
import RhizomeIdentity
import RhizomeTesting
import SignedLog
import Testing

@testable import RhizomeCore
@testable import RhizomeNode

/// What a trusted peer sends in masses, while an honest one's writes must still arrive (ATTACKS.md, rows 11, 15, 16).
@Suite(.timeLimit(.minutes(5)), .serialized) struct HostileLoadTests {
    /// Lends a node, an honest one whose writes arrive there, and a raw peer that has greeted it.
    private static func running(
        _ log: InMemoryDeltaLog = InMemoryDeltaLog(),
        records: LogRecords = LogRecords(),
        _ body: @Sendable (_ alice: TestNode, _ node: Node, _ bob: Node, RawPeer) async throws -> Void
    ) async throws {
        let alice = try TestNode("alice", log: log)
        let bob = try TestNode("bob")
        try bob.trust(alice)
        try await RawPeer.running { peer, _ in
            try alice.trust(peer.key, as: "raw")
            try await bob.running { honest in
                try alice.trust(bob, at: honest.requestAddress)
                try await alice.running(logger: records.logger) { node in
                    try await eventually("the honest peer is connected") {
                        try await node.state(of: bob.identity.publicKey) == .connected
                    }
                    try await peer.connect(to: node)
                    try await peer.subscribe(to: node)
                    try await peer.greet()
                    try await body(alice, node, honest, peer)
                }
            }
        }
    }

    @Test("a flood of requests is answered busy, then its sender is turned away and named once; honest writes arrive")
    func requests() async throws {
        let records = LogRecords()
        try await Self.running(records: records) { alice, node, bob, peer in
            try await HonestWrites.expect("a flood of requests", from: bob, at: alice) {
                try await peer.flood(PeerRequest.heads(after: nil, limit: 10_000).encoded, count: 4_000)
                try await eventually("it is turned away") {
                    if node.ledger.isPenalised(peer.key) { return true }
                    try await peer.flood(PeerRequest.heads(after: nil, limit: 10_000).encoded, count: 1_000)
                    return false
                }
            }
            #expect(peer.answered.busy > 0)
            #expect(await node.metric("rhizome_busy_requests_total") > 1_000)
            #expect(node.ledger.badInput >= 1_000)
            #expect(records.records.count { $0.text.contains("turned away") } == 1)
        }
    }
}
