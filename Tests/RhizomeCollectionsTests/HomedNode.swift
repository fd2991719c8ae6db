import Bytes
import Foundation
import Logging
import RhizomeCollections
import RhizomeHosting
import RhizomeIdentity
import RhizomeNode
import RhizomePeering
import RhizomeTesting

/// A home with an identity and its node in this process, as a program has it: on any free ports of loopback.
struct HomedNode: Sendable {
    let name: String
    let home: Home
    let identity: Identity

    init(_ name: String, in folder: TemporaryFolder) throws {
        self.name = name
        identity = try Identity.generate()
        home = try Home.create(folder.path(name))
    }

    /// Trusts another, whose address is given where this one is to go there.
    func trust(_ other: HomedNode, at address: String? = nil) throws {
        let addresses = address.flatMap { PeerAddress($0) }.map { [$0] } ?? []
        try TrustJournal(home: home, owner: identity.publicKey).append(
            signedBy: identity,
            now: SystemTime.now
        ) { _ in [.trust(other.identity.publicKey, name: other.name, addresses: addresses)] }
    }

    /// Runs the node for the time of `body`.
    func running<Result: Sendable>(_ body: (Node) async throws -> Result) async throws -> Result {
        var logger = Logger(label: name)
        logger.logLevel = ProcessInfo.processInfo.environment["RHIZOME_TEST_LOG"] == nil ? .critical : .trace
        return try await Node.running(
            home: home,
            identity: identity,
            configuration: NodeConfiguration(
                identity: identity.publicKey,
                request: .loopback(port: 0),
                publish: .loopback(port: 0)
            ),
            logger: logger,
            body
        )
    }

    /// Runs one node with a store of its own for the time of `body`.
    static func running<Result: Sendable>(_ body: (Node) async throws -> Result) async throws -> Result {
        try await withTemporaryFolder { try await HomedNode("alice", in: $0).running(body) }
    }

    /// Runs two nodes that trust each other, the second of which goes to the first, for the time of `body`.
    static func runningFriends(_ body: (Node, Node) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let alice = try HomedNode("alice", in: folder)
            let bob = try HomedNode("bob", in: folder)
            try alice.trust(bob)
            try await alice.running { first in
                try bob.trust(alice, at: first.network.requestAddress)
                try await bob.running { try await body(first, $0) }
            }
        }
    }
}

/// What the tests put into collections.
struct User: Codable, Identifiable, Equatable {
    var id: String
    var name: String
    var age: Int?
}
