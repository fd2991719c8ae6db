import Bytes
import DatabaseTesting
import Logging
import PrometheusMetrics
import RhizomeCore
import RhizomeDatabase
import RhizomeIdentity
import RhizomeQueries
import RhizomeTesting
import Sodium
import StrictJSON

/// A database over a log in memory, to be asked.
struct QueriedDatabase {
    let log = InMemoryDeltaLog()
    let database: Database

    /// A database that holds these deltas.
    init(_ deltas: [AdmittedDelta] = []) async throws {
        try SodiumLibrary.initialize()
        let owner = try Identity.generate()
        _ = try await log.append(deltas, cursors: [:])
        database = try await Database(
            signer: owner,
            trust: TrustList(owner: owner.publicKey),
            log: log,
            clock: ManualClock(1_735_689_600_000_001).clock,
            metricsFactory: PrometheusRegistry(Database.metricTable),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    /// A query by its JSON.
    static func query(_ json: String) throws -> Query {
        try Query(json: JSONValue(parsing: Array(json.utf8), limits: QueryBounds.text).object ?? JSONObject())
    }

    /// The rows of a query, as JSON texts.
    func rows(_ json: String) async throws -> [String] {
        try await database.query(Self.query(json)).result.rowTexts
    }
}

extension QueryResult {
    /// The rows as JSON texts.
    var rowTexts: [String] { (0..<count).map { JSONValue.object(json(ofRow: $0)).description } }
}
