import Foundation
import RhizomeTesting
import Testing

/// What a person at a terminal gets beside what a program gets: pages and colour.
@Suite struct TerminalOutputTests {
    /// Runs a command at a terminal of its own (script(1)), where a pager marks what went through it.
    private func atTerminal(
        _ arguments: String,
        _ home: NodeHome,
        _ more: [String: String] = [:]
    ) async throws -> String {
        let environment = home.settings.merging([
            "PAGER": "sed 's/^/paged: /'", "TERM": "xterm", "node": home.node.path,
        ]) { $1 }.merging(more) { $1 }
        let outcome = try await BuiltCommand("script", in: "/usr/bin").run(
            ["-qec", "\"$node\" \(arguments)", "/dev/null"],
            environment: environment
        )
        return "\(outcome.output)exit \(outcome.exitCode)"
    }

    @Test("results go through the pager and have colour at a terminal alone, and never where a program asks")
    func pages() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let home = try await NodeHome.make("alice", in: folder)
                try await home.running { node in
                    _ = try await node.put("/api/user/u1", #"{"name": "Taliesin"}"#)
                }
                let bold = "\u{1b}[1mname\u{1b}[0m"
                let paged = try await atTerminal("blame user/u1", home)
                #expect(paged.hasPrefix("paged: \(bold) = ") && paged.hasSuffix("exit 0"), "\(paged)")
                let plain = try await atTerminal("blame user/u1", home, ["NO_COLOR": "1"])
                #expect(plain.hasPrefix("paged: name = "), "\(plain)")
                for (arguments, more) in [
                    ("blame user/u1 --no-pager", [:]), ("blame user/u1", ["PAGER": ""]),
                    ("blame user/u1", ["PAGER": "cat"]),
                ] as [(String, [String: String])] {
                    let direct = try await atTerminal(arguments, home, more)
                    #expect(direct.hasPrefix("\(bold) = "), "\(direct)")
                }
                let json = try await atTerminal("blame user/u1 --json", home)
                #expect(json.hasPrefix("{") && !json.contains("\u{1b}"), "\(json)")
                // Who leaves the pager early has seen enough.
                let left = try await atTerminal("blame user/u1", home, ["PAGER": "true"])
                #expect(left == "exit 0", "\(left)")
                // A failure is told beside the pages.
                let failure = try await atTerminal("blame user/u2", home)
                #expect(failure.hasPrefix("error: nothing was said") && failure.hasSuffix("exit 1"), "\(failure)")
                let piped = try await home.node.run(["blame", "user/u1", "--home", home.path])
                #expect(piped.output.hasPrefix("name = "), "\(piped.output)")
            }
        }
    }
}
