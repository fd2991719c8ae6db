internal import DequeModule
internal import Locks

/// Lets a few pieces of each source's work through at a time: the others of that source wait, in the order in which they
/// came, and those of other sources don't.
package final class SourceGate<Source: Hashable & Sendable>: Sendable {
    private struct Place {
        var running = 0
        var waiting: Deque<CheckedContinuation<Void, Never>> = []
    }

    private let slots: Int
    private let places = Lock<[Source: Place]>([:])

    /// - Parameter slots: how many of one source run at a time.
    package init(slots: Int) { self.slots = slots }

    /// How many wait.
    var waiting: Int { places.withLock { $0.values.reduce(0) { $0 + $1.waiting.count } } }

    /// Waits for its turn and runs the work, which doesn't wait for others at this gate.
    package func run<Result: Sendable>(
        as source: Source,
        _ work: @Sendable () async throws -> Result
    ) async rethrows -> Result {
        await enter(source)
        defer { leave(source) }
        return try await work()
    }

    private func enter(_ source: Source) async {
        await withCheckedContinuation { continuation in
            let mayEnter = places.withLock { [slots] places in
                guard places[source, default: Place()].running < slots else {
                    places[source]?.waiting.append(continuation)
                    return false
                }
                places[source, default: Place()].running += 1
                return true
            }
            if mayEnter { continuation.resume() }
        }
    }

    private func leave(_ source: Source) {
        let next = places.withLock { places -> CheckedContinuation<Void, Never>? in
            // Who waits takes over the slot.
            if let next = places[source]?.waiting.popFirst() { return next }
            places[source]?.running -= 1
            if places[source]?.running == 0 { places[source] = nil }
            return nil
        }
        next?.resume()
    }
}
