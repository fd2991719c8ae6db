import Foundation
import Subprocess

/// A command of this package as it was built, for tests that run whole processes.
package struct BuiltCommand: Sendable {
    /// What a command that has ended leaves.
    package struct Outcome: Sendable {
        /// Its exit code; 128 + the signal's number where a signal ended it.
        package let exitCode: Int32
        /// Standard output.
        package let output: String
        /// Standard error.
        package let errors: String
    }

    /// A command that didn't do in time what a test waited for.
    package struct Overdue: Error, CustomStringConvertible {
        package let description: String
    }

    /// Where the program is.
    package let folder: String
    /// What it is called.
    package let name: String

    /// The program's path.
    package var path: String { folder + "/" + name }

    /// Another program, in some folder.
    package init(_ name: String, in folder: String) {
        self.name = name
        self.folder = folder
    }

    /// A command of this package: the binary beside the test bundle.
    package init(_ name: String) throws {
        let runner = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        // Where the runner lies elsewhere, the bundle is named among the arguments.
        let candidates = [runner] + CommandLine.arguments.filter { $0.contains(".xctest") }
        let folders = candidates.map { URL(filePath: $0).deletingLastPathComponent().path }
        guard let folder = folders.first(where: { FileManager.default.isExecutableFile(atPath: $0 + "/" + name) })
        else {
            throw Overdue(description: "\(name) is not beside the test bundle; build it by: swift build --build-tests")
        }
        self.init(name, in: folder)
    }

    /// Nothing is inherited, and `HOME` leads nowhere: no test can touch a real home.
    private func environment(_ more: [String: String]) -> Environment {
        let standard = ["HOME": "/nonexistent", "PATH": folder + ":/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"]
        var all: [Environment.Key: String] = [:]
        for (name, value) in standard.merging(more, uniquingKeysWith: { $1 }) {
            if let key = Environment.Key(rawValue: name) { all[key] = value }
        }
        return .custom(all)
    }

    /// Runs it to its end.
    ///
    /// - Throws: ``Overdue`` where it takes longer than `limit`; it is killed then.
    package func run(
        _ arguments: [String],
        environment: [String: String] = [:],
        input: String = "",
        within limit: Duration = .seconds(60)
    ) async throws -> Outcome {
        try await within(limit, "\(arguments) has not ended") {
            let result = try await Subprocess.run(
                .name(name),
                arguments: Arguments(arguments),
                environment: self.environment(environment),
                input: .string(input),
                output: .string(limit: 16 << 20),
                error: .string(limit: 16 << 20)
            )
            return Outcome(
                exitCode: result.terminationStatus.code,
                output: result.standardOutput,
                errors: result.standardError
            )
        }
    }

    /// Starts it, lends it to `body`, and kills it afterwards unless it has ended or is about to.
    ///
    /// - Returns: what `body` returns, and the exit code.
    package func withRunning<Result: Sendable>(
        _ arguments: [String],
        environment: [String: String] = [:],
        _ body: @Sendable (RunningCommand) async throws -> Result
    ) async throws -> (Result, exitCode: Int32) {
        let result = try await Subprocess.run(
            .name(name),
            arguments: Arguments(arguments),
            environment: self.environment(environment),
            input: .none,
            output: .sequence,
            error: .sequence
        ) { execution in
            let running = RunningCommand(processID: execution.processIdentifier.value)
            return try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for try await line in execution.standardOutput.strings() { await running.output.add(line) }
                    await running.output.end()
                }
                group.addTask {
                    for try await line in execution.standardError.strings() { await running.errors.add(line) }
                    await running.errors.end()
                }
                let result: Result
                do {
                    result = try await body(running)
                } catch {
                    running.signal(SIGKILL)
                    throw error
                }
                if !running.isEnding { running.signal(SIGKILL) }
                try await group.waitForAll()
                return result
            }
        }
        return (result.closureResult, result.terminationStatus.code)
    }
}

/// Runs `body`, and cancels it when the time is over.
///
/// - Throws: ``BuiltCommand/Overdue``.
package func within<Result: Sendable>(
    _ limit: Duration,
    _ what: String,
    _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: limit)
            throw BuiltCommand.Overdue(description: "\(what) after \(limit)")
        }
        defer { group.cancelAll() }
        guard let result = try await group.next() else { throw CancellationError() }
        return result
    }
}

extension TerminationStatus {
    fileprivate var code: Int32 {
        switch self {
        case .exited(let code): code
        case .signaled(let signal): 128 + signal
        }
    }
}
