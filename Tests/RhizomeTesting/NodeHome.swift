import Foundation

/// A home with an identity, made and looked after by the built commands.
package struct NodeHome: Sendable {
    /// In which it lies, under its name.
    package let folder: TemporaryFolder
    /// What it is called, also by others who trust it.
    package let name: String
    /// A loopback address of its own, on which it has the same ports after each start; else any ports of 127.0.0.1.
    package let host: String?
    /// `rhizome-node`.
    package let node: BuiltCommand
    /// `rhizome-keys`.
    package let keys: BuiltCommand

    /// A home that is there already.
    package init(_ name: String, in folder: TemporaryFolder, at host: String? = nil) throws {
        self.folder = folder
        self.name = name
        self.host = host
        node = try BuiltCommand("rhizome-node")
        keys = try BuiltCommand("rhizome-keys")
    }

    /// The home's path.
    package var path: String { folder.path(name) }

    /// A new home with a new identity.
    package static func make(_ name: String, in folder: TemporaryFolder, at host: String? = nil) async throws
        -> NodeHome
    {
        let home = try NodeHome(name, in: folder, at: host)
        _ = try await home.keys("generate", "--name", name, "--no-passphrase")
        return home
    }

    /// Runs `rhizome-keys`, which must succeed.
    package func keys(_ arguments: String...) async throws -> String { try await keys(arguments) }

    private func keys(_ arguments: [String]) async throws -> String {
        let outcome = try await keys.run(arguments + ["--home", path])
        guard outcome.exitCode == 0 else { throw CommandError(description: "rhizome-keys: \(outcome.errors)") }
        return outcome.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Where peers find a node with a host of its own.
    package var address: String { "\(host ?? "127.0.0.1"):4000" }

    /// The identity.
    package var did: String {
        get async throws { try await keys("show", "--format", "did") }
    }

    /// Trusts another, whose address is given where this one is to go there.
    package func trust(_ other: NodeHome, at address: String? = nil, _ more: String...) async throws {
        let card = try await other.keys("show", "--format", "card")
        try await trust(card, at: address, more)
    }

    /// Trusts whoever such a text names: a card, or a did and its petname.
    package func trust(_ peer: String, at address: String? = nil, _ more: [String]) async throws {
        _ = try await keys(["trust", peer] + (address.map { ["--address", $0] } ?? []) + more)
    }

    /// Homes with hosts of their own, each of which trusts all the others and knows where they are.
    package static func makeFriends(_ names: String..., in folder: TemporaryFolder) async throws -> [NodeHome] {
        var homes: [NodeHome] = []
        for name in names { homes.append(try await make(name, in: folder, at: LoopbackHost.next())) }
        for home in homes {
            for other in homes where other.name != home.name { try await home.trust(other, at: other.address) }
        }
        return homes
    }

    /// The settings of a node on free loopback ports, or on a host of its own.
    package var settings: [String: String] {
        [
            "RHIZOME_HOME": path, "RHIZOME_ADDRESS": host ?? "127.0.0.1",
            "RHIZOME_REQUEST_BIND_PORT": host == nil ? "0" : "4000",
            "RHIZOME_PUBLISH_BIND_PORT": host == nil ? "0" : "4001", "RHIZOME_HTTP_API_PORT": "0",
        ]
    }

    /// Runs several nodes for the time of `body`.
    package static func running(
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
    package func audit() async throws -> (exitCode: Int32, text: String) {
        let outcome = try await node.run(["audit", "--json", "--home", path])
        return (outcome.exitCode, outcome.output + outcome.errors)
    }

    /// Runs a node for the time of `body`, and ends it as an administrator would.
    ///
    /// - Returns: what `body` returns; the exit code is checked.
    package func running<Result: Sendable>(
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
package struct CommandError: Error, CustomStringConvertible {
    /// Which one, and what it said.
    package let description: String
}
