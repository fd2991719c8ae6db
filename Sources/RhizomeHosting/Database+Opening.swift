internal import CoreMetrics
package import Logging
package import RhizomeDatabase
package import RhizomeIdentity
internal import RhizomeStore

extension Database {
    /// Opens a home's store and lends its database to write to it by this identity, where no node runs: no socket is bound
    /// and no peer is asked.
    ///
    /// - Returns: what `body` returns, once the store is closed.
    /// - Throws: what `body` throws; ``DeltaLogError`` `locked` where a node runs, or another process writes.
    package static func opening<Result>(
        home: Home,
        identity: Identity,
        logger: Logger,
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
