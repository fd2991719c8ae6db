import Foundation
import RhizomeTesting
import Testing

/// Addresses that change, meet or are one's own (spec: peering.md).
@Suite(.timeLimit(.minutes(5))) struct NetworkFaultTests {
    @Test("a peer that moved is found once its new address is stated, while the node runs")
    func moved() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let alice = try await NodeHome.make("alice", in: folder, at: LoopbackHost.next())
                let bob = try await NodeHome.make("bob", in: folder, at: LoopbackHost.next())
                try await alice.trust(bob, at: bob.address)
                try await bob.trust(alice)
                try await alice.running { node in
                    try await bob.running { bobs in
                        _ = try await bobs.put("/api/note/1", "{\"text\": \"here\"}")
                        try await eventually("alice holds it") { try await node.count == 1 }
                    }
                    // Else he would go to her himself: she has told him where she is.
                    try? FileManager.default.removeItem(atPath: bob.path + "/data/addresses")
                    let moved = try NodeHome("bob", in: folder, at: LoopbackHost.next())
                    try await moved.running { bobs in
                        _ = try await bobs.put("/api/note/2", "{\"text\": \"there\"}")
                        try await eventually("alice misses him") { try await node.peer("bob")?.state == "unreachable" }
                        #expect(try await node.count == 1)
                        try await alice.trust(moved, at: moved.address)
                        let start = ContinuousClock.now
                        try await eventually("alice has found him") { try await node.count == 2 }
                        print("a peer that moved was found \(ContinuousClock.now - start) after its address was stated")
                        #expect(try await node.peer("bob")?.state == "connected")
                    }
                }
            }
        }
    }

    private actor Counter {
        private(set) var count = 0
        func note() { count += 1 }
    }

    @Test("two nodes that start and go to each other at once are connected both ways, and exchange all once")
    func bothAtOnce() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let homes = try await NodeHome.makeFriends("alice", "bob", in: folder)
                let done = Counter()
                for round in 1...TestSchedule.rounds(2, soak: 20) {
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for (home, other) in [(homes[0], "bob"), (homes[1], "alice")] {
                            group.addTask {
                                try await home.running { node in
                                    _ = try await node.put("/api/note/\(home.name)\(round)", "{\"text\": \"x\"}")
                                    try await eventually("\(home.name) holds both's of round \(round)") {
                                        try await node.count == 2 * round
                                    }
                                    try await eventually("\(home.name) is connected") {
                                        try await node.peer(other)?.state == "connected"
                                    }
                                    await done.note()
                                    try await eventually("the other is too") { await done.count == 2 * round }
                                    #expect(try await node.peer(other)?.deltaCount.rejected == 0)
                                    #expect(await node.logged("level=warning").isEmpty)
                                }
                            }
                        }
                        try await group.waitForAll()
                    }
                }
            }
        }
    }

    /// Whether this machine has IPv6, at least on loopback.
    private static let hasIPv6 =
        (try? String(contentsOfFile: "/proc/net/if_inet6", encoding: .utf8))?
        .contains("00000000000000000000000000000001") ?? false

    @Test("nodes that listen on IPv6 alone find each other", .enabled(if: hasIPv6, "this machine has no IPv6"))
    func onlyIPv6() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let alice = try await NodeHome.make("alice", in: folder)
                let bob = try await NodeHome.make("bob", in: folder)
                try await alice.trust(bob)
                try await alice.running(["RHIZOME_ADDRESS": "::1"]) { node in
                    #expect(node.request.hasPrefix("[::1]:"))
                    try await bob.trust(alice, at: node.request)
                    try await bob.running(["RHIZOME_ADDRESS": "::1"]) { bobs in
                        _ = try await node.put("/api/note/1", "{\"text\": \"six\"}")
                        try await eventually("bob holds it") { try await bobs.count == 1 }
                        #expect(try await bobs.peer("alice")?.state == "connected")
                    }
                }
            }
        }
    }

    @Test("a node isn't its own peer: its identity is refused, and at its own address it finds nobody else")
    func itself() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let alice = try await NodeHome.make("alice", in: folder, at: LoopbackHost.next())
                let bob = try await NodeHome.make("bob", in: folder, at: LoopbackHost.next())
                let refused = try await alice.keys.run([
                    "trust", try await alice.did, "--name", "me", "--address", alice.address, "--home", alice.path,
                ])
                #expect(refused.exitCode == 1)
                #expect(refused.errors.contains("that is this identity itself"), "\(refused.errors)")
                let seed = try await alice.node.run(
                    ["run"],
                    environment: alice.settings.merging(["RHIZOME_SEED_PEERS": alice.address]) { $1 }
                )
                #expect(seed.exitCode != 0)
                #expect(seed.errors.contains("no trusted peer has the address"), "\(seed.errors)")

                // Somebody else's key with our own address: whoever answers there isn't him.
                try await alice.trust(bob, at: alice.address)
                try await bob.trust(alice)
                try await NodeHome.running([alice, bob]) { nodes in
                    let node = nodes[0]
                    _ = try await node.put("/api/note/1", "{\"text\": \"alone\"}")
                    try await eventually("bob isn't found") {
                        ["waitingForTrust", "unreachable"].contains(try await node.peer("bob")?.state)
                    }
                    #expect(try await node.ask("/api/note/1").status == 200)
                    try await alice.trust(bob, at: bob.address)
                    try await eventually("with his address he is") { try await nodes[1].count == 1 }
                    let lines = await node.command.errors.lines
                    #expect(lines.count < 40, "\(lines.suffix(5))")
                }
            }
        }
    }
}
