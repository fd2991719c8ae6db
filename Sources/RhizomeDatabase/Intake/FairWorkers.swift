internal import Dispatch
internal import Glibc
internal import Locks
internal import RhizomeCore

/// Computes on threads of its own, as many as there are processors, for several sources in turn.
///
/// Off the pool, whose few threads run every step of all else: where verifying took them, a request that needs a
/// hundred of its steps would wait a hundred times for a piece of it.
final class FairWorkers<Source: Hashable & Sendable>: Sendable {
    private struct State {
        var running = 0
        var waiting = Turns<Source, @Sendable () -> Void>()
    }

    /// The results of a call's pieces, as far as they are there.
    private struct Results<Result: Sendable> {
        var pieces: [[Result]]
        var missing: Int
    }

    private let threads: Int
    private let queue = DispatchQueue(label: "rhizome.compute", qos: .utility, attributes: .concurrent)
    private let state = Lock(State())

    /// - Parameter threads: how many compute at a time; as many as there are processors unless told.
    init(threads: Int = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))) { self.threads = threads }

    /// How many pieces wait.
    var waiting: Int { state.withLock { $0.waiting.count } }

    /// What is computed for one source before it is another one's turn: 5 ms of verifying.
    private static var piece: Int { 128 }
    /// What takes as long as the way to another thread and back.
    private static var little: Int { 2 }

    /// Computes a result for each element, keeping the order.
    ///
    /// For work that waits for nothing, such as verifying signatures. Goes on where the caller is cancelled: it is short.
    /// As much as takes less than the way to another thread and back is computed on the caller's, as long as it could begin
    /// at once on another: that much holds up nobody.
    ///
    /// - Parameter weight: how many times some tens of µs an element takes.
    func map<Element: Sendable, Result: Sendable>(
        _ elements: [Element],
        as source: Source,
        weighing weight: (Element) -> Int = { _ in 1 },
        _ transform: @escaping @Sendable (Element) -> Result
    ) async -> [Result] {
        guard !elements.isEmpty else { return [] }
        let weights = elements.reduce(0) { $0 + weight($1) }
        if weights <= Self.little, takePlace() {
            defer { workOn() }
            return elements.map(transform)
        }
        let even = (weights + threads * 4 - 1) / (threads * 4)
        let pieces = elements.chunks(weighing: min(max(8, even), Self.piece), by: weight)
        let results = Lock(Results<Result>(pieces: .init(repeating: [], count: pieces.count), missing: pieces.count))
        return await withCheckedContinuation { continuation in
            let works = pieces.enumerated().map { number, piece in
                { @Sendable in
                    let result = piece.map(transform)
                    let all = results.withLock { results -> [Result]? in
                        results.pieces[number] = result
                        results.missing -= 1
                        return results.missing == 0 ? results.pieces.flatMap(\.self) : nil
                    }
                    if let all { continuation.resume(returning: all) }
                }
            }
            add(works, of: source)
        }
    }

    private func add(_ works: [@Sendable () -> Void], of source: Source) {
        let more = state.withLock { state in
            for work in works { state.waiting.append(work, of: source) }
            let more = min(threads - state.running, works.count)
            state.running += more
            return more
        }
        for _ in 0..<more { queue.async { self.workOff() } }
    }

    /// Takes the place of a thread that has nothing to do.
    private func takePlace() -> Bool {
        state.withLock { state in
            guard state.running < threads, state.waiting.count == 0 else { return false }
            state.running += 1
            return true
        }
    }

    /// Has a thread take over the place, where something has come to wait meanwhile.
    private func workOn() {
        let isOver = state.withLock { state in
            if state.waiting.count == 0 { state.running -= 1 }
            return state.waiting.count == 0
        }
        if !isOver { queue.async { self.workOff() } }
    }

    private func workOff() {
        while let work = next() { work() }
    }

    private func next() -> (@Sendable () -> Void)? {
        state.withLock { state in
            let work = state.waiting.next()
            if work == nil { state.running -= 1 }
            return work
        }
    }
}
