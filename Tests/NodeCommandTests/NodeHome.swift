import Foundation
import RhizomeTesting

/// A home with an identity, made and looked after by the built commands.
struct NodeHome: Sendable {
    let folder: TemporaryFolder
    let name: String
    let node: BuiltCommand
    let keys: BuiltCommand

    init(_ name: String, in folder: TemporaryFolder) throws {
        self.folder = folder
        self.name = name
        node = try BuiltCommand("rhizome-node")
        keys = try BuiltCommand("rhizome-keys")
    }

    /// The home's path.
    var path: String { folder.path(name) }

    /// A new home with a new identity.
    static func make(_ name: String, in folder: TemporaryFolder) async throws -> NodeHome {
        let home = try NodeHome(name, in: folder)
        _ = try await home.keys("generate", "--name", name, "--no-passphrase")
        return home
    }

    /// Runs `rhizome-keys`, which must succeed.
    func keys(_ arguments: String...) async throws -> String { try await keys(arguments) }

    private func keys(_ arguments: [String]) async throws -> String {
        let outcome = try await keys.run(arguments + ["--home", path])
        guard outcome.exitCode == 0 else { throw CommandError(description: "rhizome-keys: \(outcome.errors)") }
        return outcome.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// The settings of a node on free loopback ports.
    var settings: [String: String] {
        [
            "RHIZOME_HOME": path, "RHIZOME_REQUEST_BIND_PORT": "0", "RHIZOME_PUBLISH_BIND_PORT": "0",
            "RHIZOME_HTTP_API_PORT": "0",
        ]
    }

    /// Runs a node for the time of `body`, and ends it as an administrator would.
    ///
    /// - Returns: what `body` returns; the exit code is checked.
    func running<Result: Sendable>(
        _ more: [String: String] = [:],
        _ body: @Sendable (RunningNode) async throws -> Result
    ) async throws -> Result {
        let (result, exitCode) = try await node.withRunning(
            ["run", "--json"],
            environment: settings.merging(more) { $1 }
        ) { command in
            let node = try await RunningNode(command)
            let result = try await body(node)
            command.signal(SIGTERM)
            try await command.end(within: .seconds(10))
            return result
        }
        guard exitCode == 0 else { throw CommandError(description: "the node ended with exit code \(exitCode)") }
        return result
    }
}

/// A command that failed where a test needs it to succeed.
struct CommandError: Error, CustomStringConvertible {
    let description: String
}

/// A node that listens, and its HTTP API.
struct RunningNode: Sendable {
    let command: RunningCommand
    let request: String
    let publish: String
    let http: String

    /// Waits for the line with the addresses.
    init(_ command: RunningCommand) async throws {
        self.command = command
        let line = try await command.output.line(within: .seconds(60)) { $0.hasPrefix("{") }
        struct Addresses: Decodable { let request, publish, http: String }
        let addresses = try JSONDecoder().decode(Addresses.self, from: Data(line.utf8))
        request = addresses.request
        publish = addresses.publish
        http = addresses.http
    }

    /// What the API answers, by curl: a client that isn't ours.
    func ask(_ path: String, _ options: String...) async throws -> (status: Int, body: String) {
        let outcome = try await BuiltCommand("curl", in: "/usr/bin").run(
            ["--silent", "--max-time", "30", "--write-out", "\n%{http_code}"] + options + ["http://\(http)\(path)"]
        )
        let lines = outcome.output.split(separator: "\n", omittingEmptySubsequences: false)
        guard let status = lines.last.flatMap({ Int($0) }) else {
            throw CommandError(description: "curl: \(outcome.errors)")
        }
        return (status, lines.dropLast().joined(separator: "\n").trimmingCharacters(in: .newlines))
    }

    /// Writes properties of an entity.
    func put(_ path: String, _ body: String) async throws -> (status: Int, body: String) {
        try await ask(path, "-X", "PUT", "-H", "Content-Type: application/json", "--data-binary", body)
    }
}
