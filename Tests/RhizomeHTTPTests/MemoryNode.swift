import Bytes
import DatabaseTesting
import Locks
import Logging
import PrometheusMetrics
import RhizomeCore
import RhizomeDatabase
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import Sodium

/// A database over a log in memory, and what is told of its peers: all that the API shows, without sockets.
final class MemoryNode: Sendable {
    let memory = HookedLog()
    /// The same, as it is asked.
    let watched: WatchedLog
    let time = ManualClock(1_735_689_600_000_001)
    let peers = ToldPeers()
    let database: Database
    private let owner: Identity
    private let trust: Lock<TrustList>

    init(metrics: PrometheusRegistry = PrometheusRegistry(Database.metricTable)) async throws {
        try SodiumLibrary.initialize()
        owner = try Identity.generate()
        watched = WatchedLog(memory)
        let list = TrustList(owner: owner.publicKey)
        trust = Lock(list)
        database = try await Database(
            signer: owner,
            trust: list,
            log: watched,
            clock: time.clock,
            metricsFactory: metrics,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    var identity: PublicKey { database.identity }

    /// Puts a change of the trusted-peer list into force.
    func state(_ change: TrustChange) throws {
        let list = try trust.withLock { list in
            _ = try list.apply(change, signedBy: owner, now: time.now)
            return list
        }
        database.trustInForce.update(list)
    }

    /// A node with more than the sockets' buffers take: 4 MB in 20 deltas.
    static func full() async throws -> MemoryNode {
        let node = try await MemoryNode()
        try await node.fill(deltas: 20, bytes: 200_000)
        return node
    }

    /// Writes deltas with one text of this size each.
    func fill(deltas: Int, bytes: Int) async throws {
        let text = Text(String(repeating: "x", count: bytes))
        for start in stride(from: 0, to: deltas, by: 50) {
            let drafts = (start..<min(start + 50, deltas)).map { number in
                Draft(pointers: [
                    Pointer("page", entity: Text("p\(number)"), targetContext: "text"), Pointer("text", .text(text)),
                ])
            }
            _ = try await database.write(drafts)
        }
    }
}

/// Tells of peers what a test has put there.
final class ToldPeers: PeerReporting {
    private struct State {
        var peers: [PeerStatus] = []
        var refused: [RefusedKey] = []
        var holders: [PublicKey] = []
        var measured = 0
    }

    let peerID = "taliesin's node"
    private let state = Lock(State())

    /// How often all was measured.
    var measured: Int { state.withLock { $0.measured } }

    func tell(_ peers: [PeerStatus]) { state.withLock { $0.peers = peers } }
    func tell(refused: [RefusedKey]) { state.withLock { $0.refused = refused } }
    func tell(holders: [PublicKey]) { state.withLock { $0.holders = holders } }

    func peers() async throws -> [PeerStatus] { state.withLock { $0.peers } }
    func refusedKeys() -> [RefusedKey] { state.withLock { $0.refused } }
    func holders(of stored: StoredDelta) async throws -> [PublicKey] { state.withLock { $0.holders } }
    func measure() async { state.withLock { $0.measured += 1 } }
}
