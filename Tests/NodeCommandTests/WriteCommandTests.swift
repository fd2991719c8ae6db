import Foundation
import RhizomeTesting
import Testing

/// The commands that write: through a running node, and to the store where none runs.
@Suite struct WriteCommandTests {
    private struct Written: Decodable {
        let format: Int
        let id, collection: String
        let changed: [Change]
        struct Change: Decodable { let property, delta: String }
    }

    private func withHome(_ body: @escaping @Sendable (NodeHome) async throws -> Void) async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in try await body(NodeHome.make("alice", in: folder)) }
        }
    }

    private func run(
        _ arguments: String...,
        in home: NodeHome,
        input: String = ""
    ) async throws -> BuiltCommand.Outcome {
        try await home.node.run(arguments + ["--home", home.path], input: input)
    }

    /// Writes in every way, and sees what it came to.
    private func expectWrites(in home: NodeHome) async throws {
        try Data("a letter\n".utf8).write(to: URL(filePath: home.folder.path("letter")))
        let put = try await run(
            "put",
            "user/u%2F1",
            "name=Taliesin",
            "age:=42",
            "note=@\(home.folder.path("letter"))",
            "--json",
            in: home
        )
        #expect(put.exitCode == 0, "\(put.errors)")
        let written = try JSONDecoder().decode(Written.self, from: Data(put.output.utf8))
        #expect(
            written.format == 1 && written.id == "u/1" && written.changed.map(\.property) == ["name", "age", "note"]
        )
        for change in written.changed {
            let shown = try await run("show", change.delta, in: home)
            #expect(shown.output.contains("counts      yes"), "\(shown.output)")
        }
        #expect(try await run("get", "user/u%2F1", "note", in: home).output == "a letter\n\n")
        let again = try await run("put", "user/u%2F1", "name=Taliesin", in: home)
        #expect(again.exitCode == 0 && again.output.isEmpty && again.errors.contains("nothing changes"))
        let said = try await run("put", "user/u%2F1", "name=Taliesin", "--say-all", in: home)
        #expect(
            said.output.hasPrefix("name  \"Taliesin\"  ") && said.output.utf8.count == 18 + 64 + 1,
            "\(said.output)"
        )
        let object = #"{"name": "Gwion", "age": null}"#
        let both = try await run("put", "user/u%2F1", "-", in: home, input: object)
        #expect(
            both.output.hasPrefix("name  \"Gwion\"  ") && both.output.contains("\nage   cleared  "),
            "\(both.output)"
        )
        let unset = try await run("unset", "user/u%2F1", "note", "note", in: home)
        #expect(unset.output.hasPrefix("note  cleared  "), "\(unset.errors)")
        #expect(try await run("get", "user/u%2F1", in: home).output == "age   null\nname  \"Gwion\"\nnote  null\n")
        let id = try #require(both.output.split(separator: "\n").first?.split(separator: " ").last).description
        let retracted = try await run("retract", String(id.prefix(12)), in: home)
        #expect(retracted.output.hasPrefix("retracted \(id) by "), "\(retracted.errors)")
        #expect(try await run("get", "user/u%2F1", "name", in: home).output == "Taliesin\n")
        let twice = try await run("retract", id, "--json", in: home)
        #expect(twice.exitCode == 0 && twice.output.contains(#""delta":null"#), "\(twice.output)")
    }

    @Test("properties are written, cleared and taken back through the node, which tells where it is")
    func throughNode() async throws {
        try await withHome { home in
            let file = home.path + "/data/node.json"
            try await home.running { node in
                let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
                #expect(mode == 0o600)
                try await expectWrites(in: home)
                #expect(try await node.count > 0)
            }
            #expect(!FileManager.default.fileExists(atPath: file))
            #expect(try await home.audit().exitCode == 0)
        }
    }

    @Test("the same is written to the store where no node runs, also where one was killed, and a node goes on with it")
    func toStore() async throws {
        try await withHome { home in
            try await expectWrites(in: home)
            let (_, exitCode) = try await home.node.withRunning(["run", "--json"], environment: home.settings) {
                command in
                let node = try await RunningNode(command)
                let entity = try await node.ask("/api/user/u%2F1").body
                #expect(entity.contains(#""name":"Taliesin""#), "\(entity)")
                command.signal(SIGKILL)
                try await command.end()
            }
            #expect(exitCode == 128 + SIGKILL)
            #expect(FileManager.default.fileExists(atPath: home.path + "/data/node.json"))
            let put = try await run("put", "user/u2", "name=Ceridwen", in: home)
            #expect(put.exitCode == 0, "\(put.errors)")
            let name = try await home.running { node in try await node.property("name", of: "/api/user/u2") }
            #expect(name == "Ceridwen")
            #expect(try await home.audit().exitCode == 0)
        }
    }

    @Test("what can't be written is told by the exit code, and nothing is written")
    func failures() async throws {
        try await withHome { home in
            try await home.running(["RHIZOME_HTTP_API_TOKEN": "always"]) { node in
                #expect(try await run("put", "user/u1", "name=x", in: home).exitCode == 0)
                for (arguments, exitCode) in [
                    (["put", "user/u1"], 64), (["put", "user/u1", "name"], 64), (["put", "user/u1", "a=1", "a=2"], 64),
                    (["put", "user/u1", "-", "a=2"], 64), (["put", "user/u1", "age:=old"], 65),
                    (["put", "user/u1", "age:=[1]"], 65), (["put", "user/u1", "-"], 65),
                    (["put", "audit/u1", "a=1"], 1),
                    (["put", "user/u1", "_a=1"], 1), (["put", "user/u1", "a=@/nosuch"], 1), (["unset", "user/u1"], 64),
                    (["retract", "00000000"], 1), (["retract", "name"], 64),
                ] as [([String], Int32)] {
                    let outcome = try await home.node.run(arguments + ["--home", home.path])
                    #expect(outcome.exitCode == exitCode, "\(arguments): \(outcome.errors)")
                    #expect(outcome.errors.utf8.count { $0 == 0x0a } == 1, "\(outcome.errors)")
                }
                // Too large for a delta, which the node finds.
                let large = home.folder.path("large")
                try Data(repeating: 97, count: 256 * 1024).write(to: URL(filePath: large))
                let refused = try await run("put", "user/u1", "note=@\(large)", in: home)
                #expect(refused.exitCode == 65 && refused.errors.contains("note"), "\(refused.errors)")
                // Another token than the node's.
                let token = home.path + "/http.token"
                let old = try Data(contentsOf: URL(filePath: token))
                try Data(repeating: 97, count: 43).write(to: URL(filePath: token))
                let stranger = try await run("put", "user/u1", "name=y", in: home)
                #expect(stranger.exitCode == 77, "\(stranger.errors)")
                try old.write(to: URL(filePath: token))
                let value = try await run("get", "user/u1", in: home)
                #expect(value.output == "name  \"x\"\n", "\(value.output)")
            }
            _ = try await home.node.withRunning(
                ["run", "--json", "--http-api-enable", "false"],
                environment: home.settings
            ) { command in
                _ = try await command.output.line { $0.contains("peerId") }
                let off = try await run("put", "user/u1", "name=y", in: home)
                #expect(off.exitCode == 69 && off.errors.contains("RHIZOME_HTTP_API_ENABLE"), "\(off.errors)")
                command.signal(SIGTERM)
                try await command.end()
            }
        }
    }

    @Test("a sealed key's passphrase is needed without a node alone, and what another wrote isn't taken back")
    func sealedAndForeign() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let secret = folder.path("secret")
                try Data("horse\n".utf8).write(to: URL(filePath: secret))
                let home = try NodeHome("sealed", in: folder)
                _ = try await home.keys("generate", "--name", "sealed", "--passphrase-file", secret)
                let bob = try await NodeHome.make("bob", in: folder)
                _ = try await run("put", "user/b", "name=Bob", in: bob)
                let needed = try await run("put", "user/u1", "name=x", in: home)
                #expect(needed.exitCode == 77 && needed.errors.contains("passphrase"), "\(needed.errors)")
                #expect(try await run("put", "user/u1", "name=x", "--passphrase-file", secret, in: home).exitCode == 0)
                let card = try await bob.keys("show", "--format", "card")
                _ = try await home.keys("trust", card, "--passphrase-file", secret)
                let wire = folder.path("delta")
                try await bob.running { node in
                    let id = try #require(try await node.ids.first)
                    _ = try await node.ask("/api/deltas/\(id)", "-H", "Accept: application/cbor", "-o", wire)
                }
                try await home.running(["RHIZOME_PASSPHRASE_FILE": secret]) { node in
                    #expect(try await run("put", "user/u1", "name=y", in: home).exitCode == 0)
                    let type = "Content-Type: application/cbor"
                    #expect(try await node.ask("/api/deltas", "-H", type, "--data-binary", "@\(wire)").status == 201)
                    let log = try await run("log", "--author", "bob", in: home).output
                    let id = try #require(log.split(separator: " ").first).description
                    let foreign = try await run("retract", id, in: home)
                    #expect(foreign.exitCode == 1 && foreign.errors.contains("is by bob"), "\(foreign.errors)")
                }
            }
        }
    }
}
