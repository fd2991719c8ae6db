import Foundation
import RhizomeTesting
import Testing

@Suite struct WatchCommandTests {
    private func withHome(_ body: @escaping @Sendable (NodeHome) async throws -> Void) async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let home = try await NodeHome.make("alice", in: folder)
                try await put(home, "user/u1", "name=Gwion")
                try await body(home)
            }
        }
    }

    private func put(_ home: NodeHome, _ arguments: String...) async throws {
        let outcome = try await home.node.run(["put"] + arguments + ["--home", home.path])
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
    }

    /// Lends a watch that has begun, and ends it by SIGINT.
    private func watching(
        _ home: NodeHome,
        _ arguments: String...,
        body: @escaping @Sendable (RunningCommand) async throws -> Void
    ) async throws {
        let (_, exitCode) = try await home.node.withRunning(
            ["watch", "--home", home.path] + arguments,
            environment: [:]
        ) { command in
            _ = try await command.errors.line { $0.contains("watching from position") }
            try await body(command)
            command.signal(SIGINT)
            try await command.end()
        }
        #expect(exitCode == 130)
    }

    @Test("each delta is shown as it comes, without a node and through one")
    func deltas() async throws {
        try await withHome { home in
            try await watching(home) { watch in
                try await put(home, "user/u1", "name=Taliesin")
                _ = try await watch.output.line { $0.hasSuffix(#"  user/u1 name = "Taliesin""#) }
                try await home.running { _ in try await put(home, "film/f1", "title=Excalibur") }
                _ = try await watch.output.line { $0.hasSuffix(#"  film/f1 title = "Excalibur""#) }
                #expect(await watch.output.lines.count == 2)
            }
            try await watching(home, "--json") { watch in
                try await put(home, "user/u2", "name=Ceridwen")
                let line = try await watch.output.line { _ in true }
                #expect(line.hasPrefix(#"{"format":1,"id":"#) && line.contains("Ceridwen"), "\(line)")
            }
        }
    }

    @Test("of a collection its entities' changes are shown, as its reader sees them")
    func collection() async throws {
        try await withHome { home in
            try await watching(home, "user") { watch in
                try await put(home, "film/f1", "title=Excalibur")
                try await put(home, "user/u1", "name=Taliesin")
                let line = try await watch.output.line { _ in true }
                #expect(line == #"user/u1 name = "Taliesin"  (was "Gwion")"#)
                _ = try await home.node.run(["unset", "user/u1", "name", "--home", home.path])
                _ = try await watch.output.line { $0 == "user/u1 is gone" }
            }
            try await watching(home, "user", "--json") { watch in
                try await put(home, "user/u1", "name=Taliesin")
                let line = try await watch.output.line { _ in true }
                #expect(line.hasPrefix(#"{"format":1,"collection":"user","id":"u1","position":"#), "\(line)")
                #expect(line.hasSuffix(#""before":null,"after":{"name":"Taliesin"}}"#), "\(line)")
            }
            for wrong in [["--as-of", "1d"], ["--without", "bob"], ["user", "--without", "bob"]] {
                #expect(try await home.node.run(["watch", "--home", home.path] + wrong).exitCode == 64)
            }
        }
    }

    @Test("a watch that nobody reads any more ends by itself, though nothing comes")
    func closedPipe() async throws {
        try await withHome { home in
            _ = try await BuiltCommand("sh", in: "/bin").withRunning(
                ["-c", "'\(home.node.path)' watch --home '\(home.path)' | head -n 1"],
                environment: [:]
            ) { command in
                _ = try await command.errors.line { $0.contains("watching from position") }
                try await put(home, "user/u1", "name=Taliesin")
                _ = try await command.output.line { $0.contains("Taliesin") }
                try await command.end()
            }
        }
    }
}
