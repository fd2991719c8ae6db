import Bytes
import DatabaseTesting
import PrometheusMetrics
import RhizomeCore
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import Sodium
import Testing

@testable import RhizomeDatabase

@Suite struct DatabaseTests {
    @Test("what is ahead of the clock is taken in when its moment comes, however long nothing had to be looked at")
    func ahead() async throws {
        try SodiumLibrary.initialize()
        try await withTemporaryFolder { folder in
            let owner = try Identity.generate()
            let time = ManualClock()
            let journal = TrustJournal(home: try Home.create(folder.path), owner: owner.publicKey)
            let alice = try TestAuthors.signer("alice").publicKey
            try journal.append(signedBy: owner, now: time.now) { _ in [.trust(alice, name: "alice")] }
            let loaded = try journal.load()
            let database = try await Database(
                signer: owner,
                trust: loaded.list,
                log: InMemoryDeltaLog(),
                clock: time.clock,
                metricsFactory: PrometheusRegistry(Database.metricTable),
                logger: LogRecords().logger
            )
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await database.run(watching: journal, from: loaded) { _ in } }
                func sleep() async throws {
                    try await eventually("both loops sleep") { time.sleeperCount == 2 }
                }
                try await sleep()
                time.advance(1)
                try await sleep()
                // Five minutes and five seconds ahead: it waits for five seconds.
                let delta = try Deltas.make(at: time.now + .seconds(305))
                #expect(try await database.submit(delta.bytes).decision == .defer(.future))
                var seconds = 0
                while try await database.log.count() == 0, seconds < 20 {
                    try await sleep()
                    time.advance(1)
                    seconds += 1
                    try await sleep()
                }
                #expect(seconds < 20)
                group.cancelAll()
            }
        }
    }
}
