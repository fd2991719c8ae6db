import Bytes
import Foundation
import Logging
import PrometheusMetrics
import RhizomeCore
import RhizomeIdentity
import RhizomeNode
import RhizomePeering
import RhizomeStore
import SignedStatements

/// A node of this process, with a home and a store of its own, on loopback and any free ports.
struct LocalNode: Sendable {
    let node: Node
    let home: Home
    let identity: Identity
    private let store: SQLiteDeltaLog
    private let running: Task<Void, Never>

    var key: PublicKey { identity.publicKey }

    /// Binds and runs a node in a home that holds an identity.
    ///
    /// - Parameters:
    ///   - port: where it listens for requests, with publications at the next one; any free ones where 0.
    ///   - telling: what stands between the node and its store, as where it is to lie.
    init(
        home: Home,
        identity: Identity,
        port: UInt16 = 0,
        telling: @Sendable (SQLiteDeltaLog) -> any DeltaLog = { $0 }
    ) async throws {
        self.home = home
        self.identity = identity
        store = try SQLiteDeltaLog.open(folder: home.path + "/data", version: "bench", now: SystemTime.now)
        var logger = Logger(label: "bench") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = ProcessInfo.processInfo.environment["RHIZOME_LOG_LEVEL"] == nil ? .error : .info
        let node = try await Node(
            configuration: NodeConfiguration(
                identity: identity.publicKey,
                peerID: "bench",
                request: .loopback(port: port),
                publish: .loopback(port: port == 0 ? 0 : port + 1),
                topic: "bench",
                seeds: [:],
                agent: "rhizome-bench",
                version: "bench"
            ),
            identity: identity,
            home: home,
            log: telling(store),
            metricsFactory: PrometheusRegistry(Node.metricTable),
            logger: logger
        )
        self.node = node
        running = Task { await node.run() }
    }

    /// Shuts it down.
    func end() async throws {
        running.cancel()
        await running.value
        try store.close()
    }

    /// States trust in its journal; a running node takes it up within 2 s.
    func trust(_ other: LocalNode, may permissions: Set<Permission>) throws {
        let addresses = PeerAddress(other.node.network.requestAddress).map { [$0] } ?? []
        try Self.state([.trust(other.key, name: nil, addresses: addresses, may: permissions)], in: home, by: identity)
    }

    static func state(_ changes: [TrustChange], in home: Home, by identity: Identity) throws {
        let journal = TrustJournal(home: home, owner: identity.publicKey)
        let list = try journal.append(signedBy: identity, now: SystemTime.now) { _ in changes }
        // Its store may have been filled without a node.
        try journal.recordSeen(list)
    }

    /// Makes a home with an identity in an empty folder.
    static func makeHome(_ path: String) throws -> (home: Home, identity: Identity) {
        try? FileManager.default.removeItem(atPath: path)
        let parent = URL(filePath: path).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
        let home = try Home.create(path)
        let identity = try Identity.generate()
        try home.store(identity, passphraseFile: nil)
        return (home, identity)
    }
}
