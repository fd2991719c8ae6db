internal import DequeModule

/// So much of something that all share who need it: bytes of memory, or places.
///
/// Whoever finds none left takes no for an answer, or waits in the order of coming. Who waits should hold nothing
/// meanwhile, or little: who waits for somebody who waits does so in vain. Who wants more than there is in all gets it
/// once nobody else has any.
package final class Budget: Sendable {
    private struct Waiting {
        let ticket: TaskTicket
        let amount: Int
        let held: Int
    }

    private struct State {
        var taken = 0
        var waiting: Deque<Waiting> = []
        /// Waits that are over and don't know it yet: whether it was taken.
        var ended: [TaskTicket: Bool] = [:]
    }

    /// How much there is in all.
    package let limit: Int
    private let patience: Duration
    private let state = TaskCondition(State())

    /// A budget of which nothing is taken.
    ///
    /// - Parameters:
    ///   - limit: how much there is in all.
    ///   - patience: how long one waits.
    package init(limit: Int, patience: Duration = .seconds(10)) {
        self.limit = limit
        self.patience = patience
    }

    /// How much is taken.
    package var taken: Int { state.withLock { $0.taken } }
    /// How many wait.
    package var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Takes some, where there is as much and nobody waits; never blocks.
    ///
    /// - Parameter held: how much of what is taken is the caller's. One who has some goes before those who wait: what it
    ///   has comes back once it is done.
    /// - Returns: whether it was taken.
    package func take(_ amount: Int, holding held: Int = 0) -> Bool {
        state.withLock { state in
            guard held > 0 || state.waiting.isEmpty, hasRoom(for: amount, beside: state.taken - held, held) else {
                return false
            }
            state.taken += amount
            return true
        }
    }

    private func hasRoom(for amount: Int, beside others: Int, _ held: Int) -> Bool {
        others == 0 || others + held + amount <= limit
    }

    /// Gives some back.
    package func give(_ amount: Int) { state.wake { giveBack(amount, &$0) } }

    /// - Returns: whose turn it is now.
    private func giveBack(_ amount: Int, _ state: inout State) -> [TaskTicket] {
        state.taken -= amount
        var next: [TaskTicket] = []
        // The first who finds no room keeps back those behind: else what is large would never get its turn.
        while let first = state.waiting.first,
            hasRoom(for: first.amount, beside: state.taken - first.held, first.held)
        {
            state.taken += first.amount
            state.ended[first.ticket] = true
            state.waiting.removeFirst()
            next.append(first.ticket)
        }
        return next
    }

    /// Waits for some in the order of coming, and takes it.
    ///
    /// - Parameter held: how much of what is taken the caller keeps meanwhile.
    /// - Returns: false where its turn doesn't come within the budget's patience.
    package func wait(for amount: Int, holding held: Int = 0) async throws(CancellationError) -> Bool {
        let ticket = state.newTicket()
        // Owner: this call, which ends it.
        let deadline = Task { [patience] in
            // Where it hasn't begun to wait by then, it is looked at once more.
            repeat { try await Task.sleep(for: patience) } while !giveUp(ticket)
        }
        defer { deadline.cancel() }
        let isTaken = await state.wait(as: ticket) { state -> Bool? in
            if let isTaken = state.ended.removeValue(forKey: ticket) { return isTaken }
            guard !state.waiting.isEmpty || !hasRoom(for: amount, beside: state.taken - held, held) else {
                state.taken += amount
                return true
            }
            state.waiting.append(Waiting(ticket: ticket, amount: amount, held: held))
            return nil
        }
        if let isTaken { return isTaken }
        giveUp(ticket)
        // Its turn may have come before it was cancelled.
        guard state.withLock({ $0.ended.removeValue(forKey: ticket) }) == true else { throw CancellationError() }
        return true
    }

    /// Ends a wait.
    ///
    /// - Returns: whether there was one.
    @discardableResult
    private func giveUp(_ ticket: TaskTicket) -> Bool {
        var isFound = false
        state.wake { state in
            guard let index = state.waiting.firstIndex(where: { $0.ticket == ticket }) else { return [] }
            state.waiting.remove(at: index)
            state.ended[ticket] = false
            isFound = true
            // It may have been what kept others back.
            return giveBack(0, &state) + [ticket]
        }
        return isFound
    }

    /// Waits for some, and gives it back after the work.
    ///
    /// - Parameter refusal: is thrown where its turn doesn't come within the budget's patience.
    /// - Throws: `CancellationError` as well, and what the work throws.
    package func run<Value>(
        taking amount: Int,
        orThrow refusal: @autoclosure () -> any Error,
        _ work: () async throws -> Value
    ) async throws -> Value {
        guard try await wait(for: amount) else { throw refusal() }
        defer { give(amount) }
        return try await work()
    }
}
