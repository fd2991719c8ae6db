internal import CoreMetrics
public import Logging
public import RhizomeDatabase
public import RhizomeIdentity
internal import RhizomeStore

extension Database {
    /// Opens a home's store and its database in this process for the time of `body`, without any peer; then closes it.
    ///
    /// For what is written where no node runs, such as an import.
    ///
    /// - Returns: what `body` returns, once everything is closed.
    /// - Throws: what `body` throws; ``DeltaLogError`` `locked` where another process uses the store.
    public static func running<Result: Sendable>(
        home: Home,
        identity: Identity,
        logger: Logger = Logger(label: "rhizome"),
        _ body: (Database) async throws -> Result
    ) async throws -> Result {
        try VerificationSelfTest.run()
        let log = try SQLiteDeltaLog.open(home: home, logger: logger)
        let result: Result
        do {
            let journal = TrustJournal(home: home, owner: identity.publicKey)
            let trust = try journal.loadWitnessed(isWitnessNeeded: try await log.count() > 0).list
            try journal.recordSeen(trust)
            let database = try await Database(
                signer: identity,
                trust: trust,
                log: log,
                metricsFactory: NOOPMetricsHandler.instance,
                logger: logger
            )
            result = try await body(database)
        } catch {
            try? log.close()
            throw error
        }
        try log.close()
        return result
    }
}
