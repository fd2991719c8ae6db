import Foundation
import RhizomeTesting
import Testing

/// Restored stores, and one key on two machines (spec: admission.md, "Forks").
@Suite(.timeLimit(.minutes(5))) struct IdentityFaultTests {
    private static func copy(_ from: String, to: String) throws {
        try? FileManager.default.removeItem(atPath: to)
        try FileManager.default.copyItem(atPath: from, toPath: to)
    }

    @Test(
        "a node that starts with an older copy of its store heals before it writes, and tells where its witness knows",
        arguments: [true, false]
    )
    func olderCopy(withWitness: Bool) async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let homes = try await NodeHome.makeFriends("alice", "bob", in: folder)
                let (alice, bob) = (homes[0], homes[1])
                try await bob.running { bobs in
                    try await alice.running { node in
                        _ = try await node.put("/api/note/early", "{\"text\": \"early\"}")
                    }
                    try Self.copy(alice.path + "/data", to: folder.path("backup"))
                    try await alice.running { node in
                        for number in 1...3 { _ = try await node.put("/api/note/n\(number)", "{\"text\": \"x\"}") }
                        try await eventually("bob holds all") { try await bobs.count == 4 }
                    }
                    for file in ["store.sqlite", "store.sqlite-wal", "store.seen"] {
                        guard file != "store.seen" || withWitness else { continue }
                        try? FileManager.default.removeItem(atPath: alice.path + "/data/" + file)
                        try? FileManager.default.copyItem(
                            atPath: folder.path("backup/" + file),
                            toPath: alice.path + "/data/" + file
                        )
                    }
                    try await alice.running { node in
                        let answer = try await node.put("/api/note/late", "{\"text\": \"late\"}")
                        #expect(answer.status == 200)
                        #expect(try await node.count == 5)
                        #expect(try await node.peer("alice")?.forks.isEmpty == true)
                        try await eventually("bob holds it") { try await bobs.count == 5 }
                        #expect(try await bobs.peer("alice")?.forks.isEmpty == true)
                        let told = await node.logged("the store was changed from outside")
                        #expect(told.count == (withWitness ? 0 : 1), "\(told)")
                        #expect(await node.logged("a peer holds deltas of this identity").count == 1)
                    }
                }
                let audits = (alice: try await alice.audit(), bob: try await bob.audit())
                #expect(audits.bob.exitCode == 0, "\(audits.bob.text)")
                // An older copy that was noticed stays on record, and is all that there is to find.
                #expect(audits.alice.exitCode == (withWitness ? 0 : 1), "\(audits.alice.text)")
                #expect(audits.alice.text.contains("an older copy was put back") == !withWitness)
            }
        }
    }

    @Test("one key on two machines: the fork is shown everywhere, both branches are everywhere, the next write merges")
    func twoMachines() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let homes = try await NodeHome.makeFriends("alice", "bob", in: folder)
                let (alice, bob) = (homes[0], homes[1])
                try await alice.running { node in
                    _ = try await node.put("/api/note/common", "{\"text\": \"common\"}")
                }
                let twin = try NodeHome("twin", in: folder, at: LoopbackHost.next())
                try Self.copy(alice.path, to: twin.path)
                // Neither sees the other write: Bob is away.
                for (home, text) in [(alice, "one"), (twin, "two")] {
                    try await home.running { node in
                        let put = try await node.put("/api/note/common", "{\"text\": \"\(text)\"}")
                        #expect(put.status == 200)
                    }
                }
                try await NodeHome.running([bob, alice, twin]) { nodes in
                    try await eventually("all three hold both branches") {
                        for node in nodes where try await node.count != 3 { return false }
                        return true
                    }
                    for node in nodes {
                        let forks = try await node.peer("alice")?.forks ?? []
                        #expect(forks.map(\.sequence) == [1] && forks.first?.ids.count == 2, "\(forks)")
                    }
                    try await eventually("bob's log tells of it") {
                        await nodes[0].logged("an author's key wrote two histories").count == 1
                    }
                    for node in nodes[1...] {
                        #expect(await node.logged("somebody else has the key").count >= 1)
                    }
                    _ = try await nodes[2].put("/api/note/common", "{\"text\": \"merged\"}")
                    try await eventually("all hold the merge, and see the same") {
                        for node in nodes {
                            guard try await node.count == 4,
                                try await node.property("text", of: "/api/note/common") == "merged"
                            else { return false }
                        }
                        return true
                    }
                    // Merged: what the other machine writes next follows it and forks no more.
                    _ = try await nodes[1].put("/api/note/common", "{\"text\": \"after\"}")
                    try await eventually("all hold that too") {
                        for node in nodes where try await node.count != 5 { return false }
                        return true
                    }
                    #expect(try await nodes[0].peer("alice")?.forks.count == 1)
                }
                for home in [alice, bob, twin] {
                    let audit = try await home.audit()
                    #expect(audit.exitCode == 0, "\(audit.text)")
                    #expect(audit.text.contains("fork"), "\(audit.text)")
                }
            }
        }
    }
}
