import Foundation
import Locks
import Sodium
import Testing

@testable import ZeroMQ

/// Counts on its thread, without a lock: only confinement keeps it right.
private actor Counter: SocketActor {
    nonisolated let thread: SocketThread
    private(set) var count = 0
    private(set) var strays = 0

    init(thread: SocketThread) { self.thread = thread }

    func increment() {
        count += 1
        if !thread.isCurrent { strays += 1 }
    }

    func increment(with other: Counter) async {
        await other.increment()
        increment()
    }

    /// Whether a callback of the thread, which is no job, may assume to be on the actor.
    func assumesInTimer() async -> Bool {
        await withCheckedContinuation { continuation in
            thread.schedule(after: .milliseconds(1)) {
                self.assumeIsolated { $0.increment() }
                self.preconditionIsolated()
                continuation.resume(returning: self.thread.isIsolatingCurrentContext() == true)
            }
        }
    }
}

@Suite struct SocketThreadTests {
    @Test("10,000 jobs from 100 tasks all run, on the one thread")
    func jobs() async throws {
        try await withThread { thread in
            let counter = Counter(thread: thread)
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<100 {
                    group.addTask {
                        for _ in 0..<100 { await counter.increment() }
                    }
                }
            }
            #expect(await counter.count == 10_000)
            #expect(await counter.strays == 0)
            #expect(!thread.isCurrent)
            #expect(thread.isIsolatingCurrentContext() == false)
        }
    }

    @Test("two actors share a thread, and actors on two threads call each other without losing a wake-up")
    func pingPong() async throws {
        try await withThread { one in
            try await withThread { two in
                let (left, right, neighbour) = (Counter(thread: one), Counter(thread: two), Counter(thread: one))
                for _ in 0..<5_000 { await left.increment(with: right) }
                for _ in 0..<1_000 { await left.increment(with: neighbour) }
                #expect(await left.count == 6_000)
                #expect(await right.count == 5_000)
                #expect(await neighbour.count == 1_000)
                let strays = await (left.strays, right.strays, neighbour.strays)
                #expect(strays == (0, 0, 0))
            }
        }
    }

    @Test("callbacks of the thread are isolated to its actors")
    func callbacks() async throws {
        try await withThread { thread in
            #expect(await Counter(thread: thread).assumesInTimer())
        }
    }

    @Test("timers go off in order of their deadlines, never early, and not when cancelled")
    func timers() async throws {
        try await withThread { thread in
            let fired = Mailbox<Int>()
            let start = ContinuousClock.now
            await thread.perform {
                // Far enough apart for the order to hold where this loop is held up.
                for delay in [600, 200, 400, 200, 0] {
                    thread.schedule(after: .milliseconds(delay)) {
                        #expect(thread.isCurrent)
                        #expect(ContinuousClock.now - start >= .milliseconds(delay))
                        fired.put(delay)
                    }
                }
                let cancelled = thread.schedule(after: .milliseconds(300)) { fired.put(-1) }
                thread.cancel(cancelled)
                thread.cancel(cancelled)
            }
            try await fired.next { $0 == 600 }
            #expect(fired.all == [0, 200, 200, 400, 600])
        }
    }

    @Test("a thread with nothing to do spends no time, sockets and a far timer or not")
    func idle() async throws {
        try await withThread { thread in
            let done = Mailbox<Double>()
            try await thread.perform {
                let pair = try Socket(.pair, on: thread)
                try pair.bind("inproc://idle-\(UInt64.random(in: .min ... .max))")
                thread.register(pair) {}
                thread.schedule(after: .seconds(3_600)) {}
                let before = threadSeconds()
                thread.schedule(after: .milliseconds(300)) { done.put(threadSeconds() - before) }
            }
            // A spin would have taken all 0.3 s.
            #expect(try await done.next() < 0.1)
        }
    }

    @Test("stopped under load, every call still ends, and sockets are closed")
    func stopUnderLoad() async throws {
        try SodiumLibrary.initialize()
        for _ in 0..<20 {
            let thread = try SocketThread(name: "load")
            let counter = Counter(thread: thread)
            let socket = TestSocket(on: thread)
            try await socket.open(.dealer)
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        for _ in 0..<200 { await counter.increment() }
                    }
                }
                group.addTask { #expect(await thread.stop(within: patience)) }
            }
            #expect(await counter.count == 1_600)
            #expect(await counter.strays == 0)
            await #expect(throws: ZeroMQError(.closed, "")) { try await socket.send([[1]]) }
            await #expect(throws: ZeroMQError(.stopped, "")) { try await TestSocket(on: thread).open(.dealer) }
        }
    }

    @Test("a job that comes after the end still runs, by itself and on its executor")
    func lateJobs() async throws {
        try SodiumLibrary.initialize()
        let thread = try SocketThread(name: "late")
        let counter = Counter(thread: thread)
        #expect(await thread.stop(within: patience))
        #expect(await thread.stop(within: patience))
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<100 { group.addTask { await counter.increment() } }
        }
        #expect(await counter.count == 100)
        #expect(await counter.strays == 0)
    }

    @Test("a stop that can't be had in time says so")
    func stopDeadline() async throws {
        try SodiumLibrary.initialize()
        let thread = try SocketThread(name: "busy")
        let (entered, release) = (Mailbox<Void>(), DispatchSemaphore(value: 0))
        async let blocked: Void = thread.perform {
            entered.put(())
            release.wait()
        }
        try await entered.next()
        #expect(await thread.stop(within: .milliseconds(20)) == false)
        release.signal()
        await blocked
        #expect(await thread.stop(within: patience))
    }

    @Test("a rebind under way when the thread stops is told so, other timers are dropped")
    func timersAtStop() async throws {
        try SodiumLibrary.initialize()
        let thread = try SocketThread(name: "timers")
        let outcome = Mailbox<String>()
        await thread.perform {
            _ = thread.schedule(
                after: .seconds(3_600),
                { outcome.put("due") },
                whenDropped: { outcome.put("dropped") }
            )
            thread.schedule(after: .seconds(3_600)) { outcome.put("due") }
        }
        #expect(await thread.stop(within: patience))
        #expect(outcome.all == ["dropped"])
        await thread.perform { _ = thread.schedule(after: .zero) { outcome.put("late") } }
        #expect(outcome.all == ["dropped"])
    }

    @Test("more sockets than libzmq's 1,023 are open at once, and 1,000 more come and go, monitored or not")
    func manySockets() async throws {
        try await withThread { thread in
            for _ in 0..<11 {
                try await thread.perform {
                    for index in 0..<100 {
                        let socket = try Socket(.dealer, on: thread)
                        if index % 2 == 0 { try socket.monitor { _ in } }
                        if index % 3 == 0 { try socket.connect("inproc://nowhere") }
                        socket.close()
                        socket.close()
                    }
                }
            }
            try await thread.perform {
                let sockets = try (0..<1_500).map { _ in try Socket(.dealer, on: thread) }
                for socket in sockets { #expect(socket.isOpen) }
                for socket in sockets { socket.close() }
            }
        }
    }

    @Test("a socket that its owner lets go of is closed on its thread, wherever that happens")
    func forgotten() async throws {
        try await withThread { thread in
            let name = "inproc://forgotten-\(UInt64.random(in: .min ... .max))"
            for _ in 0..<50 {
                let socket = TestSocket(on: thread)
                try await socket.openUnregistered(.pair)
                // Stays in use unless the one before is closed.
                try await socket.rebind(name)
            }
        }
    }

    @Test("a socket used off its thread traps, and names the promise")
    func confinement() async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            try SodiumLibrary.initialize()
            let thread = try SocketThread(name: "confined")
            let box = Lock<SocketBox?>(nil)
            try await thread.perform {
                let socket = SocketBox(try Socket(.dealer, on: thread))
                box.withLock { $0 = socket }
            }
            let socket = box.withLock { $0 }
            _ = try socket?.socket.send([[1]])
        }
        let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(text.contains("socket thread only"), "\(text)")
    }
}

/// Carries a socket to where it must not be used.
private final class SocketBox: @unchecked Sendable {
    let socket: Socket
    init(_ socket: Socket) { self.socket = socket }
}

/// The processor time of the calling thread.
private func threadSeconds() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
