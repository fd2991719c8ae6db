internal import Dispatch
internal import Foundation
internal import GRDB
internal import Locks

/// Reads that look at little, each on its caller's thread where it can be, else several in one transaction.
///
/// To get to another thread and back, and to begin a transaction, takes longer than most look-ups. So there is a
/// connection for each processor, and who comes while one is free reads by it at once, for a millisecond at most. What
/// comes meanwhile, and what lasts longer than that, as on a slow disk, is read by threads of the store, all that waits
/// together. A transaction begins after all of its callers have asked: each sees what was committed before. What has
/// waited for 5 ms gets a connection of the pool: those that run are none that end soon.
final class ShortReadings: Sendable {
    /// Thrown by a reading that may take no more of its caller's thread.
    struct Overdue: Error {}

    /// A connection that one thread uses at a time: nobody ever waits for it.
    private final class Connection: Sendable {
        private enum State {
            case new
            case open(DatabaseQueue)
            case closed
        }

        private let state = Lock(State.new)

        /// Opens it, where it isn't open yet, as the readers of a pool are.
        func open(as pool: DatabasePool) throws -> DatabaseQueue {
            try state.withLock { state in
                switch state {
                case .open(let queue): return queue
                case .closed: throw DatabaseError(resultCode: .SQLITE_MISUSE, message: "the store is closed")
                case .new:
                    var configuration = pool.configuration
                    configuration.readonly = true
                    let queue = try DatabaseQueue(path: pool.path, configuration: configuration)
                    state = .open(queue)
                    return queue
                }
            }
        }

        /// Reads in a transaction, on the caller's thread.
        func read<Value>(as pool: DatabasePool, _ body: (Database) throws -> Value) throws -> Value {
            try open(as: pool).read(body)
        }

        func close() throws {
            let queue = state.withLock { state -> DatabaseQueue? in
                defer { state = .closed }
                return if case .open(let queue) = state { queue } else { nil }
            }
            try queue?.close()
        }
    }

    /// One caller's part.
    private struct Reading: Sendable {
        let number: UInt64
        /// When it came.
        let time: DispatchTime
        /// Gets the connection, or why there is none; answers its caller, and throws nothing.
        let run: @Sendable (Result<Database, any Error>) -> Void
    }

    private struct State {
        /// Connections that nobody uses.
        var idle: [Connection]
        /// In the order in which they came.
        var waiting: [Reading] = []
        /// Transactions on connections of the pool.
        var late = 0
        /// The number of the reading that came last.
        var last: UInt64 = 0
        /// Whether it will be looked at whether something waits for long.
        var isTimed = false
        /// Nanoseconds of callers' threads that were used since one of them let others have its own.
        var used: UInt64 = 0

        /// Whether a caller lets others have its thread before it reads.
        mutating func isTurnOver() -> Bool {
            guard used > ShortReadings.turn else { return false }
            used = 0
            return true
        }
    }

    /// Parts of one transaction at most: none of them waits for longer than these take.
    private static let most = 32
    /// Nanoseconds: who reads one thing after the other on its own thread would never let go of that.
    private static let turn: UInt64 = 1_000_000

    private let pool: DatabasePool
    private let connections: [Connection]
    private let queue = DispatchQueue(label: "rhizome.store.readings", attributes: .concurrent)
    private let patience: DispatchTimeInterval
    private let share: DispatchTimeInterval
    private let state: Lock<State>

    /// Reads what a pool reads.
    ///
    /// - Parameters:
    ///   - width: how many connections there are besides the pool's.
    ///   - patience: for how long one waits at most as long as the pool has connections.
    ///   - share: for how long one may use its caller's thread.
    init(
        from pool: DatabasePool,
        width: Int = ProcessInfo.processInfo.activeProcessorCount,
        patience: DispatchTimeInterval = .milliseconds(5),
        share: DispatchTimeInterval = .milliseconds(1)
    ) {
        self.pool = pool
        self.patience = patience
        self.share = share
        connections = (0..<min(width, pool.configuration.maximumReaderCount)).map { _ in Connection() }
        state = Lock(State(idle: connections))
    }

