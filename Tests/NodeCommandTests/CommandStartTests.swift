import Foundation
import RhizomeTesting
import Testing

/// What the system hands to a command at its start, whoever starts it: descriptors and pipes.
@Suite struct CommandStartTests {
    private let peer = "did:key:z6MkfY3RuB9vUCAzMGKBEPhNHRVDJCJmk53QDL9wp24Ke16X"

    /// A new home in a folder that also has a named pipe.
    private func withHome(_ body: (NodeHome, TemporaryFolder) async throws -> Void) async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                try folder.makePipe("pipe")
                try await body(NodeHome.make("alice", in: folder), folder)
            }
        }
    }

    /// Runs a script in which `$keys` and `$node` are the two commands.
    private func shell(_ script: String, _ home: NodeHome, _ more: [String: String] = [:]) async throws
        -> BuiltCommand.Outcome
    {
        try await BuiltCommand("sh", in: "/bin").run(["-c", script], environment: environment(home, more))
    }

    private func environment(_ home: NodeHome, _ more: [String: String] = [:]) -> [String: String] {
        home.settings.merging(["keys": home.keys.path, "node": home.node.path]) { $1 }.merging(more) { $1 }
    }

    /// A redirection of a descriptor to a pipe that nobody reads.
    private func broken(_ descriptor: Int, _ folder: TemporaryFolder) -> String {
        let pipe = folder.path("pipe")
        return "exec 3<>'\(pipe)' \(descriptor)>'\(pipe)' 3<&-; "
    }

    /// Starts a node in a shell, ends it once it is seen to run, and has its store verified.
    private func expectToRun(
        _ script: String,
        _ home: NodeHome,
        _ isRunning: @Sendable (RunningCommand) async throws -> Void
    ) async throws {
        let (_, exitCode) = try await BuiltCommand("sh", in: "/bin")
            .withRunning(["-c", script], environment: environment(home)) { command in
                try await isRunning(command)
                command.signal(SIGTERM)
                try await command.end(within: .seconds(20))
            }
        #expect(exitCode == 0, "\(script)")
        #expect(try await home.audit().exitCode == 0)
    }

    @Test("descriptors that are closed are opened on /dev/null before anything else gets their numbers")
    func closedDescriptors() async throws {
        try await withHome { home, folder in
            let batch = try await shell("exec \"$keys\" trust - <&-", home)
            #expect(batch.exitCode == 1)
            #expect(batch.errors.contains("standard input holds no peer"), "\(batch.errors)")
            let trusted = try await shell("exec \"$keys\" trust \(peer) --name bob <&- >&- 2>&-", home)
            #expect(trusted.exitCode == 0)
            let silent = try await shell("exec \"$keys\" list >&-", home)
            #expect(silent.exitCode == 0, "\(silent.errors)")
            #expect(try await home.keys("list").contains("bob"))
            try await expectToRun("exec \"$node\" run --json >&-", home) { command in
                _ = try await command.errors.line { $0.contains("listening") }
            }
            try await expectToRun("exec \"$node\" run --json <&- 2>&-", home) { command in
                _ = try await command.output.line { $0.contains("peerId") }
            }
            for name in try FileManager.default.subpathsOfDirectory(atPath: home.path) {
                let content = FileManager.default.contents(atPath: home.path + "/" + name) ?? Data()
                #expect(content.range(of: Data("level=info".utf8)) == nil, "the log is in \(name)")
            }
        }
    }

    @Test("a node runs on when nobody reads its log or its addresses any more")
    func brokenLog() async throws {
        try await withHome { home, folder in
            let run = "exec \"$node\" run --json --http-api-enable false"
            try await expectToRun(broken(2, folder) + run, home) { command in
                _ = try await command.output.line { $0.contains("peerId") }
            }
            try await expectToRun(broken(1, folder) + run, home) { command in
                _ = try await command.errors.line { $0.contains("nobody reads the line with the addresses") }
            }
        }
    }

    @Test(
        "results that nobody reads any more end a command without a word, as SIGPIPE does",
        arguments: ["keys\" show", "keys\" --help", "keys\" verify", "node\" run --help"]
    )
    func brokenResults(command: String) async throws {
        try await withHome { home, folder in
            let outcome = try await shell(broken(1, folder) + "exec \"$" + command, home)
            #expect(outcome.exitCode == 128 + SIGPIPE)
            #expect(outcome.errors.isEmpty, "\(outcome.errors)")
            // Whoever started it may have the signal blocked or ignored.
            let ignored = try await shell("trap '' PIPE; " + broken(1, folder) + "exec \"$" + command, home)
            #expect(ignored.exitCode == 128 + SIGPIPE)
        }
    }

    @Test(
        "results that can't be written are a failure that is told, help and the version too",
        arguments: [
            "keys\" show", "keys\" --help", "keys\" help trust", "keys\" --version", "keys\"",
            "node\" run --help", "node\" --version", "node\" --generate-completion-script bash",
        ]
    )
    func fullOutput(command: String) async throws {
        try await withHome { home, _ in
            let outcome = try await shell("exec \"$" + command + " >/dev/full", home)
            #expect(outcome.exitCode == 74)
            #expect(outcome.errors.contains("standard output"), "\(outcome.errors)")
            #expect(outcome.errors.utf8.count { $0 == 0x0a } == 1)
        }
    }

    @Test("a node whose addresses can't be written doesn't run")
    func fullAnnouncement() async throws {
        try await withHome { home, _ in
            let outcome = try await shell("exec \"$node\" run --json >/dev/full", home)
            #expect(outcome.exitCode == 74)
            #expect(outcome.errors.contains("standard output"), "\(outcome.errors)")
        }
    }
}
