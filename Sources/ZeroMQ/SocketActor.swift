/// An actor whose jobs run on a socket thread, beside its sockets.
///
///     actor Node: SocketActor {
///         nonisolated let thread: SocketThread
///     }
package protocol SocketActor: Actor {
    /// The thread it runs on; a `let`, held strongly.
    nonisolated var thread: SocketThread { get }
}

extension SocketActor {
    /// The socket thread.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }
}

extension SocketThread {
    private actor Visitor: SocketActor {
        nonisolated let thread: SocketThread

        init(thread: SocketThread) { self.thread = thread }

        func perform<Result: Sendable>(_ body: @Sendable () throws -> Result) rethrows -> Result { try body() }
    }

    /// Does something on this thread, for those who have no actor there, and waits for it.
    package nonisolated func perform<Result: Sendable>(
        _ body: @Sendable () throws -> Result
    ) async rethrows -> Result {
        try await Visitor(thread: self).perform(body)
    }
}
