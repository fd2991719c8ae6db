import Foundation
import RhizomeTesting
import StrictJSON
import Testing

/// `rhizome-keys` in a home of its own.
struct KeysCommand {
    let home: String
    private let command: BuiltCommand

    init(home: String) throws {
        self.home = home
        command = try BuiltCommand("rhizome-keys")
    }

    /// Runs it on the home.
    func callAsFunction(
        _ arguments: String...,
        environment: [String: String] = [:],
        input: String = ""
    ) async throws -> BuiltCommand.Outcome {
        try await command.run(arguments, environment: ["RHIZOME_HOME": home].merging(environment) { $1 }, input: input)
    }

    /// Runs it on the home.
    func callAsFunction(_ arguments: [String], input: String = "") async throws -> BuiltCommand.Outcome {
        try await command.run(arguments, environment: ["RHIZOME_HOME": home], input: input)
    }

    /// Runs it in a shell, after some preparation.
    func shell(_ preparation: String, _ arguments: String) async throws -> BuiltCommand.Outcome {
        let script = "\(preparation)\nexec '\(command.path)' \(arguments) --home '\(home)'"
        return try await BuiltCommand("sh", in: "/bin").run(["-c", script])
    }

    /// Starts it on the home and lends it.
    func running<Result: Sendable>(
        _ arguments: String...,
        body: @Sendable (RunningCommand) async throws -> Result
    ) async throws -> (Result, exitCode: Int32) {
        try await command.withRunning(arguments, environment: ["RHIZOME_HOME": home], body)
    }

    /// Runs it and reads its JSON; records an issue where it fails.
    func json(_ arguments: String...) async throws -> JSONValue {
        let outcome = try await command.run(arguments + ["--json"], environment: ["RHIZOME_HOME": home])
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        return try JSONValue(parsing: Array(outcome.output.utf8))
    }
}

/// Makes an identity in a folder of its own and lends its command; one of two at a time.
func withIdentity<Result>(
    named name: String = "alice",
    _ body: (KeysCommand, TemporaryFolder) async throws -> Result
) async throws -> Result {
    try await AsyncGate.processes.pass {
        try await withTemporaryFolder { folder in
            let keys = try KeysCommand(home: folder.path("home"))
            let outcome = try await keys("generate", "--no-passphrase", "--name", name)
            #expect(outcome.exitCode == 0, "\(outcome.errors)")
            return try await body(keys, folder)
        }
    }
}

/// Expects a failure told in one line.
func expectFailure(
    _ outcome: BuiltCommand.Outcome,
    _ exitCode: Int32 = 1,
    saying words: String...,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(outcome.exitCode == exitCode, "\(outcome.errors)", sourceLocation: sourceLocation)
    #expect(outcome.output.isEmpty, sourceLocation: sourceLocation)
    #expect(outcome.errors.hasPrefix("error: "), "\(outcome.errors)", sourceLocation: sourceLocation)
    #expect(outcome.errors.utf8.count { $0 == 0x0a } == 1, "\(outcome.errors)", sourceLocation: sourceLocation)
    for word in words {
        #expect(outcome.errors.contains(word), "\(outcome.errors)", sourceLocation: sourceLocation)
    }
}
