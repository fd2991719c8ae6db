import Foundation
import RhizomeTesting
import Testing

/// How commands end (spec: cli.md, the table of exit codes).
@Suite struct ExitCodeTests {
    private struct Failure: Decodable {
        let error: String
        let message: String
        let `do`: String?
        let exit: Int32
    }

    private func shell(_ script: String, _ home: NodeHome) async throws -> BuiltCommand.Outcome {
        try await BuiltCommand("sh", in: "/bin").run(
            ["-c", script],
            environment: home.settings.merging([
                "keys": home.keys.path, "node": home.node.path, "folder": home.folder.path,
            ]) { $1 }
        )
    }

    @Test(
        "a failure is one line, and its exit code says of what kind it is",
        arguments: [
            (1, "missing", #""$node" blame user/u1"#),
            (1, "missing", #""$node" verify nosuch"#),
            (1, "unknownPeer", #""$keys" distrust nobody"#),
            (64, "usage", #""$node" blame"#),
            (64, "usage", #""$node" blame user/u1 --limit 10001"#),
            (64, "usage", #""$node" fly"#),
            (64, "usage", #""$node" run --request-bind-port 99999"#),
            (65, "malformedPeer", #""$keys" trust did:key:zzz --name b"#),
            (65, "malformed", #"echo nonsense > "$folder/x"; "$node" verify "$folder/x""#),
            (73, "cannotCreate", #"write; "$node" prove user/u1 -o "$folder/none/proof""#),
            (74, "inputOutput", #"write; "$node" blame user/u1 >/dev/full"#),
            (77, "notAllowed", #"write; chmod 755 "$RHIZOME_HOME/data"; "$node" blame user/u1"#),
            (77, "tooOpen", #"chmod 644 "$RHIZOME_HOME/identity.key"; "$node" run"#),
            (78, "noIdentity", #""$node" blame user/u1 --home "$folder/none""#),
            (78, "malformedKeyFile", #"echo x > "$RHIZOME_HOME/identity.key"; "$node" run"#),
            (78, "corrupt", #"write; echo x > "$RHIZOME_HOME/data/store.sqlite"; "$node" blame user/u1"#),
        ]
    )
    func exitCodes(exitCode: Int32, error: String, script: String) async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let home = try await NodeHome.make("alice", in: folder)
                if script.contains("write; ") {
                    try await home.running { node in
                        _ = try await node.put("/api/user/u1", #"{"name": "Taliesin"}"#)
                    }
                }
                let command = script.replacing("write; ", with: "")
                let outcome = try await shell(command, home)
                #expect(outcome.exitCode == exitCode, "\(outcome.errors)")
                #expect(outcome.errors.hasPrefix("error: "), "\(outcome.errors)")
                #expect(outcome.errors.utf8.count { $0 == 0x0a } == 1, "\(outcome.errors)")
                // As a program asks: where the command has no such option, that is what is wrong.
                let asked = try await shell(command + " --json", home)
                #expect(asked.errors.utf8.count { $0 == 0x0a } == 1, "\(asked.errors)")
                let failure = try JSONDecoder().decode(Failure.self, from: Data(asked.errors.utf8))
                #expect(failure.exit == asked.exitCode)
                if failure.error != "usage" { #expect(failure.error == error && failure.exit == exitCode) }
                if failure.exit == 64 { #expect(failure.do?.isEmpty == false, "\(asked.errors)") }
            }
        }
    }
}
