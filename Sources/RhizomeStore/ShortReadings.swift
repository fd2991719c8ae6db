internal import Dispatch
internal import Foundation
internal import GRDB
internal import Locks

/// Reads for several callers in one transaction of the store.
///
/// To begin a transaction, and to get to a connection's thread and back, takes longer than most look-ups. So as many run
/// at a time as there are processors, and what comes meanwhile is read together by the next one. It begins after all of
/// its callers have asked: each sees what was committed before. What has waited for 5 ms gets a further one, as long as
/// there are connections: those that run are none that end soon.
final class ShortReadings: Sendable {
    /// One caller's part.
    private struct Reading: Sendable {
        let number: UInt64
        /// When it came.
        let time: DispatchTime
        /// Gets the connection, or why there is none; answers its caller, and throws nothing.
        let run: @Sendable (Result<Database, any Error>) -> Void
    }

    private struct State {
        /// In the order in which they came.
        var waiting: [Reading] = []
        var running = 0
        /// The number of the reading that came last.
        var last: UInt64 = 0
        /// Whether it will be looked at whether something waits for long.
        var isTimed = false
    }

    /// Parts of one transaction at most: none of them waits for longer than these take.
    private static let most = 32

    private let pool: DatabasePool
    private let queue = DispatchQueue(label: "rhizome.store.readings")
    private let width: Int
    private let patience: DispatchTimeInterval
    private let state = Lock(State())

    /// Reads from a pool.
    ///
    /// - Parameters:
    ///   - width: how many transactions run at a time, where they end soon.
    ///   - patience: for how long one waits at most as long as there are connections.
    init(
        from pool: DatabasePool,
        width: Int = ProcessInfo.processInfo.activeProcessorCount,
        patience: DispatchTimeInterval = .milliseconds(5)
    ) {
        self.pool = pool
        self.width = min(width, pool.configuration.maximumReaderCount)
        self.patience = patience
    }

    /// How many callers wait for a transaction.
    var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Reads one state of the store.
    ///
    /// - Parameter body: what holds up others who read: it has to be short.
    /// - Throws: what the body throws; `CancellationError` where the task was cancelled before it began.
    func run<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        let number = state.withLock { state in
            state.last += 1
            return state.last
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Value, any Error>) in
                let reading = Reading(number: number, time: .now()) { connection in
                    continuation.resume(with: Result { try body(try connection.get()) })
                }
                let isCancelled = state.withLock { state in
                    if !Task.isCancelled { state.waiting.append(reading) }
                    return Task.isCancelled
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) } else { start() }
            }
        } onCancel: {
            let reading = state.withLock { state in
                state.waiting.firstIndex { $0.number == number }.map { state.waiting.remove(at: $0) }
            }
            reading?.run(.failure(CancellationError()))
        }
    }

    /// Begins the next transaction, where something waits and there is room.
    private func start() {
        let (last, waits) = state.withLock { state -> (UInt64?, Bool) in
            guard let first = state.waiting.first else { return (nil, false) }
            let isLate = first.time + patience <= .now()
            let hasRoom = state.running < (isLate ? pool.configuration.maximumReaderCount : width)
            if hasRoom { state.running += 1 }
            // The first one that a transaction takes may take long.
            let waits = !state.isTimed && (!hasRoom || state.waiting.count > 1)
            if waits { state.isTimed = true }
            return (hasRoom ? state.last : nil, waits)
        }
        if waits {
            // Owner: this object; it ends when nothing waits.
            queue.asyncAfter(deadline: .now() + patience) {
                self.state.withLock { $0.isTimed = false }
                self.start()
            }
        }
        guard let last else { return }
        pool.asyncRead { connection in
            for _ in 0..<Self.most {
                guard let reading = self.next(upTo: last) else { break }
                reading.run(connection)
            }
            self.state.withLock { $0.running -= 1 }
            self.start()
        }
    }

    /// The next reading for a transaction; `nil` where none is left that came before it began.
    ///
    /// One by one, so that what waits behind one that takes long can have another transaction.
    private func next(upTo last: UInt64) -> Reading? {
        state.withLock { state in
            guard let first = state.waiting.first, first.number <= last else { return nil }
            return state.waiting.removeFirst()
        }
    }
}
