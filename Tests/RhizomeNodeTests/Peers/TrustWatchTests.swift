import Foundation
import HomeFiles
import Locks
import Logging
import RhizomeIdentity
import RhizomeTesting
import SignedLog
import Testing

@testable import RhizomeNode

@Suite struct TrustWatchTests {
    @Test("a journal that can't be read while its lock is held is told of soon, and taken up afterwards")
    func heldLock() async throws {
        let alice = try TestNode("alice")
        let bob = try TestNode("bob")
        try alice.trust(bob)
        let loaded = try alice.journal.load()
        let file = URL(filePath: alice.home.path + "/trust.journal")
        let whole = try Data(contentsOf: file)
        try alice.distrust(bob)
        // A write that is under way, or was torn: only under the lock can that be told.
        let torn = try Data(contentsOf: file).prefix(whole.count + 30)
        let lock = Lock(try Optional(alice.home.folder.lock("trust.lock", for: "a test", patience: .zero)))
        try torn.write(to: file)

        let records = LogRecords()
        func errors() -> Int { records.records.count { $0.level == .error } }
        let excluded = Lock<Set<PublicKey>>([])
        let watch = TrustWatch(
            journal: alice.journal,
            admittance: Admittance(
                trust: loaded.list,
                clock: .system,
                isPenalised: { _ in false },
                onAdmitted: { _ in }
            ),
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
            try alice.distrust(bob)
            try await eventually("bob is excluded") { excluded.withLock { $0 } == [bob.identity.publicKey] }
            #expect(errors() == 1)
            group.cancelAll()
        }
    }
}
