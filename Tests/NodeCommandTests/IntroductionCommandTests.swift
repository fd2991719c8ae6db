import Foundation
import RhizomeTesting
import Testing

/// `rhizome-node introduce`, and what comes of it at another node (spec: meeting.md, "Introductions").
@Suite(.timeLimit(.minutes(5))) struct IntroductionCommandTests {
    private struct Listed: Decodable {
        let name: String?
        let action: String?
        let may: [String]
        let introducedBy: String?
        let why: String?
    }

    private func listed(_ home: NodeHome, _ options: String) async throws -> [Listed] {
        try await JSONDecoder().decode([Listed].self, from: Data(home.keys("list", options, "--json").utf8))
    }

    private func introduce(_ home: NodeHome, _ arguments: String...) async throws -> BuiltCommand.Outcome {
        try await home.node.run(["introduce"] + arguments + ["--home", home.path])
    }

    @Test("whom a peer with that right introduces becomes a peer, and no more when it is withdrawn; history tells why")
    func introduced() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let homes = try await NodeHome.makeFriends("alice", "bob", in: folder)
                let (alice, bob) = (homes[0], homes[1])
                let carol = try await NodeHome.make("carol", in: folder, at: LoopbackHost.next())
                try await bob.trust(carol, at: carol.address, "--may", "connect")
                try await carol.trust(alice, at: alice.address)
                try await carol.trust(bob, at: bob.address)
                #expect(try await listed(alice, "--introduced").isEmpty, "without a store there is none")
                let did = try await carol.did
                try await NodeHome.running([alice, bob, carol]) { nodes in
                    let said = try await introduce(bob, "carol", "--to", "everyone")
                    #expect(said.exitCode == 0, "\(said.errors)")
                    #expect(said.output.hasPrefix("introduced carol by "))
                    #expect(try await introduce(bob, "carol").errors.contains("nothing changes"))
                    try await eventually("a proposal waits for alice") {
                        try await listed(alice, "--introduced").map(\.why) == ["proposal"]
                    }
                    #expect(try await alice.keys("list", "--introduced").contains("waits for you"))
                    #expect(try await !alice.keys("list").contains(did))

                    _ = try await alice.keys("trust", "bob", "--may", "author,connect,introduce")
                    try await eventually("alice trusts carol, and goes to her") {
                        try await nodes[0].peer("carol")?.state == "connected"
                    }
                    let entry = try await #require(listed(alice, "--all").first { $0.name == "carol" })
                    #expect(entry.may == ["connect"])
                    #expect(entry.introducedBy == (try await bob.did))
                    #expect(try await alice.keys("history").contains("introduced by bob in "))
                    #expect(try await listed(alice, "--introduced").isEmpty)

                    let withdrawn = try await introduce(bob, "carol", "--withdraw")
                    #expect(withdrawn.exitCode == 0, "\(withdrawn.errors)")
                    try await eventually("alice trusts carol no more") {
                        try await listed(alice, "--all").first { $0.name == nil }?.action == "distrust"
                    }
                    #expect(try await alice.keys("history").contains("reason \"introduction withdrawn\""))
                    #expect(try await introduce(bob, "carol", "--withdraw").errors.contains("nothing changes"))

                    // A person's word, and nothing else.
                    _ = try await alice.keys("distrust", "carol")
                    _ = try await introduce(bob, "carol")
                    try await eventually("the new introduction came") {
                        try await listed(alice, "--introduced").map(\.why) == ["decided"]
                    }
                }
                let stranger = try await introduce(alice, "carol")
                #expect(stranger.exitCode == 1)
                #expect(stranger.errors.contains("isn't trusted here"))
                #expect(try await introduce(alice, "me").exitCode == 64)
            }
        }
    }

    @Test("RHIZOME_FOLLOW=false leaves what was introduced to a person")
    func notFollowed() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let homes = try await NodeHome.makeFriends("alice", "bob", in: folder)
                let (alice, bob) = (homes[0], homes[1])
                let carol = try await NodeHome.make("carol", in: folder)
                try await bob.trust(carol)
                _ = try await alice.keys("trust", "bob", "--may", "author,connect,introduce")
                #expect(try await introduce(bob, "carol").exitCode == 0, "no node runs there: it goes to the store")
                try await bob.running { _ in
                    try await alice.running(["RHIZOME_FOLLOW": "false"]) { node in
                        try await eventually("the introduction came") { try await node.count == 1 }
                        #expect(try await listed(alice, "--introduced").map(\.why) == ["due"])
                    }
                    try await alice.running { _ in
                        try await eventually("now it is followed") { try await alice.keys("list").contains("carol") }
                    }
                }
            }
        }
    }
}
