internal import Bytes
internal import CZeroMQ
internal import DequeModule
internal import Glibc
internal import Locks
internal import Synchronization

/// A serial executor that is one OS thread: an actor's jobs, its sockets, their messages and its timers share it.
///
/// ZeroMQ's sockets belong to one thread, and a Swift actor hops between threads; so an actor that owns sockets runs
/// here. It conforms to `SocketActor`, or says so itself:
///
///     actor Node {
///         nonisolated let thread: SocketThread
///         nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }
///     }
///
/// Several actors may share a thread; calls between them don't switch threads. One `epoll_wait` waits for all sockets,
/// for jobs (an eventfd) and for the next timer, so nothing spins and nothing is missed. Jobs run in the order in which
/// they came; a turn runs a bounded number of them, then due timers, then readable sockets, so that none starves the
/// others. Nothing here may block: what computes goes to the pool.
///
/// `stop(within:)` ends it. Until then the thread keeps the executor alive.
@safe package final class SocketThread: SerialExecutor {
    /// How many jobs run before timers and sockets have their turn.
    private static let jobsPerTurn = 256

    private enum Phase {
        case running
        /// Told to stop; runs what is queued.
        case stopping
        /// No OS thread.
        case ended
    }

    private struct Shared {
        var jobs: Deque<UnownedJob> = []
        /// Sockets whose owners let go without closing them.
        var orphans: [SocketHandle] = []
        var phase = Phase.running
        /// Whether the eventfd was written, or needn't be, since the thread last looked.
        var isWoken = false
    }

    private struct Registration {
        let handle: SocketHandle
        /// The one by which libzmq tells that something has happened to the socket.
        let descriptor: Int32
        let onReadable: () -> Void
    }

    /// What only the thread itself touches.
    @safe private struct Local {
        var open: [ObjectIdentifier: SocketHandle] = [:]
        var registrations: [ObjectIdentifier: Registration] = [:]
        var timers = TimerQueue()
        var isClosed = false
        /// The registered sockets by their descriptors.
        var watched: [Int32: ObjectIdentifier] = [:]
        /// Sockets that were used since they were looked at last: what comes in meanwhile may not be told of again.
        var used: Set<ObjectIdentifier> = []
    }

    /// The thread's name, as `ps -L` shows the first 15 bytes of it.
    package let name: String

    private let shared = TaskCondition(Shared())
    private let wakeDescriptor: Int32
    /// Tells which descriptors can be read (epoll(7)).
    private let pollDescriptor: Int32
    /// The thread's `pthread_t`; 0 while there is none.
    private let thread = Atomic<UInt>(0)
    // Safe: touched by the socket thread only, as `local` checks; from one OS thread to its successor `shared` orders it.
    private nonisolated(unsafe) var unchecked = Local()

    /// Starts the thread.
    ///
    /// - Precondition: libsodium is started (`SodiumLibrary.initialize()`). libzmq shares it, and this module, which
    ///   knows nothing of it, makes the process's ZeroMQ context here.
    /// - Throws: `resources` where the system has no thread or descriptor left.
    package init(name: String) throws(ZeroMQError) {
        _ = try Context.shared()
        self.name = name
        wakeDescriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        guard wakeDescriptor >= 0 else { throw ZeroMQError(number: errno, call: "eventfd") }
        pollDescriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard pollDescriptor >= 0, czeromq_watch(pollDescriptor, EPOLL_CTL_ADD, wakeDescriptor) == 0 else {
            let number = errno
            _ = Glibc.close(wakeDescriptor)
            if pollDescriptor >= 0 { _ = Glibc.close(pollDescriptor) }
            throw ZeroMQError(number: number, call: "epoll_create1")
        }
        try start()
    }

    deinit {
        _ = Glibc.close(wakeDescriptor)
        _ = Glibc.close(pollDescriptor)
    }

    // MARK: - Executor

    /// Takes a job from any thread.
    ///
    /// A job that comes after the thread has ended gets a thread for itself and its like: none is ever lost. It finds
    /// all sockets closed.
    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let hadEnded = shared.withLock { shared in
            shared.jobs.append(job)
            guard shared.phase == .ended else { return false }
            shared.phase = .stopping
            return true
        }
        guard hadEnded else { return wake() }
        do {
            try start()
        } catch {
            fatalError("a job of \(name) came after its end and found no thread to run on: \(error)")
        }
    }

    /// The executor, for `unownedExecutor`; the actor must hold the thread strongly.
    ///
    /// Ordinary: equal when the object is the same, so `isSameExclusiveExecutionContext` is never asked.
    @unsafe package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe UnownedSerialExecutor(ordinary: self)
    }

    /// Whether the caller runs on this thread.
    package var isCurrent: Bool { thread.load(ordering: .acquiring) == UInt(pthread_self()) }

    /// Whether the caller runs on this thread, asked by the runtime where there is no job, as in socket callbacks.
    package func isIsolatingCurrentContext() -> Bool? { isCurrent }

    /// Traps off the thread.
    package func checkIsolated() {
        precondition(isCurrent, "this runs on the socket thread only")
    }

    // MARK: - Sockets

    /// Calls back, on this thread, whenever the socket has something to read, until it is closed.
    ///
    /// The callback must read: what is left unread calls back at once. It reads a bounded number of messages
    /// (`Socket.receive(upTo:_:)`), so that other sockets have their turn. What comes before waits in libzmq, up to the
    /// socket's high-water mark, and then in the peer. The callback is kept until the socket is closed or the thread
    /// stops; the socket itself is not, unless the callback holds it. To be called on this thread.
    package func register(_ socket: Socket, onReadable: @escaping () -> Void) {
        let key = ObjectIdentifier(socket.handle)
        unregister(key)
        guard local.open[key] != nil, let descriptor = socket.handle.descriptor else { return }
        precondition(
            czeromq_watch(pollDescriptor, EPOLL_CTL_ADD, descriptor) == 0,
            "the system watches a descriptor more: where it doesn't, libzmq ends the process as well"
        )
        local.registrations[key] = Registration(
            handle: socket.handle,
            descriptor: descriptor,
            onReadable: onReadable
        )
        local.watched[descriptor] = key
        local.used.insert(key)
    }

    /// Ends the calls back.
    private func unregister(_ key: ObjectIdentifier) {
        local.used.remove(key)
        guard let descriptor = local.registrations.removeValue(forKey: key)?.descriptor else { return }
        local.watched[descriptor] = nil
        _ = czeromq_watch(pollDescriptor, EPOLL_CTL_DEL, descriptor)
    }

    /// Takes note that a socket is used.
    ///
    /// Whatever libzmq does for it may take in that messages have come, and the descriptor doesn't tell of them any more
    /// then (zmq_getsockopt(3), `ZMQ_FD`).
    func noteUse(of handle: SocketHandle) {
        let key = ObjectIdentifier(handle)
        if local.registrations[key] != nil { local.used.insert(key) }
    }

    func adopt(_ handle: SocketHandle) throws(ZeroMQError) {
        guard !local.isClosed else { throw ZeroMQError(.stopped, "Socket.open") }
        local.open[ObjectIdentifier(handle)] = handle
    }

    func close(_ handle: SocketHandle) {
        let key = ObjectIdentifier(handle)
        unregister(key)
        local.open[key] = nil
        handle.close()
    }

    /// Closes a socket whose owner let go of it, on whichever thread.
    func closeLater(_ handle: SocketHandle) {
        let hasEnded = shared.withLock { shared in
            guard shared.phase != .ended else { return true }
            shared.orphans.append(handle)
            return false
        }
        // Once the thread has ended every socket of it is closed.
        if !hasEnded { wake() }
    }

    // MARK: - Timers

    /// A timer that was set.
    package struct Timer: Hashable, Sendable {
        fileprivate let id: UInt64
    }

    /// Does something on this thread after a while: never before its time, later if the thread is busy.
    ///
    /// Timers still set when the thread stops are dropped, as are those set later. To be called on this thread.
    @discardableResult
    package func schedule(after delay: Duration, _ action: @escaping () -> Void) -> Timer {
        schedule(after: delay, action, whenDropped: nil)
    }

    func schedule(after delay: Duration, _ action: @escaping () -> Void, whenDropped: (() -> Void)?) -> Timer {
        guard !local.isClosed else {
            whenDropped?()
            return Timer(id: 0)
        }
        return Timer(id: local.timers.add(at: SystemTime.uptime + delay, action, whenDropped: whenDropped))
    }

    /// Takes a timer back; one that has gone off or was dropped is no matter.
    package func cancel(_ timer: Timer) { local.timers.cancel(timer.id) }

    // MARK: - Stop

    /// Ends the thread: what is queued now is run, every socket closed, timers dropped, what was queued meanwhile run.
    ///
    /// - Returns: Whether it had ended before the deadline. Where not, jobs go on queueing; it ends as soon as none is
    ///   left. Sockets are closed after the jobs that were queued when it was told.
    @discardableResult
    package func stop(within deadline: Duration) async -> Bool {
        tellToStop()
        return await withTaskGroup(of: Bool.self) { group in
            group.addTask { await self.waitForEnd() }
            group.addTask {
                try? await Task.sleep(for: deadline)
                return false
            }
            let hasEnded = await group.next() ?? false
            group.cancelAll()
            return hasEnded
        }
    }

    /// Tells the thread to stop, and doesn't wait.
    package func tellToStop() {
        shared.withLock { shared in
            if shared.phase == .running { shared.phase = .stopping }
        }
        wake()
    }

    private func waitForEnd() async -> Bool { await shared.wait { $0.phase == .ended ? true : nil } ?? false }

    // MARK: - The loop

    private var local: Local {
        _read {
            precondition(isCurrent, "sockets and timers are used on their socket thread only")
            yield unsafe unchecked
        }
        _modify {
            precondition(isCurrent, "sockets and timers are used on their socket thread only")
            yield unsafe &unchecked
        }
    }

    private func start() throws(ZeroMQError) {
        let own = unsafe Unmanaged.passRetained(self)
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        defer { unsafe pthread_attr_destroy(&attributes) }
        var thread = pthread_t()
        let result = unsafe pthread_create(
            &thread,
            &attributes,
            { argument in
                guard let argument = unsafe argument else { return nil }
                unsafe Unmanaged<SocketThread>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            },
            own.toOpaque()
        )
        guard result == 0 else {
            unsafe own.release()
            throw ZeroMQError(number: result, call: "pthread_create")
        }
    }

    private func wake() {
        // On the thread itself the queue is looked at before the next poll.
        guard !isCurrent else { return }
        let isNeeded = shared.withLock { shared in
            defer { shared.isWoken = true }
            return !shared.isWoken
        }
        guard isNeeded else { return }
        var one: UInt64 = 1
        _ = unsafe write(wakeDescriptor, &one, MemoryLayout<UInt64>.size)
    }

    private func run() {
        thread.store(UInt(pthread_self()), ordering: .releasing)
        prepareThread()
        while true {
            let (jobs, orphans, isStopping) = take()
            for handle in orphans { close(handle) }
            for job in jobs { unsafe job.runSynchronously(on: asUnownedSerialExecutor()) }
            if isStopping {
                closeAll()
                if endIfIdle() { return }
            }
            fireTimers()
            poll()
        }
    }

    private func prepareThread() {
        unsafe czeromq_name_thread(name)
        // Signals are for the other threads, but for those that tell of a fault on this one.
        var signals = sigset_t()
        unsafe sigfillset(&signals)
        for fault in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT] { unsafe sigdelset(&signals, fault) }
        unsafe pthread_sigmask(SIG_SETMASK, &signals, nil)
    }

    private func take() -> (jobs: [UnownedJob], orphans: [SocketHandle], isStopping: Bool) {
        shared.withLock { shared in
            let jobs: [UnownedJob]
            // The jobs queued when it is told to stop all run before the sockets are closed.
            if shared.jobs.count <= Self.jobsPerTurn || shared.phase != .running {
                jobs = Array(shared.jobs)
                shared.jobs = []
            } else {
                jobs = Array(shared.jobs.prefix(Self.jobsPerTurn))
                shared.jobs.removeFirst(Self.jobsPerTurn)
            }
            let orphans = shared.orphans
            shared.orphans = []
            shared.isWoken = false
            return (jobs, orphans, shared.phase != .running)
        }
    }

    private func closeAll() {
        guard !local.isClosed else { return }
        local.isClosed = true
        let notices = local.timers.removeAll()
        let handles = Array(local.open.values)
        // All before the first receiver of events is closed.
        for handle in handles { handle.stopMonitor() }
        for handle in handles { close(handle) }
        for notice in notices { notice() }
    }

    private func endIfIdle() -> Bool {
        shared.change { shared in
            guard shared.jobs.isEmpty, shared.orphans.isEmpty else { return false }
            shared.phase = .ended
            // Under the lock: a late job's thread, which writes its own, can't come before.
            thread.store(0, ordering: .releasing)
            return true
        }
    }

    private func fireTimers() {
        let now = SystemTime.uptime
        // Timers that a timer sets wait for the next turn: `now` stands still.
        while let action = local.timers.popDue(at: now) { action() }
    }

    /// Waits until something is to be done, and calls back for the sockets at which something has happened.
    ///
    /// What it costs depends on these, not on how many sockets there are.
    private func poll() {
        var due = takeDue(Array(local.used))
        var descriptors = [Int32](repeating: 0, count: 64)
        let count = unsafe czeromq_wait(pollDescriptor, &descriptors, due.isEmpty ? pollTimeout() : 0)
        // A signal (EINTR) is one more turn.
        var signalled: [ObjectIdentifier] = []
        for descriptor in descriptors.prefix(max(0, Int(count))) {
            if descriptor == wakeDescriptor {
                var wakes: UInt64 = 0
                _ = unsafe read(wakeDescriptor, &wakes, MemoryLayout<UInt64>.size)
            } else if let key = local.watched[descriptor] {
                signalled.append(key)
            }
        }
        let seen = Set(due)
        due += takeDue(signalled.filter { !seen.contains($0) })
        for key in due {
            // A callback before may have closed it.
            local.registrations[key]?.onReadable()
        }
    }

    /// Looks at sockets, and gives those that have something to read; these are looked at again in the next turn.
    private func takeDue(_ keys: [ObjectIdentifier]) -> [ObjectIdentifier] {
        var due: [ObjectIdentifier] = []
        for key in keys {
            local.used.remove(key)
            guard let registration = local.registrations[key] else { continue }
            guard registration.handle.events & ZMQ_POLLIN != 0 else { continue }
            due.append(key)
            local.used.insert(key)
        }
        return due
    }

    /// In milliseconds; -1 for as long as it takes.
    private func pollTimeout() -> Int32 {
        // Jobs queued by this thread since it took the last ones wrote no eventfd.
        guard shared.withLock({ $0.jobs.isEmpty && $0.orphans.isEmpty && $0.phase == .running }) else { return 0 }
        guard let deadline = local.timers.nextDeadline else { return -1 }
        let wait = deadline - SystemTime.uptime
        guard wait > .zero else { return 0 }
        // Rounded up, else the last part of a millisecond would be spent in a spin; a day at most.
        let (seconds, attoseconds) = wait.components
        guard seconds < 86_400 else { return 86_400_000 }
        return Int32(seconds) * 1_000 + Int32((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
