import Bytes
import Foundation
import Locks
import Logging
import PrometheusMetrics
import RhizomeCore
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import Sodium
import Testing

@testable import RhizomeDatabase
@testable import RhizomeNode
@testable import RhizomePeering

/// A whole node in this process: real sockets on loopback, a real journal, a log in memory.
final class TestNode: Sendable {
    let name: String
    let identity: Identity
    let home: Home
    let log: InMemoryDeltaLog
    let journal: TrustJournal
    /// A loopback address of its own, where it listens on the same ports after each start; else 127.0.0.1 and any ports.
    let host: String?
    private let folder: TemporaryFolder

    init(_ name: String, at host: String? = nil, log: InMemoryDeltaLog = InMemoryDeltaLog()) throws {
        try SodiumLibrary.initialize()
        self.name = name
        self.host = host
        identity = try Identity.generate()
        folder = try TemporaryFolder()
        home = try Home.create(folder.path)
        self.log = log
        journal = TrustJournal(home: home, owner: identity.publicKey)
    }

    deinit { folder.remove() }

    var now: Timestamp { NodeClock.system.now }

    /// Where it will listen, and listens again after a restart; for nodes with a host of their own.
    var addresses: [String] { [4000, 4001].map { "\(host ?? "127.0.0.1"):\($0)" } }

    func trust(_ other: TestNode, at address: String? = nil, may: Set<Permission> = TrustChange.defaultPermissions)
        throws
    {
        try trust(other.identity.publicKey, as: other.name, at: address, may: may)
    }

    func trust(
        _ key: PublicKey,
        as name: String,
        at address: String? = nil,
        may: Set<Permission> = TrustChange.defaultPermissions
    ) throws {
        let addresses = address.flatMap { PeerAddress($0) }.map { [$0] } ?? []
        try state(.trust(key, name: name, addresses: addresses, may: may))
    }

    func distrust(_ other: TestNode) throws { try state(.distrust(other.identity.publicKey)) }

    func state(_ change: TrustChange...) throws {
        try journal.append(signedBy: identity, now: now) { _ in change }
    }

    /// Binds and runs a node for the time of `body`.
    ///
    /// - Parameters:
    ///   - log: what it holds, where that isn't its own log: a backup, one that fails.
    ///   - moved: a loopback address at which it listens this time, in place of its own.
    ///   - isTold: whether it tells peers where it is; else they know no more of that than a test says.
    ///   - isHostSeen: whether peers are told the address at which they see it.
    func running<Result: Sendable>(
        log: (any DeltaLog)? = nil,
        at moved: String? = nil,
        isTold: Bool = false,
        isHostSeen: Bool = false,
        topic: Text = "test",
        clock: NodeClock = .system,
        logger: Logger? = nil,
        _ body: @Sendable (Node) async throws -> Result
    ) async throws -> Result {
        var standardLogger = Logger(label: name)
        standardLogger.logLevel = ProcessInfo.processInfo.environment["RHIZOME_TEST_LOG"] == nil ? .critical : .trace
        func binding(_ name: String, _ port: UInt16) -> NodeConfiguration.Binding {
            let host = moved ?? host ?? "127.0.0.1"
            return .init(name: name, address: host, port: port, host: isTold ? host : nil, isHostSeen: isHostSeen)
        }
        let configuration = NodeConfiguration(
            identity: identity.publicKey,
            peerID: name,
            request: binding("request", host == nil ? 0 : 4000),
            publish: binding("publish", host == nil ? 0 : 4001),
            topic: topic,
            seeds: [:],
            agent: "rhizome-tests/1",
            version: "1"
        )
        func start() async throws -> Node {
            let registry = PrometheusRegistry(Node.metricTable)
            let node = try await Node(
                configuration: configuration,
                identity: identity,
                home: home,
                log: log ?? self.log,
                clock: clock,
                metricsFactory: registry,
                logger: logger ?? standardLogger
            )
            registries.withLock { $0[ObjectIdentifier(node)] = registry }
            return node
        }
        var started: Node?
        // libzmq gives a port back a moment after its socket was closed, unlike a process that ends.
        try await eventually("the ports of its last life are free") {
            do {
                started = try await start()
                return true
            } catch let error as NodeError where error.code == .address && host != nil {
                return false
            }
        }
        guard let node = started else { throw DeadlinePassed() }
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

extension TestNode {
    /// Runs several nodes for the time of `body`.
    static func running(
        _ nodes: [TestNode],
        topic: Text = "test",
        _ body: @escaping @Sendable ([Node]) async throws -> Void
    ) async throws {
        try await running(nodes[...], topic: topic, [], body)
    }

    private static func running(
        _ rest: ArraySlice<TestNode>,
        topic: Text,
        _ started: [Node],
        _ body: @escaping @Sendable ([Node]) async throws -> Void
    ) async throws {
        guard let next = rest.first else { return try await body(started) }
        try await next.running(topic: topic) { node in
            try await running(rest.dropFirst(), topic: topic, started + [node], body)
        }
    }
}

/// Whether all these logs hold so many deltas.
func holds(_ count: Int64, _ logs: any DeltaLog...) async throws -> Bool {
    for log in logs where try await log.count() != count { return false }
    return true
}

/// By what each node counts that was started.
private let registries = Lock<[ObjectIdentifier: PrometheusRegistry]>([:])

extension Node {
    /// How the connection with a peer stands.
    func state(of peer: PublicKey) async throws -> PeerStatus.State? {
        try await network.peers().first { $0.identity == peer }?.state
    }

    /// A number of `/metrics`, by its name with the labels.
    func metric(_ name: String) async -> Double {
        await database.measure()
        await network.measure()
        guard let registry = registries.withLock({ $0[ObjectIdentifier(self)] }) else { return -1 }
        return registry.text.metric(name) ?? -1
    }
}
