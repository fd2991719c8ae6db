import RhizomeTesting
import Testing

@testable import RhizomeDatabase

@Suite struct AppendSignalTests {
    @Test("whoever is behind doesn't wait, and all who wait are woken")
    func posted() async throws {
        let signal = AppendSignal(last: 5)
        #expect(signal.last == 5)
        #expect(await signal.wait(beyond: 4))
        let woken = try await within(.seconds(60), "the readers are not woken") {
            async let first = signal.wait(beyond: 5)
            async let second = signal.wait(beyond: 6)
            for position in 6...7 as ClosedRange<Int64> {
                await Task.yield()
                signal.post(position)
            }
            return await (first, second)
        }
        #expect(woken == (true, true))
        #expect(signal.last == 7)
    }

    @Test("after closing nobody waits, and nobody is told that something came")
    func closed() async throws {
        let signal = AppendSignal(last: 5)
        let woken = try await within(.seconds(60), "the reader is not woken") {
            async let waiting = signal.wait(beyond: 5)
            await Task.yield()
            signal.close()
            return await waiting
        }
        #expect(!woken)
        #expect(await !signal.wait(beyond: 4))
    }

    @Test("a reader whose task is cancelled stops waiting; the others go on")
    func cancelled() async throws {
        let signal = AppendSignal(last: 5)
        let woken = try await within(.seconds(60), "the readers are not woken") {
            async let other = signal.wait(beyond: 5)
            let task = Task { await signal.wait(beyond: 5) }
            await Task.yield()
            task.cancel()
            let isCancelled = await !task.value
            signal.post(6)
            return await (isCancelled, other)
        }
        #expect(woken == (true, true))
    }
}
