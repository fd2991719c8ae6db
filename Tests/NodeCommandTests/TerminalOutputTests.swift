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

    @Test(
        "nothing that somebody wrote moves a cursor or turns the direction, whatever it is called and whichever command"
    )
    func hostileNames() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let home = try await NodeHome.make("alice", in: folder)
                let evil = #"\u001b]0;x\u0007\u202e\u009b2J\n"#
                try await home.running { node in
                    let pointers =
                        #"[{"localContext": "c\#(evil)", "target": "i\#(evil)", "targetContext": "p\#(evil)"}, "#
                        + #"{"localContext": "p\#(evil)", "target": "v\#(evil)"}, {"localContext": "x\#(evil)", "target": 1}]"#
                    let answer = try await node.ask(
                        "/api/deltas",
                        "-H",
                        "Content-Type: application/json",
                        "--data-binary",
                        "{\"pointers\": \(pointers)}"
                    )
                    #expect(answer.status == 201, "\(answer.body)")
                }
                let collection = try await home.node.run(["collections", "--home", home.path]).output.dropLast()
                let ids = try await home.node.run(["ids", "c\u{1b}]0;x\u{7}\u{202e}\u{9b}2J\n", "--home", home.path])
                let entity = "\(collection)/\(ids.output.dropLast())"
                let log = try await home.node.run(["log", "--home", home.path]).output
                let delta = String(log.prefix(12))
                let did = try await home.did
                var outputs = [String(collection), ids.output, log]
                for arguments in [
                    ["get", entity], ["history", entity], ["blame", entity], ["diff", entity, "--without", did],
                    ["log", "--graph", "--author", "me"], ["log", "--entity", entity], ["show", delta],
                    ["unset", entity, "p\u{1b}]0;x\u{7}\u{202e}\u{9b}2J\n"], ["retract", delta], ["get", "\(entity)x"],
                ] {
                    let outcome = try await home.node.run(arguments + ["--home", home.path])
                    #expect(!(outcome.output + outcome.errors).isEmpty, "\(arguments)")
                    outputs.append(outcome.output + outcome.errors)
                }
                // A property's bare value is whole for a program, and harmless at a terminal.
                let name = #""p$(printf '\033]0;x\007\342\200\256\302\2332J\n.')""#
                outputs.append(try await atTerminal("get '\(entity)' \(name)", home))
                for output in outputs {
                    let hidden = output.unicodeScalars.filter { $0 != "\n" && $0 != "\r" && !$0.isPrintable }
                    #expect(hidden.isEmpty, "\(output)")
                }
            }
        }
    }
}

extension Unicode.Scalar {
    /// Whether it shows as itself: no control, and nothing that changes the direction of what follows.
    fileprivate var isPrintable: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}
