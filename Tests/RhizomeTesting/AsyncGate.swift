/// Lets a few through at a time; the others wait without holding a thread.
package actor AsyncGate {
    /// For tests that run whole processes: two at a time, so that none misses its deadline on a small machine.
    package static let processes = AsyncGate(places: 2)

    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// A gate with so many places.
    package init(places: Int) { free = places }

    /// Runs `body` once there is a place.
    package nonisolated func pass<Result>(_ body: () async throws -> Result) async rethrows -> Result {
        await enter()
        do {
            let result = try await body()
            await leave()
            return result
        } catch {
            await leave()
            throw error
        }
    }

    private func enter() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    private func leave() {
        // A place goes straight to the next, so that nobody slips in between.
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}
