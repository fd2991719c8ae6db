import Bytes
import Dispatch
import Locks
import RhizomeCore
import RhizomeTesting
import Testing

@testable import RhizomeStore

@Suite struct LongReadingTests {
    @Test("readings that look at much leave half of the store's connections to those that look at little")
    func half() async throws {
        try await withTemporaryFolder { folder in
            let log = try SQLiteDeltaLog.open(folder: folder.path("data"), version: "1", now: 0)
            let count = SQLiteDeltaLog.Options().readerCount + 4
            let end = DispatchSemaphore(value: 0)
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<count {
                    group.addTask {
                        try await log.read { snapshot in
                            for _ in 0..<5_000 { _ = try snapshot.entity("nobody") }
                            end.wait()
                            return snapshot.rowCount
                        }
                    }
                }
                // Only the others wait: so many are at their end.
                while log.longReadings.waitingCount != count - SQLiteDeltaLog.Options().readerCount / 2 {
                    try await Task.sleep(for: .milliseconds(1))
                }
                #expect(try await log.read { $0.position } == 0)
                for _ in 0..<count { end.signal() }
                for try await rows in group { #expect(rows == 5_000) }
            }
            try log.close()
        }
    }
}