    /// How many callers wait for a transaction.
    var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Opens all connections; without it each is opened when it is first needed.
    func open() throws {
        for connection in connections { _ = try connection.open(as: pool) }
    }

    /// Closes all connections but the pool's; what comes later throws.
    func close() throws { for connection in connections { try connection.close() } }

    /// Reads one state of the store.
    ///
    /// - Parameter body: what holds up others who read: it has to be short. It gets the time by which it has to be over, or
    ///   to throw ``Overdue`` and be begun anew elsewhere; there is none where `nil`.
    /// - Throws: what the body throws; `CancellationError` where the task was cancelled before it began.
    func run<Value: Sendable>(
        _ body: @escaping @Sendable (Database, _ end: DispatchTime?) throws -> Value
    ) async throws -> Value {
        try Task.checkCancellation()
        if state.withLock({ $0.isTurnOver() }) { await Task.yield() }
        if let connection = take() {
            let start = DispatchTime.now()
            defer { giveBack(connection, after: start) }
            do { return try connection.read(as: pool) { try body($0, start + share) } } catch is Overdue {}
        }
        return try await wait { try body($0, nil) }
    }

    /// A connection to read by on the caller's thread, where nobody waits for one.
    ///
    /// One is left to the store's own threads, where there are several: as many of Swift's pool would be taken else.
    private func take() -> Connection? {
        state.withLock { state in
            guard state.waiting.isEmpty, state.idle.count > min(1, connections.count - 1) else { return nil }
            return state.idle.popLast()
        }
    }

    /// - Parameter time: since when it was used on its caller's thread; `nil` where it wasn't.
    private func giveBack(_ connection: Connection, after time: DispatchTime? = nil) {
        let used = time.map { DispatchTime.now().uptimeNanoseconds - $0.uptimeNanoseconds } ?? 0
        state.withLock { state in
            state.idle.append(connection)
            state.used += used
        }
        start()
    }

    private func wait<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
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

    /// Where the next transaction runs.
    private enum Room {
        case own(Connection)
        case pool
    }

    /// Begins the next transaction, where something waits and there is room.
    private func start() {
        let (room, last, waits) = state.withLock { state -> (Room?, UInt64, Bool) in
            guard let first = state.waiting.first else { return (nil, 0, false) }
            var room = state.idle.popLast().map { Room.own($0) }
            if room == nil, first.time + patience <= .now(), state.late < pool.configuration.maximumReaderCount {
                state.late += 1
                room = .pool
            }
            // The first one that a transaction takes may take long.
            let waits = !state.isTimed && (room == nil || state.waiting.count > 1)
            if waits { state.isTimed = true }
            return (room, state.last, waits)
        }
        if waits {
            // Owner: this object; it ends when nothing waits.
            queue.asyncAfter(deadline: .now() + patience) {
                self.state.withLock { $0.isTimed = false }
                self.start()
            }
        }
        switch room {
        case nil: break
        case .own(let connection):
            queue.async {
                defer { self.giveBack(connection) }
                do { try connection.read(as: self.pool) { self.readAll(upTo: last, by: $0) } } catch {
                    self.next(upTo: last)?.run(.failure(error))
                }
            }
        case .pool:
            pool.asyncRead { connection in
                switch connection {
                case .success(let connection): self.readAll(upTo: last, by: connection)
                case .failure(let error): self.next(upTo: last)?.run(.failure(error))
                }
                self.state.withLock { $0.late -= 1 }
                self.start()
            }
        }
    }

    /// Reads what waits, as much of it as one transaction may take.
    private func readAll(upTo last: UInt64, by connection: Database) {
        for _ in 0..<Self.most {
            guard let reading = next(upTo: last) else { return }
            reading.run(.success(connection))
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
