import Foundation
import RhizomeTesting
import Testing

/// The programs in `Examples`, as processes of their own.
@Suite struct ExampleTests {
    private static let limit = Duration.seconds(60)

    /// Runs `users` on any free ports for the time of `body`, which is told where peers find it.
    private static func running<Result: Sendable>(
        _ home: NodeHome,
        _ action: String...,
        body: @Sendable (_ output: LineLog, _ address: String) async throws -> Result
    ) async throws -> Result {
        let (result, exitCode) = try await BuiltCommand("users")
            .withRunning([home.path, "0"] + action) { command in
                let line = try await command.output.line(within: limit) { $0.hasPrefix("listening at ") }
                let result = try await body(command.output, String(line.dropFirst("listening at ".count)))
                command.signal(SIGTERM)
                try await command.end(within: .seconds(30))
                return result
            }
        #expect(exitCode == 0)
        return result
    }

    @Test("three processes share users: each sees what the others create and change")
    func users() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let alice = try await NodeHome.make("alice", in: folder)
                let bob = try await NodeHome.make("bob", in: folder)
                let carol = try await NodeHome.make("carol", in: folder)
                for (home, other) in [(bob, alice), (bob, carol), (alice, carol)] { try await home.trust(other) }
                try await Self.running(bob) { bobSees, bobIsAt in
                    try await alice.trust(bob, at: bobIsAt)
                    try await Self.running(alice, "put", "taliesin-1", "Taliesin", "42") { aliceSees, aliceIsAt in
                        for output in [aliceSees, bobSees] {
                            _ = try await output.line(within: Self.limit) { $0 == "created taliesin-1: Taliesin, 42" }
                        }
                        try await carol.trust(bob, at: bobIsAt)
                        try await carol.trust(alice, at: aliceIsAt)
                        try await Self.running(carol, "birthday", "taliesin-1") { carolSees, _ in
                            _ = try await carolSees.line(within: Self.limit) {
                                $0 == "created taliesin-1: Taliesin, 42"
                            }
                            for output in [carolSees, bobSees, aliceSees] {
                                _ = try await output.line(within: Self.limit) {
                                    $0 == "updated taliesin-1: Taliesin, 43"
                                }
                            }
                            // Each event once, and no others.
                            for output in [carolSees, bobSees, aliceSees] {
                                let events = await output.lines.filter { !$0.hasPrefix("listening") }
                                #expect(events.count == 2, "\(events)")
                            }
                        }
                    }
                }
                for home in [alice, bob, carol] {
                    let audit = try await home.audit()
                    #expect(audit.exitCode == 0, "\(audit.text)")
                }
                let told = try await BuiltCommand("who-said-so").run([alice.path, "taliesin-1"])
                #expect(told.exitCode == 0)
                #expect(told.output.contains("age = 42, said I on "))
                #expect(told.output.contains("age = 43, said carol on "))
            }
        }
    }

    @Test("what trust keeps out isn't told by who-said-so, as the node itself doesn't show it")
    func keptOut() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let homes = try await NodeHome.makeFriends("alice", "bob", in: folder)
                let alice = homes[0]
                try await NodeHome.running(homes) { nodes in
                    _ = try await nodes[1].put("/api/note/1", "{\"text\": \"bob's\"}")
                    try await eventually("alice holds bob's") { try await nodes[0].count == 1 }
                    _ = try await nodes[0].put("/api/note/1", "{\"title\": \"alice's\"}")
                }
                func told() async throws -> String {
                    let outcome = try await BuiltCommand("who-said-so").run([alice.path, "1"])
                    #expect(outcome.exitCode == 0)
                    return outcome.output
                }
                let before = try await told()
                #expect(before.contains("text = \"bob's\", said bob on "))
                #expect(before.contains("title = \"alice's\", said I on "))
                _ = try await alice.keys("distrust", "bob", "--keep", "none")
                let after = try await told()
                #expect(!after.contains("bob") && after.contains("title = \"alice's\", said I on "))
            }
        }
    }

    @Test(
        "arguments that can't be meant end the examples with their usage",
        arguments: [
            ("users", [] as [String]), ("users", ["home"]), ("users", ["home", "65535"]),
            ("users", ["home", "0", "put", "id", "name", "old"]), ("users", ["home", "0", "birthday"]),
            ("who-said-so", ["home"]),
        ]
    )
    func usage(_ name: String, _ arguments: [String]) async throws {
        try await AsyncGate.processes.pass {
            let outcome = try await BuiltCommand(name).run(arguments)
            #expect(outcome.exitCode == 64)
            #expect(outcome.output.hasPrefix("usage: \(name) "))
        }
    }

    @Test("the Swift code in the README is that of the examples and of a tested resolver")
    func readme() throws {
        func lines(_ path: String) throws -> [String] {
            try String(contentsOf: TestFiles.root.appending(path: path), encoding: .utf8)
                .split(separator: "\n")
                .map { $0.trimmingCharacters(in: .whitespaces) }
        }
        let examples = try [
            "Examples/users/Users.swift", "Examples/who-said-so/WhoSaidSo.swift",
            "Tests/RhizomeViewsTests/LongestText.swift", "Tests/RhizomeCollectionsTests/FriendlyUser.swift",
        ].flatMap(lines)
        var code: [String] = []
        var isCode = false
        for line in try lines("README.md") {
            if line.hasPrefix("```") { isCode = line == "```swift" } else if isCode { code.append(line) }
        }
        #expect(code.count > 20)
        // What stands before a declaration there needn't stand here.
        for line in code where !examples.contains(where: { $0.hasSuffix(line) }) {
            Issue.record("not in the examples: \(line)")
        }
    }
}
