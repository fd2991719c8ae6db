import Foundation
import RhizomeTesting
import Testing

/// What the system hands to a command at its start, whoever starts it: descriptors, pipes, bytes and home folders.
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
            #expect(batch.exitCode == 65)
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

    @Test(
        "an argument or a variable that is not UTF-8 is refused, and nothing is made by another name",
        arguments: [
            #""$keys" generate --no-passphrase --home "$BAD""#,
            #""$keys" generate --no-passphrase --home=new --name "$BAD""#,
            #""$keys" generate --home new --passphrase-file "$BAD""#,
            #""$keys" trust did:key:z6MkfY3RuB9vUCAzMGKBEPhNHRVDJCJmk53QDL9wp24Ke16X --name b --note "$BAD""#,
            #""$keys" trust "$BAD""#,
            #""$keys" distrust b --reason "$BAD""#,
            #""$keys" "$BAD""#,
            #"RHIZOME_HOME="$BAD" "$keys" generate --no-passphrase"#,
            #"RHIZOME_PASSPHRASE_FILE="$BAD" "$keys" generate --home new"#,
            #"HOME="/$BAD" RHIZOME_HOME= "$keys" generate --no-passphrase"#,
            #""$node" run --home "$BAD""#,
            #""$node" audit --home="$BAD""#,
            #""$node" run --peer-id "$BAD""#,
            #"RHIZOME_HOME="$BAD" "$node" audit"#,
            #"RHIZOME_PEER_ID="$BAD" "$node" run"#,
            #"RHIZOME_SEED_PEERS="$BAD" "$node" run"#,
        ]
    )
    func notUTF8(script: String) async throws {
        try await withHome { home, folder in
            let start = "cd '\(folder.path)' && BAD=$(printf 'caf\\351') && "
            let before = try await home.keys("history")
            let outcome = try await shell(start + script, home)
            #expect(outcome.exitCode == 64, "\(outcome.errors)")
            #expect(outcome.errors.contains("not UTF-8"), "\(outcome.errors)")
            #expect(outcome.errors.contains("caf<e9>"), "\(outcome.errors)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["alice", "pipe"])
            #expect(try await home.keys("history") == before)
        }
    }

    @Test("a path is taken byte by byte: two forms of é are two folders", arguments: ["caf\u{e9}", "cafe\u{301}"])
    func bytesOfPaths(name: String) async throws {
        try await withHome { home, folder in
            let path = folder.path(name) + "/\u{301}deep"
            let made = try await home.keys.run(["generate", "--no-passphrase", "--home", path])
            #expect(made.exitCode == 0, "\(made.errors)")
            let listed = try await BuiltCommand("ls", in: "/bin").run([folder.path]).output
            #expect(listed.utf8.elementsEqual("alice\n\(name)\npipe\n".utf8))
            // The store, whose path goes through other libraries, too.
            let other = try NodeHome(name + "/\u{301}deep", in: folder)
            try await other.running { node in
                let written = try await node.put("/api/user/a", #"{"name": "A"}"#)
                #expect(written.status == 200)
            }
            #expect(try await other.audit().exitCode == 0)
            let store = try await BuiltCommand("ls", in: "/bin").run([path + "/data"]).output
            #expect(store.contains("store.sqlite"))
        }
    }

    @Test("a leading ~/ is the user's home folder wherever a path is taken, and ~somebody is refused")
    func homeFolders() async throws {
        try await withHome { home, folder in
            let user = ["HOME": folder.path]
            let did = try await home.did
            try Data("\(peer)\n".utf8).write(to: URL(filePath: folder.path("bob.card")))
            try Data("secret\n".utf8).write(to: URL(filePath: folder.path("passphrase")))
            for script in [
                #""$keys" show --format did --home='~/alice'"#, #""$keys" show --format did --home '~/alice/'"#,
                #"RHIZOME_HOME='~/alice' "$keys" show --format did"#,
                #"HOME="$HOME/alice" "$keys" show --format did --home '~'"#,
            ] {
                #expect(try await shell(script, home, user).output == did + "\n", "\(script)")
            }
            for script in [
                #""$keys" trust '~/bob.card' --name bob"#,
                #""$keys" generate --home='~/sealed' --passphrase-file '~/passphrase'"#,
                #"RHIZOME_PASSPHRASE_FILE='~/passphrase' "$keys" trust \#(peer) --name bob --home '~/sealed'"#,
                #"RHIZOME_HOME='~/.rhizome' "$keys" generate --no-passphrase"#,
                // What no shell has expanded there is a folder of that name.
                #"mkdir './~bob' && cd './~bob' && "$keys" generate --no-passphrase --home './~bob'"#,
            ] {
                let outcome = try await shell("cd '\(folder.path)' && " + script, home, user)
                #expect(outcome.exitCode == 0, "\(script): \(outcome.errors)")
            }
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            #expect(names == [".rhizome", "alice", "bob.card", "passphrase", "pipe", "sealed", "~bob"])
            try await expectToRun("HOME='\(folder.path)' RHIZOME_HOME= exec \"$node\" run --json --home=~/alice", home)
            {
                _ = try await $0.output.line { $0.contains(did) }
            }
            #expect(try await shell(#""$node" audit --home='~/alice'"#, home, user).exitCode == 0)
            for script in [
                #""$keys" generate --no-passphrase --home='~bob/x'"#, #"RHIZOME_HOME='~root' "$node" run"#,
                #""$keys" generate --home new --passphrase-file '~bob/x'"#, #""$keys" trust '~bob/bob.card'"#,
                #""$node" run --passphrase-file '~bob/x' --home '~/sealed'"#,
            ] {
                let outcome = try await shell("cd '\(folder.path)' && " + script, home, user)
                #expect(outcome.exitCode == 64, "\(script)")
                #expect(outcome.errors.contains("only ~/ is understood"), "\(outcome.errors)")
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == names)
        }
    }

    @Test("without an absolute HOME the password database tells the home folder", arguments: ["", "alice"])
    func passwordDatabase(variable: String) async throws {
        try await withHome { home, folder in
            let missing = "rhizome-\(UUID().uuidString)"
            let outcome = try await shell(
                "cd '\(folder.path)' && exec \"$keys\" show --home '~/\(missing)'",
                home,
                ["HOME": variable]
            )
            if let record = unsafe getpwuid(geteuid()), let user = unsafe record.pointee.pw_dir {
                #expect(outcome.exitCode == 78)
                #expect(unsafe outcome.errors.contains("no identity in \(String(cString: user))/\(missing)"))
            } else {
                #expect(outcome.exitCode == 64)
                #expect(outcome.errors.contains("no home folder"), "\(outcome.errors)")
            }
        }
    }

    @Test("a passphrase comes from standard input by -, and is any bytes")
    func passphraseFromInput() async throws {
        try await withHome { home, folder in
            let secret = "printf 'p\\377ss\\n' | "
            let sealed = ["RHIZOME_HOME": folder.path("sealed")]
            func expectSuccess(_ script: String) async throws {
                let outcome = try await shell(script, home, sealed)
                #expect(outcome.exitCode == 0, "\(script): \(outcome.errors)")
            }
            try await expectSuccess(secret + #""$keys" generate --passphrase-file -"#)
            try await expectSuccess(secret + #""$keys" trust \#(peer) --name bob --passphrase-file=-"#)
            try await expectSuccess(secret + #"RHIZOME_PASSPHRASE_FILE=- "$keys" verify"#)
            try await expectSuccess(
                "cd '\(folder.path)' && printf 'p\\377ss' > ./- && \"$keys\" verify --passphrase-file ./-"
            )
            let empty = try await shell(#""$keys" generate --force --passphrase-file - <&-"#, home, sealed)
            #expect(empty.errors.contains("standard input holds no passphrase"), "\(empty.errors)")
            let wrong = try await shell(#"echo pass | "$keys" distrust bob --passphrase-file -"#, home, sealed)
            #expect(wrong.errors.contains("wrong passphrase"), "\(wrong.errors)")
            for both in [#""$keys" trust - --passphrase-file -"#, #"RHIZOME_PASSPHRASE_FILE=- "$keys" trust -"#] {
                let outcome = try await shell("echo \(peer) | " + both, home, sealed)
                #expect(outcome.exitCode == 64)
                #expect(outcome.errors.contains("can't hold both"), "\(outcome.errors)")
            }
            let opened = try await shell("printf x | exec \"$node\" run --passphrase-file -", home, sealed)
            #expect(opened.errors.contains("wrong passphrase"), "\(opened.errors)")
        }
    }
}
