import Foundation
import RhizomeTesting
import Testing

/// `rhizome-keys` beside nodes that run (spec: identity.md, peering.md).
@Suite(.timeLimit(.minutes(5))) struct TrustTests {
    /// Waits, and tells how long it took.
    private static func time(
        _ what: String,
        promised: Duration,
        _ condition: () async throws -> Bool
    ) async throws {
        let start = ContinuousClock.now
        try await eventually(what, within: promised * 10, condition)
        print("\(what): after \(ContinuousClock.now - start), promised within \(promised)")
    }

    @Test("trust and distrust take effect in nodes that run: who knocks is shown, let in, served, and cut off again")
    func inMotion() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let alice = try await NodeHome.make("alice", in: folder, at: LoopbackHost.next())
                let bob = try await NodeHome.make("bob", in: folder, at: LoopbackHost.next())
                try await bob.trust(alice, at: alice.address)
                let did = try await bob.did
                try await NodeHome.running([alice, bob]) { nodes in
                    let (alices, bobs) = (nodes[0], nodes[1])
                    _ = try await alices.put("/api/note/1", "{\"text\": \"before\"}")
                    try await eventually("bob's key is shown among the refused") {
                        struct Refused: Decodable { let candidates: [String] }
                        return try await alices.value("/api/peers/refused", as: [Refused].self)
                            .contains { $0.candidates.contains(did) }
                    }
                    try await eventually("and logged") { await alices.logged("was refused", did).count == 1 }
                    #expect(try await bobs.count == 0)

                    try await alice.trust(bob)
                    try await Self.time("bob, refused before, is let in and served", promised: .seconds(5)) {
                        try await bobs.count == 1
                    }
                    _ = try await bobs.put("/api/note/2", "{\"text\": \"bob's\"}")
                    try await eventually("alice holds bob's") { try await alices.count == 2 }

                    _ = try await alice.keys("distrust", "bob")
                    try await Self.time("bob, distrusted, is cut off", promised: .seconds(2)) {
                        try await bobs.peer("alice")?.state != "connected"
                    }
                    _ = try await alices.put("/api/note/3", "{\"text\": \"after\"}")
                    _ = try await bobs.put("/api/note/4", "{\"text\": \"after\"}")
                    try await eventually("bob waits for trust") {
                        try await bobs.peer("alice")?.state == "waitingForTrust"
                    }
                    #expect(try await bobs.count == 3)
                    #expect(try await alices.count == 3)

                    _ = try await alice.keys("trust", did, "--name", "bob")
                    try await Self.time("trusted again, both have all", promised: .seconds(5)) {
                        let counts = (try await alices.count, try await bobs.count)
                        return counts == (4, 4)
                    }
                }
            }
        }
    }

    @Test("a journal cut before a distrust doesn't get by without its witness, and goes on once it is accepted")
    func cutWithoutWitness() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let alice = try await NodeHome.make("alice", in: folder)
                let bob = try await NodeHome.make("bob", in: folder)
                // A store without deltas needs no witness, nor does a home whose data wasn't restored.
                try await alice.running { _ in }
                let seen = URL(filePath: alice.path + "/data/trust.seen")
                try FileManager.default.removeItem(at: seen)
                try await alice.trust(bob)
                try await alice.running { _ in }
                try FileManager.default.removeItem(atPath: alice.path + "/data")
                try await alice.running { node in _ = try await node.put("/api/note/1", "{\"text\": \"x\"}") }

                let journal = URL(filePath: alice.path + "/trust.journal")
                let trusting = try Data(contentsOf: journal)
                _ = try await alice.keys("distrust", "bob")
                let whole = try Data(contentsOf: journal)
                try await alice.running { _ in }
                try trusting.write(to: journal)
                try FileManager.default.removeItem(at: seen)
                for arguments in [["run"], ["audit"]] {
                    let outcome = try await alice.node.run(arguments, environment: alice.settings)
                    #expect(outcome.exitCode == 78)
                    #expect(outcome.errors.contains("data/trust.seen is missing"), "\(outcome.errors)")
                    #expect(outcome.errors.contains("rhizome-keys verify --accept"))
                }
                #expect(try await alice.keys.run(["verify", "--home", alice.path]).exitCode == 1)
                try whole.write(to: journal)
                _ = try await alice.keys("verify", "--accept")
                let count = try await alice.running { node in try await node.count }
                #expect(count == 1)
                #expect(try await alice.audit().exitCode == 0)
            }
        }
    }

    @Test("deltas of an author who isn't trusted wait, and are taken up when rhizome-keys trusts him")
    func takenUp() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let alice = try await NodeHome.make("alice", in: folder, at: LoopbackHost.next())
                let bob = try await NodeHome.make("bob", in: folder, at: LoopbackHost.next())
                try await bob.trust(alice, at: alice.address)
                try await alice.trust(bob, at: nil, "--may", "connect")
                try await NodeHome.running([alice, bob]) { nodes in
                    _ = try await nodes[1].put("/api/note/1", "{\"text\": \"bob's\"}")
                    try await eventually("it waits") {
                        try await nodes[0].peer("bob")?.deltaCount.deferred ?? 0 > 0
                    }
                    #expect(try await nodes[0].count == 0)
                    try await alice.trust(bob, at: nil, "--may", "connect,author")
                    try await Self.time("what waited is taken up", promised: .seconds(2)) {
                        try await nodes[0].count == 1
                    }
                }
            }
        }
    }
}
