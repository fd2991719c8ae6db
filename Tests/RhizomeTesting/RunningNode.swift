import Foundation

/// A node that listens, and its HTTP API.
package struct RunningNode: Sendable {
    /// Its process.
    package let command: RunningCommand
    /// Where its ROUTER listens, `host:port`.
    package let request: String
    /// Where its PUB listens.
    package let publish: String
    /// Where its HTTP API listens.
    package let http: String

    /// Waits for the line with the addresses.
    package init(_ command: RunningCommand) async throws {
        self.command = command
        let line = try await command.output.line(within: .seconds(60)) { $0.hasPrefix("{") }
        struct Addresses: Decodable { let request, publish, http: String }
        let addresses = try JSONDecoder().decode(Addresses.self, from: Data(line.utf8))
        request = addresses.request
        publish = addresses.publish
        http = addresses.http
    }

    /// What the API answers, by curl.
    package func ask(_ path: String, _ options: String...) async throws -> (status: Int, body: String) {
        try await curl("http://\(http)\(path)", options)
    }

    /// What the API answers, decoded.
    package func value<Value: Decodable>(_ path: String, as type: Value.Type = Value.self) async throws -> Value {
        let answer = try await ask(path)
        guard answer.status == 200 else { throw CommandError(description: "\(path): \(answer)") }
        return try JSONDecoder().decode(Value.self, from: Data(answer.body.utf8))
    }

    /// One item of `/api/peers`.
    package struct Peer: Decodable {
        /// Decisions on the deltas that it sent.
        package struct Counts: Decodable {
            /// How many of each.
            package let accepted, duplicate, rejected, deferred: Int
        }
        /// Evidence of two histories.
        package struct Fork: Decodable {
            /// Where they part.
            package let sequence: Int
            /// The deltas that part there.
            package let ids: [String]
        }
        /// Its did, its petname, and how the connection stands.
        package let identity, name, state: String
        /// Decisions on the deltas that it sent.
        package let deltaCount: Counts
        /// How far its clock is off ours.
        package let clockOffsetMicroseconds: Int?
        /// The forks of its log.
        package let forks: [Fork]
    }

    /// A peer by the name that this node gives it.
    package func peer(_ name: String) async throws -> Peer? {
        try await value("/api/peers", as: [Peer].self).first { $0.name == name }
    }

    /// How many deltas it holds.
    package var count: Int {
        get async throws { try await value("/api/deltas/count") }
    }

    /// The ids of all that it holds.
    package var ids: Set<String> {
        get async throws {
            struct IDs: Decodable { let ids: [String] }
            return Set(try await value("/api/delta/ids", as: IDs.self).ids)
        }
    }

    /// A property of an entity.
    package func property(_ name: String, of path: String) async throws -> String? {
        struct Entity: Decodable { let properties: [String: String] }
        guard try await ask(path).status == 200 else { return nil }
        return try await value(path, as: Entity.self).properties[name]
    }

    /// The lines of its log that hold all these words.
    package func logged(_ words: String...) async -> [String] {
        await command.errors.lines.filter { line in words.allSatisfy { line.contains($0) } }
    }

    /// Writes properties of an entity.
    package func put(_ path: String, _ body: String) async throws -> (status: Int, body: String) {
        try await ask(path, "-X", "PUT", "-H", "Content-Type: application/json", "--data-binary", body)
    }

    /// A number of `/metrics`, by its name with the labels; 0 where it isn't shown yet.
    package func metric(_ name: String) async throws -> Double {
        let answer = try await ask("/metrics")
        guard answer.status == 200 else { throw CommandError(description: "/metrics: \(answer)") }
        return answer.body.metric(name) ?? 0
    }
}
