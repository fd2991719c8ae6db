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
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                // In a shell of its own, which kills in time however busy this process is.
                let script = """
                    "\(TestFiles.root.path)/scripts/demo" >"$RHIZOME_DEMO_FOLDER/out" 2>"$RHIZOME_DEMO_FOLDER/err" &
                    until grep -q 'Carol is away' "$RHIZOME_DEMO_FOLDER/out" 2>/dev/null; do
                        kill -0 $! || exit 99
                        sleep 0.02
                    done
                    kill -KILL "$(cat "$RHIZOME_DEMO_FOLDER/bob.pid")"
                    wait $!
                    """
                let settings = [
                    "RHIZOME_BIN": try BuiltCommand("rhizome-node").folder, "RHIZOME_DEMO_FOLDER": folder.path,
                ]
                let outcome = try await BuiltCommand("bash", in: "/bin")
                    .run(["-c", script], environment: settings, within: .seconds(180))
                #expect(![0, 99].contains(outcome.exitCode))
                let errors = try String(contentsOfFile: folder.path("err"), encoding: .utf8)
                #expect(errors.contains("failed at step 5: Carol is away"), "\(errors)")
                for name in ["alice", "bob", "carol"] { #expect(try !Self.isRunning(name, folder)) }
            }
        }
    }
}
