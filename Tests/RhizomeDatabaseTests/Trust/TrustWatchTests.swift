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
}
