import Dispatch
import Foundation
import Locks
import RhizomeTesting
import Testing

@testable import RhizomeDatabase

/// Threads that compute for several sources in turn.
@Suite(.timeLimit(.minutes(1))) struct FairWorkersTests {
    /// What was computed for whom, in order.
    private final class Order: Sendable {
        private let state = Lock<[String]>([])
        var sources: [String] { state.withLock { $0 } }

        /// - Returns: how many there are now.
        @discardableResult
        func add(_ source: String) -> Int {
            state.withLock { state in
                state.append(source)
                return state.count
            }
        }
    }

    @Test("results keep the order, in pieces or whole, for several sources at once")
    func order() async {
        for threads in [1, 2, 5] {
            let workers = FairWorkers<Int>(threads: threads)
            await withTaskGroup(of: Void.self) { group in
                for (source, count) in [0, 1, 8, 9, 100, 3_000].enumerated() {
                    group.addTask {
                        let doubled = await workers.map(Array(0..<count), as: source) { $0 * 2 }
                        #expect(doubled == (0..<count).map { $0 * 2 })
                    }
                }
            }
            #expect(workers.waiting == 0)
        }
    }

    @Test(
        "a source that comes after much of another's waits for one piece of it: of many elements, or of few heavy ones",
        arguments: [(12_800, 1, 128), (128, 50, 2)]
    )
    func fair(elements: Int, weight: Int, piece: Int) async throws {
        let workers = FairWorkers<String>(threads: 1)
        let order = Order()
        let hold = DispatchSemaphore(value: 0)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                _ = await workers.map([0], as: "first", weighing: { _ in 1_000 }) { _ in
                    order.add("first")
                    hold.wait()
                }
            }
            try? await eventually("the thread is taken") { order.sources == ["first"] }
            group.addTask {
                _ = await workers.map(Array(0..<elements), as: "flood", weighing: { _ in weight }) { _ in
                    order.add("flood")
                }
            }
            try? await eventually("its pieces wait") { workers.waiting == elements / piece }
            group.addTask {
                _ = await workers.map([0], as: "honest", weighing: { _ in 1_000 }) { _ in order.add("honest") }
            }
            try? await eventually("it waits too") { workers.waiting == elements / piece + 1 }
            hold.signal()
        }
        #expect(order.sources.firstIndex(of: "honest") == 1 + piece)
        #expect(order.sources.count == elements + 2)
    }

    private static var thread: UInt { pthread_self() }

    @Test("what is little is computed on the caller's thread, and what comes meanwhile is computed after it")
    func little() async {
        let workers = FairWorkers<Int>(threads: 1)
        let caller = Self.thread
        #expect(await workers.map([1, 2], as: 0) { _ in Self.thread } == [caller, caller])
        // Each place that was taken is given on: with one thread nothing more would be computed else.
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<400 {
                let count = number % 3 == 0 ? 40 : 1
                group.addTask {
                    #expect(await workers.map(Array(0..<count), as: number % 5) { $0 + 1 } == Array(1...count))
                }
            }
        }
        #expect(workers.waiting == 0)
    }

    @Test("while all threads compute, the pool runs on")
    func pool() async throws {
        let threads = ProcessInfo.processInfo.activeProcessorCount
        let workers = FairWorkers<Int>(threads: threads)
        let order = Order()
        let hold = DispatchSemaphore(value: 0)
        async let held: [Void] = workers.map(Array(0..<8 * threads), as: 0) { _ in
            if order.add("held") <= threads { hold.wait() }
        }
        do {
            defer { for _ in 0..<threads { hold.signal() } }
            // The pool has as many threads: none would be left for this, were they held.
            try await eventually("all threads compute") { order.sources.count == threads }
            await withTaskGroup(of: Void.self) { group in for _ in 0..<64 { group.addTask { await Task.yield() } } }
        }
        _ = await held
    }
}
