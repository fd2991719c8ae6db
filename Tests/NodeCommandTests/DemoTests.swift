import Foundation
import RhizomeTesting
import Testing

@Suite struct DemoTests {
    /// The demo with this build's commands, in a folder of the test's own.
    static func withDemo<Result: Sendable>(
        _ body: @Sendable (RunningCommand, TemporaryFolder) async throws -> Result
    ) async throws -> (Result, exitCode: Int32) {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let demo = BuiltCommand("demo", in: TestFiles.root.path + "/scripts")
                let settings = [
                    "RHIZOME_BIN": try BuiltCommand("rhizome-node").folder, "RHIZOME_DEMO_FOLDER": folder.path,
                ]
                return try await demo.withRunning([], environment: settings) { try await body($0, folder) }
            }
        }
    }

    /// Whether a process that the demo started is still there.
    static func isRunning(_ name: String, _ folder: TemporaryFolder) throws -> Bool {
        let text = try String(contentsOfFile: folder.path("\(name).pid"), encoding: .utf8)
        let process = try #require(Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)))
        return kill(process, 0) == 0
    }

    @Test("the demo runs to its end")
    func complete() async throws {
        let (lines, exitCode) = try await Self.withDemo { demo, folder in
            try await demo.end(within: .seconds(180))
            for name in ["alice", "bob", "carol", "mallory"] { #expect(try !Self.isRunning(name, folder)) }
            return await (demo.output.lines, demo.errors.lines)
        }
        #expect(exitCode == 0, "\(lines)")
    }

    @Test("a node that is killed in the middle fails the demo by the step's name, and nothing is left running")
    func killed() async throws {
        let (errors, exitCode) = try await Self.withDemo { demo, folder in
            _ = try await demo.output.line(within: .seconds(120)) { $0.contains("Carol is away") }
            let text = try String(contentsOfFile: folder.path("bob.pid"), encoding: .utf8)
            let bob = try #require(Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)))
            kill(bob, SIGKILL)
            try await demo.end(within: .seconds(120))
            for name in ["alice", "bob", "carol"] { #expect(try !Self.isRunning(name, folder)) }
            return await demo.errors.lines
        }
        #expect(exitCode != 0)
        #expect(errors.contains { $0.contains("failed at step 5: Carol is away") }, "\(errors)")
    }
}
