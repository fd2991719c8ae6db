import Foundation
import RhizomeTesting

/// A home with an identity, made and looked after by the built commands.
struct NodeHome: Sendable {
    let folder: TemporaryFolder
    let name: String
    /// A loopback address of its own, on which it has the same ports after each start; else any ports of 127.0.0.1.
    let host: String?
    let node: BuiltCommand
    let keys: BuiltCommand

    init(_ name: String, in folder: TemporaryFolder, at host: String? = nil) throws {
        self.folder = folder
        self.name = name
        self.host = host
        node = try BuiltCommand("rhizome-node")
        keys = try BuiltCommand("rhizome-keys")
    }

    /// The home's path.
    var path: String { folder.path(name) }

    /// A new home with a new identity.
    static func make(_ name: String, in folder: TemporaryFolder, at host: String? = nil) async throws -> NodeHome {
        let home = try NodeHome(name, in: folder, at: host)
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

    /// Where peers find a node with a host of its own.
    var address: String { "\(host ?? "127.0.0.1"):4000" }

    /// The identity.
    var did: String {
        get async throws { try await keys("show", "--format", "did") }
    }

    /// Trusts another, whose address is given where this one is to go there.
    func trust(_ other: NodeHome, at address: String? = nil, _ more: String...) async throws {
        let card = try await other.keys("show", "--format", "card")
        _ = try await keys(["trust", card] + (address.map { ["--address", $0] } ?? []) + more)
    }

    /// Homes with hosts of their own, each of which trusts all the others and knows where they are.
    static func makeFriends(_ names: String..., in folder: TemporaryFolder) async throws -> [NodeHome] {
        var homes: [NodeHome] = []
        for name in names { homes.append(try await make(name, in: folder, at: LoopbackHost.next())) }
        for home in homes {
            for other in homes where other.name != home.name { try await home.trust(other, at: other.address) }
        }
        return homes
    }

    /// The settings of a node on free loopback ports, or on a host of its own.
    var settings: [String: String] {
        [
            "RHIZOME_HOME": path, "RHIZOME_ADDRESS": host ?? "127.0.0.1",
            "RHIZOME_REQUEST_BIND_PORT": host == nil ? "0" : "4000",
            "RHIZOME_PUBLISH_BIND_PORT": host == nil ? "0" : "4001", "RHIZOME_HTTP_API_PORT": "0",
        ]
    }

    /// Runs several nodes for the time of `body`.
    static func running(
        _ homes: [NodeHome],
        _ body: @escaping @Sendable ([RunningNode]) async throws -> Void
    ) async throws {
        try await running(homes[...], [], body)
    }

    private static func running(
        _ rest: ArraySlice<NodeHome>,
        _ started: [RunningNode],
        _ body: @escaping @Sendable ([RunningNode]) async throws -> Void
    ) async throws {
        guard let next = rest.first else { return try await body(started) }
        try await next.running { try await running(rest.dropFirst(), started + [$0], body) }
    }

    /// The audit's findings: none where all is well.
    func audit() async throws -> (exitCode: Int32, text: String) {
        let outcome = try await node.run(["audit", "--json", "--home", path])
        return (outcome.exitCode, outcome.output + outcome.errors)
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

    /// What the API answers, decoded.
    func value<Value: Decodable>(_ path: String, as type: Value.Type = Value.self) async throws -> Value {
        let answer = try await ask(path)
        guard answer.status == 200 else { throw CommandError(description: "\(path): \(answer)") }
        return try JSONDecoder().decode(Value.self, from: Data(answer.body.utf8))
    }

    /// One item of `/api/peers`.
    struct Peer: Decodable {
        struct Counts: Decodable { let accepted, duplicate, rejected, deferred: Int }
        struct Fork: Decodable { let sequence: Int, ids: [String] }
        let identity, name, state: String
        let deltaCount: Counts
        let clockOffsetMicroseconds: Int?
        let forks: [Fork]
    }

    /// A peer by the name that this node gives it.
    func peer(_ name: String) async throws -> Peer? {
        try await value("/api/peers", as: [Peer].self).first { $0.name == name }
    }

    /// How many deltas it holds.
    var count: Int {
        get async throws { try await value("/api/deltas/count") }
    }

    /// The ids of all that it holds.
    var ids: Set<String> {
        get async throws {
            struct IDs: Decodable { let ids: [String] }
            return Set(try await value("/api/delta/ids", as: IDs.self).ids)
        }
    }

    /// A property of an entity.
    func property(_ name: String, of path: String) async throws -> String? {
        struct Entity: Decodable { let properties: [String: String] }
        guard try await ask(path).status == 200 else { return nil }
        return try await value(path, as: Entity.self).properties[name]
    }

    /// The lines of its log that hold all these words.
    func logged(_ words: String...) async -> [String] {
        await command.errors.lines.filter { line in words.allSatisfy { line.contains($0) } }
    }

    /// Writes properties of an entity.
    func put(_ path: String, _ body: String) async throws -> (status: Int, body: String) {
        try await ask(path, "-X", "PUT", "-H", "Content-Type: application/json", "--data-binary", body)
    }
}
