import Bytes
import Locks
import Sodium
import Testing

@testable import ZeroMQ

/// How long a test waits for what must happen: only a failing test waits that long.
let patience: Duration = .seconds(30)

/// A transport key pair for one test.
struct TestKeys: Sendable {
    let secret: SecretBytes
    let publicKey: [UInt8]

    init() throws {
        let key = try SigningKey.generate()
        secret = try key.transportSecret()
        publicKey = try #require(Ed25519.transportKey(of: key.publicKey)).array
    }
}

/// Values that arrive one by one, from any thread, and are waited for with a deadline by one reader.
final class Mailbox<Value: Sendable>: Sendable {
    private struct State {
        var all: [Value] = []
        /// How many of them were taken.
        var taken = 0
        var waiter: (fits: @Sendable (Value) -> Bool, continuation: CheckedContinuation<Value?, Never>)?

        mutating func take(where fits: (Value) -> Bool) -> Value? {
            while taken < all.count {
                taken += 1
                if fits(all[taken - 1]) { return all[taken - 1] }
            }
            return nil
        }
    }

    private let state = Lock(State())

    func put(_ value: Value) {
        let waiter = state.withLock { state -> CheckedContinuation<Value?, Never>? in
            state.all.append(value)
            guard let waiter = state.waiter, state.take(where: waiter.fits) != nil else { return nil }
            state.waiter = nil
            return waiter.continuation
        }
        waiter?.resume(returning: value)
    }

    /// All that came, taken or not.
    var all: [Value] { state.withLock { $0.all } }

    /// The next value that fits; those before it are dropped; throws when patience ends.
    @discardableResult
    func next(
        within deadline: Duration = patience,
        sourceLocation: SourceLocation = #_sourceLocation,
        where fits: @escaping @Sendable (Value) -> Bool = { _ in true }
    ) async throws -> Value {
        let value = await withTaskGroup(of: Value?.self) { group in
            group.addTask { await self.wait(where: fits) }
            group.addTask {
                try? await Task.sleep(for: deadline)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        guard let value else {
            throw Late(description: "nothing came in time; of \(all.count) the last: \(all.suffix(5))")
        }
        return value
    }

    private func wait(where fits: @escaping @Sendable (Value) -> Bool) async -> Value? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let known: Value?? = state.withLock { state in
                    if let value = state.take(where: fits) { return .some(value) }
                    if Task.isCancelled { return .some(nil) }
                    state.waiter = (fits, continuation)
                    return nil
                }
                if let known { continuation.resume(returning: known) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.continuation.resume(returning: nil)
        }
    }
}

/// What was waited for didn't come.
struct Late: Error, CustomStringConvertible {
    let description: String
}

/// A thread for one test, stopped afterwards.
func withThread<Result>(
    _ name: String = "test",
    _ body: (SocketThread) async throws -> Result
) async throws -> Result {
    try SodiumLibrary.initialize()
    let thread = try SocketThread(name: name)
    do {
        let result = try await body(thread)
        #expect(await thread.stop(within: patience))
        return result
    } catch {
        await thread.stop(within: patience)
        throw error
    }
}

/// A socket that tests reach from anywhere: it goes to its thread for every call.
actor TestSocket: SocketActor {
    nonisolated let thread: SocketThread
    nonisolated let incoming = Mailbox<Incoming>()
    nonisolated let events = Mailbox<Monitor.Event>()
    private var socket: Socket?

    private var opened: Socket {
        get throws { try #require(socket) }
    }

    init(on thread: SocketThread) { self.thread = thread }

    /// A CURVE server, bound to a free port of the loopback interface.
    static func server(
        _ kind: Socket.Kind,
        on thread: SocketThread,
        keys: TestKeys,
        domain: ZAPDomain,
        options: SocketOptions = SocketOptions(),
        reads: Bool = true
    ) async throws -> (TestSocket, endpoint: String) {
        let server = TestSocket(on: thread)
        try await server.open(kind, options, reads: reads)
        let endpoint = try await server.use { socket in
            try keys.secret.withSpan { secret in try socket.curveServer(secret: secret, domain: domain) }
            try socket.bind("tcp://127.0.0.1:*")
            return try socket.lastEndpoint
        }
        return (server, endpoint)
    }

    /// A CURVE client, connecting.
    static func client(
        _ kind: Socket.Kind,
        on thread: SocketThread,
        keys: TestKeys,
        server: [UInt8],
        endpoint: String,
        options: SocketOptions = SocketOptions(),
        topic: [UInt8]? = nil,
        reads: Bool = true
    ) async throws -> TestSocket {
        let client = TestSocket(on: thread)
        try await client.open(kind, options, reads: reads)
        try await client.use { socket in
            try keys.secret.withSpan { secret in
                try socket.curveClient(serverKey: server, publicKey: keys.publicKey, secret: secret)
            }
            if let topic { try socket.subscribe(topic) }
            try socket.connect(endpoint)
        }
        return client
    }

    func open(_ kind: Socket.Kind, requiresConnection: Bool) throws {
        var options = SocketOptions()
        options.requiresConnection = requiresConnection
        try open(kind, options)
    }

    /// - Parameter reads: whether it reads from the start; else from `read()` on.
    func open(_ kind: Socket.Kind, _ options: SocketOptions = SocketOptions(), reads: Bool = true) throws {
        let socket = try Socket(kind, on: thread, options)
        self.socket = socket
        let events = events
        try socket.monitor { events.put($0) }
        if reads { try read() }
    }

    /// Reads whatever comes.
    func read() throws {
        let socket = try opened
        let incoming = incoming
        // Replies of ZAP have more frames than our messages.
        let maximumFrames = socket.kind == .dealer ? 8 : Socket.maximumFrames
        thread.register(socket) {
            _ = try? socket.receive(maximumFrames: maximumFrames) { incoming.put($0) }
        }
    }

    /// Opens a socket that nothing but this object holds.
    func openUnregistered(_ kind: Socket.Kind) throws { socket = try Socket(kind, on: thread) }

    func use<Result: Sendable>(_ body: @Sendable (Socket) throws -> Result) throws -> Result {
        try body(opened)
    }

    @discardableResult
    func send(_ frames: [[UInt8]]) throws -> SendResult { try opened.send(frames) }

    func rebind(_ endpoint: String) async throws {
        try await opened.rebind(endpoint)
    }

    func close() {
        socket?.close()
    }

    /// The next message; anything else fails the test.
    nonisolated func message(sourceLocation: SourceLocation = #_sourceLocation) async throws -> Message {
        guard case .message(let message) = try await incoming.next(sourceLocation: sourceLocation) else {
            throw ZeroMQError(.system, "an oversized message came")
        }
        return message
    }

    /// Waits for an event of this kind.
    @discardableResult
    nonisolated func event(
        _ kind: Monitor.Kind,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Monitor.Event {
        try await events.next(sourceLocation: sourceLocation) { $0.kind == kind }
    }
}

extension ZAPHandler {
    /// A domain of a name of its own.
    func openForTest(_ authorizer: @escaping ZAPAuthorizer) throws -> ZAPDomain {
        try open(domain: "test-\(UInt64.random(in: .min ... .max))", authorizer: authorizer)
    }
}
