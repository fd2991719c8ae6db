import Dispatch
import GRDB
import Locks
import RhizomeTesting
import Testing

@testable import RhizomeStore

@Suite struct ShortReadingsTests {
    /// A store with one number, and how many transactions for reading were begun.
    private struct Store {
        let pool: DatabasePool
        let readings: ShortReadings
        private let counter = Counter()

        init(in folder: TemporaryFolder, patience: DispatchTimeInterval = .seconds(3_600)) throws {
            var configuration = Configuration()
            configuration.prepareDatabase { [counter] db in
                db.trace { event in
                    if "\(event)".hasPrefix("BEGIN DEFERRED") { counter.begun.withLock { $0 += 1 } }
                }
            }
            pool = try DatabasePool(path: folder.path("numbers.sqlite"), configuration: configuration)
            try pool.write { db in
                try db.execute(sql: "CREATE TABLE numbers (number INTEGER); INSERT INTO numbers VALUES (0)")
            }
            readings = ShortReadings(from: pool, width: 1, patience: patience)
        }

        var begun: Int { counter.begun.withLock { $0 } }

        /// Reads the number.
        func read() async throws -> Int? { try await readings.run { db, _ in try Self.number(db) } }

        static func number(_ db: Database) throws -> Int? {
            try Int.fetchOne(db, sql: "SELECT number FROM numbers")
        }

        func set(_ number: Int) throws {
            try pool.write { db in try db.execute(sql: "UPDATE numbers SET number = ?", arguments: [number]) }
        }
    }

    private final class Counter: Sendable {
        let begun = Lock(0)
    }

    private struct Refusal: Error {}

    /// Runs `body` while a reading holds the only transaction.
    private static func withTransactionTaken(_ store: Store, _ body: () async throws -> Void) async throws {
        let end = DispatchSemaphore(value: 0)
        let taken = AsyncStream.makeStream(of: Void.self)
        let holding = Task {
            try await store.readings.run { _, share in
                // It mustn't hold up the tests' own threads.
                guard share == nil else { throw ShortReadings.Overdue() }
                taken.continuation.finish()
                end.wait()
            }
        }
        for await _ in taken.stream {}
        do { try await body() } catch {
            end.signal()
            throw error
        }
        end.signal()
        try await holding.value
    }

    private static func wait(for count: Int, in readings: ShortReadings) async throws {
        while readings.waitingCount != count { try await Task.sleep(for: .milliseconds(1)) }
    }

    @Test("what comes while others read is read in one transaction, and sees what was committed before it came")
    func together() async throws {
        try await withTemporaryFolder { folder in
            let store = try Store(in: folder)
            let readings = store.readings
            var before = 0
            var tasks: [Task<Int?, any Error>] = []
            try await Self.withTransactionTaken(store) {
                before = store.begun
                for count in 1...5 {
                    try store.set(count)
                    tasks.append(Task { try await store.read() })
                    try await Self.wait(for: count, in: readings)
                }
            }
            for task in tasks { #expect(try await task.value == 5) }
            #expect(store.begun - before == 1)
            try store.set(6)
            #expect(try await store.read() == 6)
        }
    }

    @Test("one that comes alone is read on its caller's thread, until its share of that is over")
    func here() async throws {
        try await withTemporaryFolder { folder in
            let readings = try Store(in: folder).readings
            let shares = Lock<[Bool]>([])
            let number = try await readings.run { db, share in
                shares.withLock { $0.append(share != nil) }
                return try Store.number(db)
            }
            #expect(number == 0)
            #expect(shares.withLock { $0 } == [true])
            let later = try await readings.run { db, share in
                shares.withLock { $0.append(share != nil) }
                while let share, .now() <= share {}
                if share != nil { throw ShortReadings.Overdue() }
                return try Store.number(db)
            }
            #expect(later == 0)
            #expect(shares.withLock { $0 } == [true, true, false])
        }
    }

    @Test("one that fails or is cancelled leaves the others as they are")
    func apart() async throws {
        try await withTemporaryFolder { folder in
            let store = try Store(in: folder)
            let readings = store.readings
            var tasks: [Task<Int?, any Error>] = []
            try await Self.withTransactionTaken(store) {
                tasks.append(Task { try await readings.run { _, _ in throw Refusal() } })
                try await Self.wait(for: 1, in: readings)
                tasks.append(Task { try await store.read() })
                try await Self.wait(for: 2, in: readings)
                tasks.append(Task { try await store.read() })
                try await Self.wait(for: 3, in: readings)
                tasks[1].cancel()
                await #expect(throws: CancellationError.self) { try await tasks[1].value }
                #expect(readings.waitingCount == 2)
            }
            await #expect(throws: Refusal.self) { try await tasks[0].value }
            #expect(try await tasks[2].value == 0)
            let cancelled = Task {
                while !Task.isCancelled { await Task.yield() }
                return try await store.read()
            }
            cancelled.cancel()
            await #expect(throws: CancellationError.self) { try await cancelled.value }
        }
    }

    @Test("a store that is closed is told to each")
    func closed() async throws {
        try await withTemporaryFolder { folder in
            let store = try Store(in: folder)
            try store.readings.close()
            try store.pool.close()
            await #expect(throws: DatabaseError.self) { try await store.read() }
        }
    }

    @Test("what waits for one that takes long gets a connection of its own")
    func late() async throws {
        try await withTemporaryFolder { folder in
            let store = try Store(in: folder, patience: .milliseconds(1))
            try await Self.withTransactionTaken(store) {
                #expect(try await store.read() == 0)
                try await Self.withTransactionTaken(store) {
                    let number = try await store.read()
                    #expect(number == 0)
                }
            }
        }
    }

    @Test("what came together with one that takes long doesn't wait for its end")
    func behind() async throws {
        try await withTemporaryFolder { folder in
            let store = try Store(in: folder, patience: .milliseconds(200))
            let readings = store.readings
            let end = DispatchSemaphore(value: 0)
            var tasks: [Task<Int?, any Error>] = []
            try await Self.withTransactionTaken(store) {
                tasks.append(
                    Task {
                        try await readings.run { db, _ in
                            end.wait()
                            return try Store.number(db)
                        }
                    }
                )
                tasks.append(Task { try await store.read() })
            }
            #expect(try await tasks[1].value == 0)
            end.signal()
            #expect(try await tasks[0].value == 0)
        }
    }
}
