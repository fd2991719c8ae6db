internal import Locks

/// Lets few at a time through, the sources in turn.
///
/// Where one source hands in work without end, another one's waits for as many pieces as may be under way, not for all
/// that came before it.
final class FairGate<Source: Hashable & Sendable>: Sendable {
    private struct State {
        var running = 0
        var runningOf: [Source: Int] = [:]
        var waiting = Turns<Source, CheckedContinuation<Void, Never>>()
    }

    private let slots: Int
    private let slotsOfEach: Int
    private let state = Lock(State())

    /// - Parameters:
    ///   - slots: how many run at a time.
    ///   - slotsOfEach: how many of one source run at a time.
    init(slots: Int = .max, slotsOfEach: Int = .max) {
        self.slots = slots
        self.slotsOfEach = slotsOfEach
    }

    /// How many wait.
    var waiting: Int { state.withLock { $0.waiting.count } }

    /// Waits for its turn and runs the work, which doesn't wait for others at this gate.
    func run<Result: Sendable>(
        as source: Source,
        _ work: @Sendable () async throws -> Result
    ) async rethrows -> Result {
        await enter(source)
        defer { leave(source) }
        return try await work()
    }

    private func enter(_ source: Source) async {
        await withCheckedContinuation { continuation in
            let mayEnter = state.withLock { state in
                // None that waits has room, so nobody is overtaken.
                guard hasRoom(for: source, state) else {
                    state.waiting.append(continuation, of: source)
                    return false
                }
                start(source, &state)
                return true
            }
            if mayEnter { continuation.resume() }
        }
    }

    private func leave(_ source: Source) {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.running -= 1
            state.runningOf[source, default: 1] -= 1
            if state.runningOf[source] == 0 { state.runningOf[source] = nil }
            guard let next = state.waiting.sources.first(where: { hasRoom(for: $0, state) }) else { return nil }
            start(next, &state)
            return state.waiting.next(of: next)
        }
        next?.resume()
    }

    private func hasRoom(for source: Source, _ state: State) -> Bool {
        state.running < slots && state.runningOf[source, default: 0] < slotsOfEach
    }

    private func start(_ source: Source, _ state: inout State) {
        state.running += 1
        state.runningOf[source, default: 0] += 1
    }
}
