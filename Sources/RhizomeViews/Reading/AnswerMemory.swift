internal import CMalloc
internal import Dispatch
package import Locks
internal import RhizomeCore

/// What one answer takes of the memory that all answers share, from its first reading until it was written or dropped
/// (spec: views.md, "What an answer costs").
///
/// A reading blocks a connection of the store, so it doesn't wait there: where it finds no room it is broken off, lets
/// everything go, waits for as much as it will need and begins again. Between readings an answer that is given bit by bit
/// holds what it carries from one to the next, and no more. Whoever drops the answer gives all back.
package final class AnswerMemory: Sendable {
    /// Thrown through a reading that finds no room.
    fileprivate struct Shortage: Error {
        /// How much it is to have when it begins again.
        let bytes: Int
    }

    /// Thrown through a reading to which something newer was given than the state that it reads.
    struct Overtaken: Error {}

    /// The memory that all answers of a process share: 128 MiB.
    package static let shared = Budget(limit: 128 << 20)
    /// The answer in whose memory a task reads; each reading is an answer of its own where there is none.
    @TaskLocal package static var current: AnswerMemory?

    /// Bytes that an answer may take without counting: most take less.
    static let free = 256 << 10
    /// Bytes that are taken at once.
    private static let step = 1 << 20

    private let budget: Budget
    private struct State {
        /// What is taken of the budget.
        var held = 0
        /// What stays from one reading to the next.
        var carried = 0
    }

    private let state = Lock(State())

    /// The memory of an answer that is about to be made.
    package init(of budget: Budget = AnswerMemory.shared) { self.budget = budget }

    deinit {
        let held = state.withLock { $0.held }
        guard held > 0 else { return }
        budget.give(held)
        if held >= FreedMemory.large { FreedMemory.giveBack() }
    }

    /// What the answer may take now.
    fileprivate var allowed: Int { max(Self.free, state.withLock { $0.held }) }
    /// What the answer has beside its next reading.
    fileprivate var carried: Int { state.withLock { $0.carried } }

    private static func rounded(_ bytes: Int) -> Int { (bytes + step - 1) / step * step }

    /// Takes more, where there is room.
    ///
    /// - Returns: whether there was.
    private func extend(to bytes: Int) -> Bool {
        let wanted = Self.rounded(bytes)
        return state.withLock { state in
            guard wanted > state.held else { return true }
            guard budget.take(wanted - state.held, holding: state.held) else { return false }
            state.held = wanted
            return true
        }
    }

    /// Waits until it has so much, having let go of all but what it carries.
    private func wait(for bytes: Int) async throws {
        let (kept, excess) = state.withLock { state in
            let kept = min(state.held, Self.rounded(state.carried))
            defer { state.held = kept }
            return (kept, state.held - kept)
        }
        if excess > 0 { budget.give(excess) }
        guard try await budget.wait(for: bytes - kept, holding: kept) else {
            throw DeltaLogError(.busy, "other answers take all memory that there is; try again in some seconds")
        }
        state.withLock { $0.held = bytes }
    }

    /// Sees to it that the answer may take so much.
    ///
    /// - Throws: ``DeltaLogError`` `busy` where others have it all for 10 s; `CancellationError`.
    func reserve(_ bytes: Int) async throws {
        guard bytes > allowed, !extend(to: bytes) else { return }
        try await wait(for: bytes)
    }

    /// Notes what the answer holds until its next reading is done, and gives the rest back.
    ///
    /// - Throws: ``DeltaLogError`` `busy` where others have all memory for 10 s; `CancellationError`.
    package func carry(_ bytes: Int) async throws {
        let wanted = bytes <= Self.free ? 0 : Self.rounded(bytes)
        let excess = state.withLock { state in
            state.carried = bytes
            defer { state.held = min(state.held, wanted) }
            return state.held - wanted
        }
        if excess > 0 { budget.give(excess) }
        guard excess < 0, !extend(to: wanted) else { return }
        try await wait(for: wanted)
    }

    /// Whether the answer may hold so much until its next reading is done, without waiting for it.
    package func hasRoom(for bytes: Int) -> Bool { bytes <= allowed || extend(to: bytes) }

    /// Reads a log, in the memory of the answer that the task makes.
    ///
    /// - Parameters:
    ///   - held: bytes of what the caller holds from earlier readings, where they aren't carried by the answer.
    ///   - body: is run anew where there was no room, or the state was ``Overtaken``.
    /// - Throws: ``DeltaLogError`` `busy` where others have all memory for 10 s; what the body and the log throw.
    static func reading<Value: Sendable>(
        _ log: any StateReading,
        holding held: Int = 0,
        _ body: @escaping @Sendable (any LogSnapshot, ReadingMemory) throws -> Value
    ) async throws -> Value {
        let answer = current ?? AnswerMemory()
        while true {
            do {
                return try await log.read { snapshot in try body(snapshot, ReadingMemory(of: answer, holding: held)) }
            } catch let shortage as Shortage {
                try await answer.wait(for: shortage.bytes)
            } catch is Overtaken {
                // The state that is read next is as new.
                try Task.checkCancellation()
            }
        }
    }

    /// - Throws: where there is no room for so much.
    fileprivate func take(_ bytes: Int) throws {
        guard !extend(to: bytes) else { return }
        // Twice as much as it had, so that it isn't broken off often; all that there is, before it asks for more.
        throw Shortage(bytes: max(min(2 * bytes, budget.limit), bytes + Self.step))
    }
}

/// Counts what one reading holds on to, about.
///
/// For the body of ``AnswerMemory/reading(_:holding:_:)``. Counts anew each time it is run, beside what the answer
/// carries; what else an earlier reading of the same answer left has been written or is about to be dropped.
final class ReadingMemory {
    /// None where no more can be had than is allowed.
    private let answer: AnswerMemory?
    private var used: Int
    private var allowed: Int

    /// Of a reading that may take what any answer may without counting, and no more.
    init() {
        answer = nil
        used = 0
        allowed = AnswerMemory.free
    }

    init(of answer: AnswerMemory, holding held: Int = 0) {
        self.answer = answer
        used = max(held, answer.carried)
        allowed = answer.allowed
    }

    /// Counts what is held from now on.
    ///
    /// - Throws: where there is no room; the reading ends with that error.
    func add(_ bytes: Int) throws {
        used += bytes
        guard used > allowed else { return }
        guard let answer else { throw AnswerMemory.Shortage(bytes: used) }
        try answer.take(used)
        allowed = answer.allowed
    }

    /// Counts what the answer shows: it is in memory as itself, encoded, and as what waits for the socket.
    func addShown(_ bytes: Int) throws { try add(3 * bytes) }

    /// Counts what was let go.
    func remove(_ bytes: Int) { used -= bytes }
}

/// What large answers filled, which the C allocator keeps: its arenas grow with the most that was ever under way.
private enum FreedMemory {
    /// Bytes of an answer after which it is worth the time.
    static let large = 8 << 20

    private static let isDue = Lock(false)

    /// Gives free pages back to the system, soon and once for many answers.
    static func giveBack() {
        let wasDue = isDue.withLock { isDue in
            defer { isDue = true }
            return isDue
        }
        guard !wasDue else { return }
        // Not at once: the answer's parts are let go one after the other, and it may take some ms.
        DispatchQueue.global(qos: .utility).asyncAfter(deadline: .now() + 0.5) {
            isDue.withLock { $0 = false }
            _ = malloc_trim(0)
        }
    }
}
