import Bytes
import Dispatch
import RhizomeCore
import RhizomeTesting
import Testing

@testable import RhizomeStore

@Suite struct ReadingLaneTests {
    /// What ran, in order.
    private actor Runs {
        private(set) var numbers: [Int] = []

        func add(_ number: Int) { numbers.append(number) }
    }

    /// Waits until so many readings wait in a lane.
    private static func wait(for count: Int, in lane: ReadingLane) async throws {
        while lane.waitingCount != count { try await Task.sleep(for: .milliseconds(1)) }
    }

    @Test("as many run at a time as the lane is wide, and the others in the order in which they came")
    func order() async throws {
        let lane = ReadingLane(width: 2)
        let (first, second) = (AsyncStream.makeStream(of: Void.self), AsyncStream.makeStream(of: Void.self))
        let runs = Runs()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for stream in [first.stream, second.stream] {
                group.addTask { try await lane.run { for await _ in stream {} } }
            }
            for number in 0..<5 {
                try await Self.wait(for: number, in: lane)
                // The two that hold the lane come first.
                if number == 0 { while lane.runningCount != 2 { await Task.yield() } }
                group.addTask { try await lane.run { await runs.add(number) } }
            }
            try await Self.wait(for: 5, in: lane)
            #expect(await runs.numbers.isEmpty)
            first.continuation.finish()
            while await runs.numbers.count < 5 { try await Task.sleep(for: .milliseconds(1)) }
            #expect(await runs.numbers == [0, 1, 2, 3, 4])
            second.continuation.finish()
            try await group.waitForAll()
        }
        #expect(lane.runningCount == 0)
    }

    @Test("who waits too long is told that the store is busy, and who is cancelled waits no longer")
    func patience() async throws {
        let brief = ReadingLane(width: 1, patience: .milliseconds(1))
        try await brief.run {
            _ = await #expect(throws: DeltaLogError(.busy, "")) { try await brief.run {} }
        }
        let lane = ReadingLane(width: 1, patience: .seconds(3_600))
        try await lane.run {
            let waiting = Task { try await lane.run {} }
            try await Self.wait(for: 1, in: lane)
            waiting.cancel()
            await #expect(throws: CancellationError.self) { try await waiting.value }
            #expect(lane.waitingCount == 0)
        }
        // Nobody who gave up has taken a place.
        try await lane.run {}
        #expect(lane.runningCount == 0)
    }

    @Test("readings that look at much leave half of the store's connections to those that look at little")
    func store() async throws {
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
                try await Self.wait(for: count - SQLiteDeltaLog.Options().readerCount / 2, in: log.longReadings)
                #expect(try await log.read { $0.position } == 0)
                for _ in 0..<count { end.signal() }
                for try await rows in group { #expect(rows == 5_000) }
            }
            try log.close()
        }
    }
}
