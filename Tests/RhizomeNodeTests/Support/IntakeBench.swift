import Bytes
import Locks
import PrometheusMetrics
import RhizomeCore
import RhizomeTesting
import SignedLog
import Sodium

@testable import RhizomeNode

/// An intake with everything around it in a test's hands.
final class IntakeBench: Sendable {
    struct Gap: Hashable { let missing: [DeltaID], author: PublicKey, source: PublicKey }

    private struct Seen {
        var standings: [PublicKey: AuthorStanding] = [:]
        var accepted: [StoredDelta] = []
        var gaps: [Gap] = []
        var penalised: [PublicKey] = []
    }

    static let trustStatement = Bytes32(repeating: 7)

    let log: HookedLog
    let time = ManualClock()
    let ledger: PeerLedger
    let intake: Intake
    let records = LogRecords()
    let own: KeySigner

    /// - Parameter trusted: labels of authors who may write.
    init(trusted: [String] = ["alice"], log: HookedLog = HookedLog(), limits: DeferredPool.Limits = .init()) throws {
        try SodiumLibrary.initialize()
        self.log = log
        let own = try TestAuthors.signer("own")
        self.own = own
        var standings: [PublicKey: AuthorStanding] = [own.publicKey: .mayWrite(trustStatement: nil)]
        for label in trusted {
            standings[try TestAuthors.signer(label).publicKey] = .mayWrite(trustStatement: Self.trustStatement)
        }
        let box = SeenBox(Seen(standings: standings))
        let metrics = NodeMetrics(PrometheusRegistry(Node.metricTable))
        ledger = PeerLedger(clock: time.clock, metrics: metrics) { peer in
            box.state.withLock { $0.penalised.append(peer) }
        }
        intake = Intake(
            log: log,
            clock: time.clock,
            ledger: ledger,
            metrics: metrics,
            health: StoreHealth(clock: time.clock, logger: records.logger),
            signer: own,
            version: "1",
            limits: limits,
            standing: { author in box.state.withLock { $0.standings[author] ?? .unknown } },
            onAccepted: { batch in box.state.withLock { $0.accepted += batch } },
            onGap: { missing, author, source in
                box.state.withLock { $0.gaps.append(Gap(missing: missing, author: author, source: source)) }
            }
        )
        self.box = box
    }

    private final class SeenBox: Sendable {
        let state: Lock<Seen>
        init(_ seen: Seen) { state = Lock(seen) }
    }

    private let box: SeenBox

    func stand(_ label: String, _ standing: AuthorStanding) throws {
        let author = try TestAuthors.signer(label).publicKey
        box.state.withLock { $0.standings[author] = standing }
    }

    var accepted: [StoredDelta] { box.state.withLock { $0.accepted } }
    var gaps: [Gap] { box.state.withLock { $0.gaps } }
    var penalised: [PublicKey] { box.state.withLock { $0.penalised } }

    /// Hands one delta in.
    @discardableResult
    func submit(_ delta: SignedDelta, from source: PublicKey? = nil) async throws -> Decision {
        try await submit([delta.bytes], from: source)[0]
    }

    @discardableResult
    func submit(_ wires: [[UInt8]], from source: PublicKey? = nil) async throws -> [Decision] {
        try await intake.submit(wires, from: source).map(\.decision)
    }

    func holds(_ delta: SignedDelta) async throws -> Bool { try await log.contains([delta.id]).contains(delta.id) }
}
