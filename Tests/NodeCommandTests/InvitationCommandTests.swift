import Foundation
import RhizomeTesting
import Testing

/// Two people, two commands: `rhizome-keys invite` and `join` beside nodes that run (spec: meeting.md, "Invitations").
@Suite(.timeLimit(.minutes(5))) struct InvitationCommandTests {
    private struct Listed: Decodable {
        struct Refused: Decodable { let did: String }
        let name: String
        let open: Bool
        let guest: String?
        let refused: [Refused]
    }

    private func withHomes(_ body: @escaping @Sendable (NodeHome, NodeHome, TemporaryFolder) async throws -> Void)
        async throws
    {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let alice = try await NodeHome.make("alice", in: folder, at: LoopbackHost.next())
                let bob = try await NodeHome.make("bob", in: folder, at: LoopbackHost.next())
                try await body(alice, bob, folder)
            }
        }
    }

    private func run(_ home: NodeHome, _ arguments: String...) async throws -> BuiltCommand.Outcome {
        try await home.keys.run(arguments + ["--home", home.path])
    }

    private func invitations(_ home: NodeHome) async throws -> [Listed] {
        try await JSONDecoder().decode([Listed].self, from: Data(home.keys("invite", "--list", "--json").utf8))
    }

    private func journal(_ home: NodeHome) throws -> Data {
        try Data(contentsOf: URL(filePath: home.path + "/trust.journal"))
    }

    @Test("two commands make two nodes peers in no time; done again, the second one changes nothing")
    func twoCommands() async throws {
        try await withHomes { alice, bob, _ in
            try await NodeHome.running([alice, bob]) { nodes in
                let invited = try await run(alice, "invite", "bob")
                #expect(invited.exitCode == 0, "\(invited.errors)")
                let line = String(invited.output.dropLast())
                #expect(line.hasPrefix("rhizome-invite://") && !line.contains("\n"), "the line, and nothing else")
                #expect(line.contains("@\(alice.address)?code="), "where the node that runs says it is")
                #expect(try await invitations(alice).map(\.open) == [true])
                let start = ContinuousClock.now
                let joined = try await run(bob, "join", line)
                #expect(joined.exitCode == 0, "\(joined.errors)")
                #expect(joined.output.hasPrefix("joined alice  did:key:"))
                try await eventually("both are connected", within: .seconds(30)) {
                    let states = (
                        try await nodes[0].peer("bob")?.state, try await nodes[1].peer("alice")?.state
                    )
                    return states == ("connected", "connected")
                }
                print(
                    "two commands: connected \(ContinuousClock.now - start) after the second began, promised within 3 s"
                )
                _ = try await nodes[1].put("/api/note/1", "{\"text\": \"bob's\"}")
                try await eventually("alice has what bob writes") { try await nodes[0].count == 1 }

                let listed = try #require(try await invitations(alice).first)
                #expect(!listed.open)
                #expect(listed.guest == (try await bob.did))
                let before = (try journal(alice), try journal(bob))
                #expect(try await run(bob, "join", line).exitCode == 0)
                #expect(try journal(alice) == before.0)
                #expect(try journal(bob) == before.1)
                #expect(try await alice.keys("history").contains("by invitation"))

                // Whoever steals the home has no code.
                let code = try #require(line.split(separator: "=").last)
                let found = try await BuiltCommand("grep", in: "/bin").run(["-r", "-F", String(code), alice.path])
                #expect(found.exitCode == 1, "\(found.output)")
            }
            #expect(!FileManager.default.fileExists(atPath: alice.path + "/data/node.json"))
            #expect(try await run(alice, "verify").exitCode == 0)
        }
    }

    @Test("who comes second with a line is refused, and both keys are shown to the host")
    func intercepted() async throws {
        try await withHomes { alice, bob, folder in
            let mallory = try await NodeHome.make("mallory", in: folder)
            try await alice.running { node in
                let line = try await alice.keys("invite", "bob")
                #expect(try await run(mallory, "join", line).exitCode == 0)
                let refused = try await run(bob, "join", line)
                #expect(refused.exitCode == 77)
                #expect(refused.output.isEmpty)
                #expect(refused.errors.contains("intercepted"), "\(refused.errors)")
                let listed = try #require(try await invitations(alice).first)
                let (first, second) = (try await mallory.did, try await bob.did)
                #expect(listed.guest == first)
                #expect(listed.refused.map(\.did) == [second])
                let text = try await alice.keys("invite", "--list")
                #expect(text.contains(first) && text.contains(second))
                try await eventually("it is logged") {
                    await node.logged("came a second time", first, second).count == 1
                }
                #expect(try await bob.keys("list").isEmpty)
            }
        }
    }

    @Test("a guest that dies once the host has taken it in joins by the same line again, and nothing is stated twice")
    func crash() async throws {
        try await withHomes { alice, bob, _ in
            try await alice.running { _ in
                let line = try await alice.keys("invite", "bob")
                let did = try await bob.did
                let file = bob.path + "/trust.lock"
                _ = FileManager.default.createFile(atPath: file, contents: nil, attributes: [.posixPermissions: 0o600])
                let lock = ["--no-fork", file, "sleep", "600"]
                let (_, _) = try await BuiltCommand("flock", in: "/usr/bin").withRunning(lock) { _ in
                    let (_, exitCode) = try await bob.keys.withRunning(["join", line, "--home", bob.path]) { _ in
                        try await eventually("the host has taken it in") {
                            try await alice.keys("list").contains(did)
                        }
                    }
                    #expect(exitCode == 128 + SIGKILL)
                }
                #expect(try await bob.keys("list").isEmpty)
                let before = try journal(alice)
                #expect(try await run(bob, "join", line).exitCode == 0)
                #expect(try await bob.keys("list").contains("alice"))
                #expect(try journal(alice) == before)
            }
        }
    }

    @Test("with --confirm the guest waits until both fingerprints were shown; a withdrawn line is good for nothing")
    func confirmed() async throws {
        try await withHomes { alice, bob, _ in
            try await NodeHome.running([alice, bob]) { nodes in
                let line = try await alice.keys("invite", "bob", "--confirm", "--may", "connect")
                #expect(try await run(bob, "join", line).exitCode == 0)
                try await eventually("bob waits") { try await nodes[1].peer("alice")?.state == "waitingForTrust" }
                let confirmed = try await run(alice, "confirm", "bob")
                #expect(confirmed.exitCode == 0, "\(confirmed.errors)")
                for home in [alice, bob] {
                    let fingerprint = try await home.keys("show", "--format", "fingerprint")
                    #expect(confirmed.errors.contains(fingerprint))
                }
                #expect(confirmed.output.contains("may connect"))
                try await eventually("bob is let in") { try await nodes[1].peer("alice")?.state == "connected" }
                #expect(try await run(alice, "confirm", "bob").exitCode == 1, "once is enough")

                let other = try await alice.keys("invite", "carol")
                _ = try await alice.keys("invite", "--withdraw", "carol")
                #expect(try await invitations(alice).map(\.name) == ["bob"])
                let refused = try await run(bob, "join", other)
                #expect(refused.exitCode == 77, "\(refused.errors)")
                #expect(try await run(alice, "invite", "--withdraw", "carol").exitCode == 1)
            }
        }
    }

    @Test("a node that trusts nobody says how to meet somebody; one that is to do nothing by itself takes no guests in")
    func alone() async throws {
        try await withHomes { alice, bob, _ in
            try await alice.running(["RHIZOME_FOLLOW": "false"]) { node in
                try await eventually("it says how") { await node.logged("rhizome-keys invite NAME").count == 1 }
                let line = try await alice.keys("invite", "bob")
                let refused = try await run(bob, "join", line)
                #expect(refused.exitCode == 69, "\(refused.errors)")
                #expect(try await alice.keys("list").isEmpty)
            }
            let wrong = try await alice.node.run(
                ["run"],
                environment: alice.settings.merging(["RHIZOME_FOLLOW": "maybe"]) { $1 }
            )
            #expect(wrong.exitCode == 64, "\(wrong.errors)")
        }
    }

    @Test("on a terminal the line is shown as a QR code as well, by qrencode, which gets it by standard input")
    func code() async throws {
        try await withHomes { alice, _, folder in
            let fake = folder.path("qrencode")
            let script = "#!/bin/sh\n[ \"$*\" = '-t ANSIUTF8' ] && printf 'QR of %s' \"$(cat)\"\n"
            try Data(script.utf8).write(to: URL(filePath: fake))
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: fake)
            let command = "'\(alice.keys.path)' invite bob --address a.example:4000 --home '\(alice.path)'"
            let shown = try await BuiltCommand("script", in: "/usr/bin").run(
                ["-qec", command, "/dev/null"],
                environment: ["PATH": "\(folder.path):/usr/bin:/bin"]
            )
            #expect(shown.exitCode == 0)
            #expect(shown.output.contains("QR of rhizome-invite://"), "\(shown.output)")
            let plain = try await run(alice, "invite", "carol", "--address", "a.example:4000")
            #expect(!plain.errors.contains("QR"))
        }
    }

    @Test("where no node runs an invitation needs an address, and who can't be reached is told of after 15 s")
    func unreachable() async throws {
        try await withHomes { alice, bob, _ in
            let refused = try await run(alice, "invite", "bob")
            #expect(refused.exitCode == 64)
            #expect(refused.errors.contains("--address"))
            let line = try await alice.keys("invite", "bob", "--address", alice.address)
            let start = ContinuousClock.now
            let outcome = try await run(bob, "join", line)
            #expect(outcome.exitCode == 69, "\(outcome.errors)")
            #expect(outcome.errors.contains(alice.address))
            #expect((.seconds(14) ..< .seconds(25)).contains(ContinuousClock.now - start))
            #expect(try await bob.keys("list").isEmpty)
        }
    }
}
