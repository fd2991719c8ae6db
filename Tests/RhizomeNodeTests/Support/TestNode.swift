import Bytes
import Foundation
import Logging
import RhizomeCore
import RhizomeIdentity
import RhizomeTesting
import Sodium

@testable import RhizomeNode

/// A whole node in this process: real sockets on loopback, a real journal, a log in memory.
final class TestNode: Sendable {
    let name: String
    let identity: Identity
    let home: Home
    let log: InMemoryDeltaLog
    let journal: TrustJournal
    private let folder: TemporaryFolder

    init(_ name: String, log: InMemoryDeltaLog = InMemoryDeltaLog()) throws {
        try SodiumLibrary.initialize()
        self.name = name
        identity = try Identity.generate()
        folder = try TemporaryFolder()
        home = try Home.create(folder.path)
        self.log = log
        journal = TrustJournal(home: home, owner: identity.publicKey)
    }

    deinit { folder.remove() }

    var now: Int64 { NodeClock.system.now }

    func trust(_ other: TestNode, at address: String? = nil, may: Set<Permission> = TrustChange.defaultPermissions)
        throws
    {
        let addresses = address.flatMap { PeerAddress($0) }.map { [$0] } ?? []
        let change = TrustChange.trust(other.identity.publicKey, name: other.name, addresses: addresses, may: may)
        try journal.append(signedBy: identity, now: now) { _ in [change] }
    }

    func distrust(_ other: TestNode) throws {
        try journal.append(signedBy: identity, now: now) { _ in [TrustChange.distrust(other.identity.publicKey)] }
    }

    /// Binds and runs a node for the time of `body`.
    func running<Result: Sendable>(
        topic: Text = "test",
        clock: NodeClock = .system,
        requestPort: UInt16 = 0,
        _ body: @Sendable (Node) async throws -> Result
    ) async throws -> Result {
        var logger = Logger(label: name)
        logger.logLevel = ProcessInfo.processInfo.environment["RHIZOME_TEST_LOG"] == nil ? .critical : .trace
        func binding(_ name: String, _ port: UInt16) -> NodeConfiguration.Binding {
            .init(name: name, address: "127.0.0.1", port: port, host: "127.0.0.1")
        }
        let configuration = NodeConfiguration(
            identity: identity.publicKey,
            peerID: name,
            request: binding("request", requestPort),
            publish: binding("publish", 0),
            topic: topic,
            seeds: [:],
            agent: "rhizome-tests/1",
            version: "1"
        )
        let node = try await Node(
            configuration: configuration,
            identity: identity,
            home: home,
            log: log,
            clock: clock,
            logger: logger
        )
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await node.run() }
            do {
                let result = try await body(node)
                group.cancelAll()
                try await group.waitForAll()
                return result
            } catch {
                group.cancelAll()
                throw error
            }
        }
    }
}

extension Draft {
    /// A property of a user, as a PUT would write it.
    static func name(_ name: String, of user: String = "alice") -> Draft {
        Draft(pointers: [
            Pointer("user", entity: Text(user), targetContext: "name"), Pointer("name", .text(Text(name))),
        ])
    }
}
