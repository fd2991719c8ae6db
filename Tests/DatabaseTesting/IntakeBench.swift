package import Bytes
internal import Locks
internal import PrometheusMetrics
package import RhizomeCore
package import RhizomeDatabase
package import RhizomeTesting
package import SignedStatements
internal import Sodium

/// An intake with everything around it in a test's hands.
package final class IntakeBench: Sendable {
    package struct Gap: Hashable {
        package let missing: [DeltaID]
        package let author: PublicKey
        package let source: PublicKey

        package init(missing: [DeltaID], author: PublicKey, source: PublicKey) {
            self.missing = missing
            self.author = author
            self.source = source
        }
    }

    private struct Seen {
        var standings: [PublicKey: AuthorStanding] = [:]
        var accepted: [StoredDelta] = []
        var gaps: [Gap] = []
        var penalised: [PublicKey] = []
    }

    package static let trustStatement = Bytes32(repeating: 7)

    package let log: HookedLog
    package let time = ManualClock()
    package let ledger: PeerLedger
    package let intake: Intake
    package let records = LogRecords()
    package let own: KeySigner
    private let registry: PrometheusRegistry

    /// - Parameter trusted: labels of authors who may write.
    package init(
        trusted: [String] = ["alice"],
        log: HookedLog = HookedLog(),
        limits: DeferredPool.Limits = .init()
    ) throws {
        try SodiumLibrary.initialize()
        self.log = log
        let own = try TestAuthors.signer("own")
        self.own = own
        var standings: [PublicKey: AuthorStanding] = [own.publicKey: .mayWrite(trustStatement: nil)]
        for label in trusted {
            standings[try TestAuthors.signer(label).publicKey] = .mayWrite(trustStatement: Self.trustStatement)
        }
        let box = SeenBox(Seen(standings: standings))
        registry = PrometheusRegistry(Database.metricTable)
        let metrics = DatabaseMetrics(registry)
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

    package func stand(_ label: String, _ standing: AuthorStanding) throws {
        let author = try TestAuthors.signer(label).publicKey
        box.state.withLock { $0.standings[author] = standing }
    }

    package var accepted: [StoredDelta] { box.state.withLock { $0.accepted } }
    package var gaps: [Gap] { box.state.withLock { $0.gaps } }
    package var penalised: [PublicKey] { box.state.withLock { $0.penalised } }

    /// A number of `/metrics`; -1 where there is none of that name.
    package func metric(_ name: String) async -> Double {
        await intake.measure()
        return registry.text.metric(name) ?? -1
    }

    /// Hands one delta in.
    @discardableResult
    package func submit(_ delta: SignedDelta, from source: PublicKey? = nil) async throws -> Decision {
        try await submit([delta.bytes], from: source)[0]
    }

    @discardableResult
    package func submit(_ wires: [[UInt8]], from source: PublicKey? = nil) async throws -> [Decision] {
        try await intake.submit(wires, from: source).map(\.decision)
    }

    package func holds(_ delta: SignedDelta) async throws -> Bool {
        try await log.contains([delta.id]).contains(delta.id)
    }
}
