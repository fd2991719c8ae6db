internal import Locks
internal import RhizomeCore

/// Lets a few long readings of the store run at a time; the others wait, in the order in which they came.
///
/// The store has a few connections for reading. Were all of them taken by long readings, a look-up of admission would wait
/// for their end.
final class ReadingLane: Sendable {
    private struct Waiting {
        let ticket: UInt64
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var running = 0
        var waiting: [Waiting] = []
        var lastTicket: UInt64 = 0
    }

    private let width: Int
    private let patience: Duration
    private let state = Lock(State())

    /// A lane.
    ///
    /// - Parameters:
    ///   - width: how many readings run at a time.
    ///   - patience: how long one waits for its turn.
    init(width: Int, patience: Duration = .seconds(10)) {
        self.width = width
        self.patience = patience
    }

    /// How many readings run.
    var runningCount: Int { state.withLock { $0.running } }
    /// How many readings wait.
    var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Runs a reading when it is its turn.
    ///
    /// - Throws: ``DeltaLogError`` `busy` where its turn doesn't come within the lane's patience (spec: views.md, "What an
    ///   answer costs"), `CancellationError`, and what the reading throws.
    func run<Value>(_ reading: () async throws -> Value) async throws -> Value {
        try await enter()
        defer { leave() }
        return try await reading()
    }

    private func enter() async throws {
        let ticket = state.withLock { state in
            state.lastTicket += 1
            return state.lastTicket
        }
        // Owner: this call, which ends it.
        let deadline = Task { [patience] in
            // Where it hasn't begun to wait by then, it is looked at once more.
            repeat { try await Task.sleep(for: patience) } while !giveUp(ticket)
        }
        defer { deadline.cancel() }
        let isItsTurn = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mayRun = state.withLock { state -> Bool? in
                    guard !Task.isCancelled else { return false }
                    guard state.running == width else {
                        state.running += 1
                        return true
                    }
                    state.waiting.append(Waiting(ticket: ticket, continuation: continuation))
                    return nil
                }
                if let mayRun { continuation.resume(returning: mayRun) }
            }
        } onCancel: {
            giveUp(ticket)
        }
        guard isItsTurn else {
            try Task.checkCancellation()
            throw DeltaLogError(.busy, "other reads that take long are under way; try again in some seconds")
        }
    }

    /// Ends a wait.
    ///
    /// - Returns: whether there was one.
    @discardableResult
    private func giveUp(_ ticket: UInt64) -> Bool {
        let waiting = state.withLock { state in
            state.waiting.firstIndex { $0.ticket == ticket }.map { state.waiting.remove(at: $0) }
        }
        waiting?.continuation.resume(returning: false)
        return waiting != nil
    }

    private func leave() {
        let next = state.withLock { state -> Waiting? in
            // A place goes straight to the next, so that nobody slips in between.
            guard !state.waiting.isEmpty else {
                state.running -= 1
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.continuation.resume(returning: true)
    }
}
