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
    /// Why a delta didn't come back.
    public enum Reason: String, Sendable {
        /// Its header can't be read, so nobody could be asked for it by its author.
        case unreadable
        /// Its author isn't let in by the trusted-peer list, so it is asked of nobody.
        case notTrusted
        /// Nobody could be asked whether they hold it.
        case nobodyAsked
        /// Some peers were asked for all that they hold, and don't hold it; others couldn't be.
        case someAsked
        /// Every peer was asked for all that it holds, and none holds it.
        case heldByNobody
    }

    /// A delta that didn't come back.
    public struct Lost: Sendable {
        /// What it was, and where it lay.
        public let delta: StoreRebuild.Loss
        /// Why.
        public let reason: Reason
    }

    /// What didn't come back, by position in the damaged store.
    public let lost: [Lost]
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
            let missing = try await Self.missing(losses, in: node.database)
            let (trust, now) = (node.database.trust, clock.now)
            return (missing.map { Lost(delta: $0, reason: Self.reason($0, trust, now, peers)) }, peers)
        }
        restoredCount = losses.count - lost.count
    }

    /// Whether each peer was compared with, and has nothing that is missing here.
    private static func isSettled(_ peers: [PeerStatus]) -> Bool {
        peers.allSatisfy(isAsked)
    }

    private static func isAsked(_ peer: PeerStatus) -> Bool { peer.isSelf || peer.behind == 0 }

    private static func reason(
        _ loss: StoreRebuild.Loss,
        _ trust: TrustList,
        _ now: Timestamp,
        _ peers: [PeerStatus]
    ) -> Reason {
        guard let author = loss.author else { return .unreadable }
        guard trust.mayAuthor(author, at: now) else { return .notTrusted }
        let others = peers.filter { !$0.isSelf }
        let asked = others.count(where: isAsked)
        if asked == 0 { return .nobodyAsked }
        return asked < others.count ? .someAsked : .heldByNobody
    }

    private static func missing(
        _ losses: [StoreRebuild.Loss],
        in database: Database
    ) async throws -> [StoreRebuild.Loss] {
        let held = try await database.log.contains(losses.map(\.id))
        return losses.filter { !held.contains($0.id) }
    }
}
