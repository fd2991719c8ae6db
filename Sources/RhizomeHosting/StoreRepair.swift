internal import Bytes
public import Logging
internal import RhizomeCore
public import RhizomeDatabase
public import RhizomeIdentity
internal import RhizomeNode
internal import RhizomePeering
public import RhizomeStore

/// Has a rebuilt store catch up with the trusted peers, and says what came back.
public struct StoreRepair: Sendable {
    /// What didn't come back, by position in the damaged store.
    public let lost: [StoreRebuild.Loss]
    /// How many deltas came back.
    public let restoredCount: Int
    /// How the peers stood in the end.
    public let peers: [PeerStatus]

    private static let interval = Duration.milliseconds(200)

    /// Runs the home's node on free ports of this machine until all that trusted peers hold is here, or time is up.
    ///
    /// - Parameters:
    ///   - losses: what is missing.
    ///   - patience: how long to wait at most.
    /// - Throws: as ``Node/running(home:identity:configuration:metricsFactory:onProgress:logger:_:)``.
    public init(
        of losses: [StoreRebuild.Loss],
        home: Home,
        identity: Identity,
        patience: Duration,
        logger: Logger
    ) async throws {
        let configuration = NodeConfiguration(
            identity: identity.publicKey,
            request: .loopback(port: 0),
            publish: .loopback(port: 0)
        )
        (lost, peers) = try await Node.running(
            home: home,
            identity: identity,
            configuration: configuration,
            logger: logger
        ) { node in
            let clock = node.database.clock
            let end = clock.uptime + patience
            var peers = try await node.network.peers()
            while clock.uptime < end {
                peers = try await node.network.peers()
                // What was taken out of the store without a trace comes back as well: so all of them are waited for.
                guard !Self.isSettled(peers) else { break }
                try await clock.sleep(for: Self.interval)
            }
            return (try await Self.missing(losses, in: node.database), peers)
        }
        restoredCount = losses.count - lost.count
    }

    /// Whether each peer was compared with, and has nothing that is missing here.
    private static func isSettled(_ peers: [PeerStatus]) -> Bool {
        peers.allSatisfy { $0.isSelf || $0.behind == 0 }
    }

    private static func missing(
        _ losses: [StoreRebuild.Loss],
        in database: Database
    ) async throws -> [StoreRebuild.Loss] {
        let held = try await database.log.contains(losses.map(\.id))
        return losses.filter { !held.contains($0.id) }
    }
}
