import Bytes
import DatabaseTesting
import Foundation
import HomeFiles
import Locks
import Logging
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import Sodium
import Testing

@testable import RhizomeDatabase

@Suite struct TrustWatchTests {
    @Test("a journal that can't be read while its lock is held is told of soon, and taken up afterwards")
    func heldLock() async throws {
        try SodiumLibrary.initialize()
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let home = try Home.create(folder.path)
        let owner = try Identity.generate()
        let journal = TrustJournal(home: home, owner: owner.publicKey)
        let bob = try TestAuthors.signer("bob").publicKey
        func state(_ change: TrustChange) throws {
            try journal.append(signedBy: owner, now: NodeClock.system.now) { _ in [change] }
        }
        try state(.trust(bob, name: "bob"))
        let loaded = try journal.load()
        let file = URL(filePath: home.path + "/trust.journal")
        let whole = try Data(contentsOf: file)
        try state(.distrust(bob))
        // A write that is under way, or was torn: only under the lock can that be told.
        let torn = try Data(contentsOf: file).prefix(whole.count + 30)
        let lock = Lock(try Optional(home.folder.lock("trust.lock", for: "a test", patience: .zero)))
        try torn.write(to: file)

        let records = LogRecords()
        func errors() -> Int { records.records.count { $0.level == .error } }
        let excluded = Lock<Set<PublicKey>>([])
        let watch = TrustWatch(
            journal: journal,
            trust: TrustInForce(loaded.list),
            clock: .system,
            logger: records.logger,
            onChange: { change in excluded.withLock { $0.formUnion(change.excluded) } }
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await watch.run(from: loaded) }
            try await eventually("the held lock is told of") { errors() == 1 }
            #expect(try Data(contentsOf: file) == torn)
            lock.withLock { $0 = nil }
            try await eventually("the torn write is taken away") { try Data(contentsOf: file) == whole }
            #expect(excluded.withLock { $0 }.isEmpty)
            try state(.distrust(bob))
            try await eventually("bob is excluded") { excluded.withLock { $0 } == [bob] }
            #expect(errors() == 1)
            group.cancelAll()
        }
    }

    /// A home whose list trusts bob, and a watch over it.
    private final class Watched: Sendable {
        let time = ManualClock()
        let journal: TrustJournal
        let path: String
        let bob: PublicKey
        let excluded = Lock<Set<PublicKey>>([])
        private let owner: Identity

        init(in folder: TemporaryFolder, until expires: Timestamp? = nil) throws {
            try SodiumLibrary.initialize()
            let home = try Home.create(folder.path)
            path = home.path + "/trust.journal"
            owner = try Identity.generate()
            journal = TrustJournal(home: home, owner: owner.publicKey)
            bob = try TestAuthors.signer("bob").publicKey
            try state(.trust(bob, name: "bob", until: expires))
        }

        func state(_ change: TrustChange) throws {
            try journal.append(signedBy: owner, now: time.now) { _ in [change] }
        }

        /// Waits until bob is excluded, with no look by the clock.
        ///
        /// A look for which the writer holds the journal is repeated after 250 ms: five times, in less than the 1.5 s after
        /// which one comes by itself.
        func expectBobExcluded() async throws {
            var polls = 0
            try await eventually("bob is excluded") {
                polls += 1
                if polls.isMultiple(of: 100), polls <= 500 { time.advance(.milliseconds(250)) }
                return excluded.withLock { $0 } == [bob]
            }
        }

        /// Runs the watch beside a test.
        func run(isTold: Bool = true, _ body: () async throws -> Void) async throws {
            let loaded = try journal.load()
            let watch = TrustWatch(
                journal: journal,
                trust: TrustInForce(loaded.list),
                clock: time.clock,
                logger: LogRecords().logger,
                startWatch: { isTold ? $0.watch($1) : nil },
                onChange: { change in self.excluded.withLock { $0.formUnion(change.excluded) } }
            )
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await watch.run(from: loaded) }
                // It has looked once, and sleeps.
                try await eventually("the watch has begun") { self.time.sleeperCount == 1 }
                try await body()
                group.cancelAll()
            }
        }
    }

    @Test("a change of the file is taken up at once, with no look by the clock, and so is a file put in its place")
    func told() async throws {
        try await withTemporaryFolder { folder in
            let watched = try Watched(in: folder)
            let whole = try Data(contentsOf: URL(filePath: watched.path))
            try watched.state(.distrust(watched.bob))
            let longer = try Data(contentsOf: URL(filePath: watched.path))
            try whole.write(to: URL(filePath: watched.path))
            try await watched.run {
                try longer.write(to: URL(filePath: watched.path + ".new"))
                #expect(unsafe rename(watched.path + ".new", watched.path) == 0)
                try await watched.expectBobExcluded()
            }
            try watched.state(.trust(watched.bob, name: "bob"))
            watched.excluded.withLock { $0 = [] }
            try await watched.run {
                try watched.state(.distrust(watched.bob))
                try await watched.expectBobExcluded()
            }
        }
    }

    @Test("where the system tells of nothing a change is taken up within half a second")
    func looked() async throws {
        try await withTemporaryFolder { folder in
            let watched = try Watched(in: folder)
            try await watched.run(isTold: false) {
                try watched.state(.distrust(watched.bob))
                for _ in 0..<2 {
                    watched.time.advance(.milliseconds(250))
                    try await eventually("it sleeps again") { watched.time.sleeperCount == 1 }
                }
                #expect(watched.excluded.withLock { $0 } == [watched.bob])
            }
        }
    }

    @Test("trust that runs out is taken back when it does, not at the next look")
    func expiry() async throws {
        try await withTemporaryFolder { folder in
            let watched = try Watched(in: folder, until: ManualClock().now + .milliseconds(700))
            try await watched.run {
                watched.time.advance(.milliseconds(699))
                watched.time.advance(.milliseconds(2))
                try await eventually("bob is excluded") { watched.excluded.withLock { $0 } == [watched.bob] }
            }
        }
    }
}
