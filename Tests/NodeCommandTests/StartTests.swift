import Foundation
import RhizomeTesting
import Testing

@Suite struct StartTests {
    @Test(
        "a setting that can't be used ends the start with its name and what is allowed",
        arguments: [
            ("RHIZOME_REQUEST_BIND_PORT", "99999", "65535"),
            ("RHIZOME_PUBLISH_BIND_PORT", "-1", "65535"),
            ("RHIZOME_HTTP_API_PORT", "http", "65535"),
            ("RHIZOME_REQUEST_BIND_ADDR", "not an address", "host name"),
            ("RHIZOME_PUBLISH_BIND_HOST", "*", "host name"),
            ("RHIZOME_HTTP_API_ENABLE", "yes", "true or false"),
            ("RHIZOME_HTTP_API_TOKEN", "never", "other-users, off-loopback or always"),
            ("RHIZOME_HTTP_API_HOSTS", "https://db.example.org", "host:port"),
            ("RHIZOME_HTTP_API_HOSTS", "db.example.org, db.example.org:0", "host:port"),
            ("RHIZOME_HTTP_API_HOSTS", "*", "host:port"),
            ("RHIZOME_LOG_LEVEL", "loud", "info"),
            ("RHIZOME_SEED_PEERS", "10.0.0.1:4000", "rhizome-keys trust"),
            ("RHIZOME_SEED_PEERS", "bob@nowhere", "host:port"),
            ("RHIZOME_SEED_PEERS", "bob@10.0.0.1:4000", "trust it first (rhizome-keys trust PEER)"),
            ("RHIZOME_PUB_SUB_TOPIC", String(repeating: "x", count: 65), "64"),
        ]
    )
    func settings(variable: String, value: String, allowed: String) async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let home = try await NodeHome.make("alice", in: folder)
                let outcome = try await home.node.run(
                    ["run"],
                    environment: home.settings.merging([variable: value]) { $1 },
                    within: .seconds(60)
                )
                #expect(outcome.exitCode == 64)
                #expect(outcome.errors.contains(variable))
                #expect(outcome.errors.contains(allowed), "\(outcome.errors)")
            }
        }
    }

    @Test("a seed peer that is distrusted is told and left alone, and gone to once it is trusted again")
    func distrustedSeed() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let alice = try await NodeHome.make("alice", in: folder)
                let bob = try await NodeHome.make("bob", in: folder, at: LoopbackHost.next())
                let other = "\(LoopbackHost.next()):4000"
                try await bob.trust(alice)
                try await alice.trust(bob, at: other)
                _ = try await alice.keys("distrust", "bob")
                try await bob.running { _ in
                    // By name, and by the address at which he was trusted last.
                    try await alice.running(["RHIZOME_SEED_PEERS": "bob@\(bob.address), \(other)"]) { node in
                        let lines = await node.logged("RHIZOME_SEED_PEERS", "it is distrusted", "name=bob")
                        #expect(lines.count == 1, "\(lines)")
                        #expect(lines.first?.contains("rhizome-keys trust") == true)
                        for address in [bob.address, other] { #expect(lines.first?.contains(address) == true) }
                        try await alice.trust(bob)
                        try await eventually("alice goes to bob") {
                            try await node.peer("bob")?.state == "connected"
                        }
                    }
                }
            }
        }
    }

    /// Runs a node that may have so many descriptors.
    private func start(_ home: NodeHome, descriptors: Int) -> [String] {
        ["-c", "ulimit -n \(descriptors); exec '\(home.node.path)' run --json"]
    }

    @Test("with too few descriptors the node says how many it needs; with as many it runs, and strangers leave it some")
    func fewDescriptors() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let home = try await NodeHome.make("alice", in: folder)
                let shell = BuiltCommand("bash", in: "/usr/bin")
                var needed = 0
                for few in [20, 40, 64] {
                    let outcome = try await shell.run(start(home, descriptors: few), environment: home.settings)
                    #expect(outcome.exitCode == 78, "\(outcome.errors)")
                    let words = "a process may have \(few) open files here (RLIMIT_NOFILE), and a node needs "
                    let place = try #require(outcome.errors.firstRange(of: words), "\(outcome.errors)")
                    #expect(outcome.errors.contains("LimitNOFILE="))
                    needed = Int(outcome.errors[place.upperBound...].prefix { $0.isNumber }) ?? 0
                }
                let (_, exitCode) = try await shell.withRunning(
                    start(home, descriptors: needed),
                    environment: home.settings
                ) { command in
                    let node = try await RunningNode(command)
                    try await SilentConnections.running(200, to: node.request, saying: []) { _ in
                        try await eventually("it is told") { await node.logged("too few descriptors").count == 1 }
                        try await SilentConnections.running(100, to: node.http, saying: []) { _ in
                            // As long as libdispatch needs to look at the threads a few times.
                            try await Task.sleep(for: .seconds(4))
                            #expect(try await node.put("/api/user/a", "{\"name\": \"A\"}").status == 200)
                        }
                    }
                    command.signal(SIGTERM)
                    try await command.end()
                }
                #expect(exitCode == 0)
            }
        }
    }

    @Test("without an identity the node says how to make one")
    func noIdentity() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let outcome = try await BuiltCommand("rhizome-node").run(["run", "--home", folder.path("none")])
                #expect(outcome.exitCode == 78)
                #expect(outcome.errors.contains("rhizome-keys generate"))
            }
        }
    }

    @Test("a second node on one home exits 75 and names the first")
    func secondNode() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let home = try await NodeHome.make("alice", in: folder)
                try await home.running { first in
                    let second = try await home.node.run(["run"], environment: home.settings)
                    #expect(second.exitCode == 75)
                    #expect(second.errors.contains("\(first.command.processID)"), "\(second.errors)")
                }
            }
        }
    }

    @Test("a store that is a pipe or a link or lies behind one ends node and audit with what to do that loses nothing")
    func oddStore() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let home = try await NodeHome.make("alice", in: folder)
                try await home.running { node in _ = try await node.put("/api/note/1", "{\"text\": \"x\"}") }
                func expectEnd(_ exitCode: Int32, _ words: String...) async throws {
                    for arguments in [["run"], ["audit"]] {
                        let outcome = try await home.node.run(
                            arguments,
                            environment: home.settings,
                            within: .seconds(60)
                        )
                        #expect(outcome.exitCode == exitCode, "\(outcome.errors)")
                        for word in words { #expect(outcome.errors.contains(word), "\(outcome.errors)") }
                    }
                    let verified = try await home.keys.run(["verify", "--home", home.path])
                    #expect(verified.exitCode == 1)
                    #expect(verified.errors.contains(home.path + "/data"), "\(verified.errors)")
                }
                let (data, store) = (home.path + "/data", home.path + "/data/store.sqlite")
                try FileManager.default.moveItem(atPath: store, toPath: folder.path("elsewhere"))
                try folder.makePipe("alice/data/store.sqlite")
                try await expectEnd(78, store, "not a plain file; move it away")
                try FileManager.default.removeItem(atPath: store)
                try FileManager.default.createSymbolicLink(atPath: store, withDestinationPath: folder.path("elsewhere"))
                try await expectEnd(77, store, "is a symbolic link", "together with the -wal file")
                try FileManager.default.removeItem(atPath: store)
                try FileManager.default.moveItem(atPath: folder.path("elsewhere"), toPath: store)

                try FileManager.default.moveItem(atPath: data, toPath: folder.path("elsewhere"))
                try FileManager.default.createSymbolicLink(atPath: data, withDestinationPath: folder.path("elsewhere"))
                let way = "with all that is in it, into the place of the link"
                try await expectEnd(77, data, "is a symbolic link", way)
                try FileManager.default.removeItem(atPath: data)
                try FileManager.default.moveItem(atPath: folder.path("elsewhere"), toPath: data)
                let count = try await home.running { node in try await node.count }
                #expect(count == 1)
            }
        }
    }

    @Test("a port that is taken ends the start with the setting's name")
    func takenPort() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let alice = try await NodeHome.make("alice", in: folder)
                let bob = try await NodeHome.make("bob", in: folder)
                try await alice.running { first in
                    let port = String(first.request.split(separator: ":").last ?? "")
                    let outcome = try await bob.node.run(
                        ["run", "--request-bind-port", port],
                        environment: bob.settings
                    )
                    #expect(outcome.exitCode == 75)
                    #expect(outcome.errors.contains("RHIZOME_REQUEST_BIND"), "\(outcome.errors)")
                    let http = try await bob.node.run(
                        ["run", "--http-api-port", String(first.http.split(separator: ":").last ?? "")],
                        environment: bob.settings
                    )
                    #expect(http.exitCode == 75)
                    #expect(http.errors.contains("choose another RHIZOME_HTTP_API_PORT"), "\(http.errors)")
                }
            }
        }
    }

    @Test(
        "an address that this machine doesn't have is told as such",
        arguments: ["RHIZOME_REQUEST_BIND_ADDR", "RHIZOME_HTTP_API_ADDR"]
    )
    func foreignAddress(variable: String) async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let home = try await NodeHome.make("alice", in: folder)
                // RFC 5737: nobody has it.
                let outcome = try await home.node.run(
                    ["run"],
                    environment: home.settings.merging([variable: "192.0.2.1"]) { $1 },
                    within: .seconds(60)
                )
                #expect(outcome.exitCode == 75)
                #expect(outcome.errors.contains("this machine has no such address"), "\(outcome.errors)")
            }
        }
    }

    @Test("requests and news can't have the same port on the same address")
    func samePort() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let home = try await NodeHome.make("alice", in: folder)
                let outcome = try await home.node.run(
                    ["run", "--request-bind-port", "4000", "--publish-bind-port", "4000"],
                    environment: home.settings,
                    within: .seconds(60)
                )
                #expect(outcome.exitCode == 64)
                #expect(outcome.errors.contains("must differ"), "\(outcome.errors)")
            }
        }
    }

    @Test(
        "SIGINT and SIGTERM close the node within 5 s, a stalled reader notwithstanding",
        arguments: [SIGINT, SIGTERM]
    )
    func signals(number: Int32) async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let home = try await NodeHome.make("alice", in: folder)
                let (_, exitCode) = try await home.node.withRunning(
                    ["run", "--json"],
                    environment: home.settings
                ) { command in
                    let node = try await RunningNode(command)
                    let health = try await node.ask("/api/health")
                    #expect(health.status == 200)
                    let asked = ContinuousClock.now
                    command.signal(number)
                    try await command.end(within: .seconds(20))
                    #expect(ContinuousClock.now - asked < .seconds(5))
                }
                #expect(exitCode == 0)
            }
        }
    }

    @Test("a libsodium whose verification accepts everything is refused at the start")
    func otherRule() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let home = try await NodeHome.make("alice", in: folder)
                let shim = try await folder.compileShim(
                    """
                    int crypto_sign_verify_detached(const unsigned char *s, const unsigned char *m,
                                                    unsigned long long n, const unsigned char *k) { return 0; }
                    """
                )
                let outcome = try await home.node.run(
                    ["run"],
                    environment: home.settings.merging(["LD_PRELOAD": shim]) { $1 }
                )
                #expect(outcome.exitCode == 78)
                #expect(outcome.errors.contains("libsodium"), "\(outcome.errors)")
            }
        }
    }

    @Test("a journal whose tail was cut after the node applied it stops the start")
    func cutJournal() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let alice = try await NodeHome.make("alice", in: folder)
                let bob = try await NodeHome.make("bob", in: folder)
                let journal = URL(filePath: alice.path + "/trust.journal")
                _ = try await alice.keys("trust", try await bob.keys("show", "--format", "card"))
                let earlier = try Data(contentsOf: journal)
                _ = try await alice.keys("distrust", "bob")
                try await alice.running { _ in }
                try earlier.write(to: journal)
                let outcome = try await alice.node.run(["run"], environment: alice.settings)
                #expect(outcome.exitCode == 78)
                #expect(outcome.errors.contains("trust.journal was cut"), "\(outcome.errors)")
            }
        }
    }

    @Test("help and version are there for each command", arguments: [[], ["run"], ["audit"]] as [[String]])
    func help(command: [String]) async throws {
        let outcome = try await BuiltCommand("rhizome-node").run(
            command + ["--help"],
            environment: ["COLUMNS": "200"]
        )
        // What is to be pasted isn't wrapped on a terminal of 80 columns.
        for line in outcome.output.split(separator: "\n") where line.hasPrefix("  rhizome-node ") {
            #expect(line.count <= 76, "\(line)")
        }
        #expect(outcome.exitCode == 0)
        #expect(outcome.output.contains("USAGE: rhizome-node"))
        #expect(try await BuiltCommand("rhizome-node").run(["--version"]).exitCode == 0)
        #expect(try await BuiltCommand("rhizome-node").run(["--no-such-option"]).exitCode == 64)
    }
}
