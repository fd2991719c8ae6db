internal import CZeroMQ
import Locks
import RhizomeTesting
import Sodium
import Testing

@testable import ZeroMQ

/// Keys and what becomes of them, changed while a test runs; counts who asked how often.
private final class TestTrust: Sendable {
    private struct State {
        var decisions: [[UInt8]: ZAPDecision] = [:]
        var attempts: [[UInt8]: Int] = [:]
    }

    private let state = Lock(State())

    func set(_ keys: TestKeys, _ decision: ZAPDecision) {
        state.withLock { $0.decisions[keys.publicKey] = decision }
    }

    func attempts(of keys: TestKeys) -> Int { state.withLock { $0.attempts[keys.publicKey] ?? 0 } }

    var authorizer: ZAPAuthorizer {
        { key, _ in
            self.state.withLock { state in
                state.attempts[key, default: 0] += 1
                return state.decisions[key] ?? .refuse
            }
        }
    }
}

@Suite struct CurveTests {
    @Test("a trusted client's request arrives with its user id, and its reply comes back")
    func roundTrip() async throws {
        try await withThread { thread in
            let (serverKeys, clientKeys) = (try TestKeys(), try TestKeys())
            let domain = try await ZAPHandler.shared().openForTest { key, address in
                key == clientKeys.publicKey && address == "127.0.0.1" ? .admit(userID: "alice") : .refuse
            }
            let (server, endpoint) = try await TestSocket.server(.router, on: thread, keys: serverKeys, domain: domain)
            let client = try await TestSocket.client(
                .dealer,
                on: thread,
                keys: clientKeys,
                server: serverKeys.publicKey,
                endpoint: endpoint
            )
            try await client.event(.handshakeSucceeded)
            #expect(try await client.send([[1], [], [2, 3]]) == .sent)
            let request = try await server.message()
            #expect(Array(request.frames.dropFirst()) == [[1], [], [2, 3]])
            #expect(request.userID == "alice")
            #expect(try await server.send([request.frames[0], [4]]) == .sent)
            let reply = try await client.message()
            #expect(reply.frames == [[4]])
            #expect(reply.userID == nil)
        }
    }

    @Test(
        "over IPv6, and to an IPv6 socket over IPv4, the sender's address is plain",
        arguments: ["[::1]", "127.0.0.1"]
    )
    func addresses(host: String) async throws {
        try await withThread { thread in
            let keys = try TestKeys()
            let domain = try await ZAPHandler.shared().openForTest { _, address in .admit(userID: address) }
            let server = TestSocket(on: thread)
            try await server.open(.router)
            let endpoint = try await server.use { socket in
                try keys.secret.withSpan { secret in try socket.curveServer(secret: secret, domain: domain) }
                try socket.bind("tcp://*:*")
                return try socket.lastEndpoint
            }
            let port = try #require(endpoint.split(separator: ":").last)
            let client = try await TestSocket.client(
                .dealer,
                on: thread,
                keys: try TestKeys(),
                server: keys.publicKey,
                endpoint: "tcp://\(host):\(port)"
            )
            try await client.event(.handshakeSucceeded)
            try await client.send([[1]])
            let message = try await server.message()
            #expect(message.userID == (host == "[::1]" ? "::1" : host))
        }
    }

    @Test("TCP is refused to a socket that isn't a CURVE server or client in full, as libzmq itself says")
    func insecure() async throws {
        try await withThread { thread in
            let keys = try TestKeys()
            let domain = try await ZAPHandler.shared().openForTest { _, _ in .refuse }
            try await thread.perform {
                let plain = try Socket(.router, on: thread)
                #expect(throws: ZeroMQError(.insecure, "")) { try plain.bind("tcp://127.0.0.1:*") }
                #expect(throws: ZeroMQError(.insecure, "")) { try plain.connect("tcp://127.0.0.1:1") }
                #expect(throws: ZeroMQError(.endpoint, "")) { try plain.bind("ipc:///tmp/rhizome-test") }
                #expect(throws: ZeroMQError(.endpoint, "")) { try plain.connect("ipc:///tmp/rhizome-test") }
                #expect(try plain.mechanism == .null)

                let server = try Socket(.router, on: thread)
                try keys.secret.withSpan { try server.curveServer(secret: $0, domain: domain) }
                #expect(try server.mechanism == .curve)
                #expect(throws: ZeroMQError(.insecure, "")) { try server.connect("tcp://127.0.0.1:1") }
                // Each of these leaves a door open that libzmq wouldn't mention.
                for (option, value, repaired) in [
                    (ZMQ_ZAP_ENFORCE_DOMAIN, 0, 1), (ZMQ_CURVE_SERVER, 0, 1),
                ] as [(Int32, Int32, Int32)] {
                    try server.set(option, value, "test")
                    #expect(throws: ZeroMQError(.insecure, "")) { try server.bind("tcp://127.0.0.1:*") }
                    try server.set(option, repaired, "test")
                }
                try server.set(ZMQ_ZAP_DOMAIN, Array("other".utf8), "test")
                #expect(throws: ZeroMQError(.insecure, "")) { try server.bind("tcp://127.0.0.1:*") }
                try server.set(ZMQ_ZAP_DOMAIN, Array(domain.name.utf8), "test")
                try server.bind("tcp://127.0.0.1:*")

                let client = try Socket(.dealer, on: thread)
                try keys.secret.withSpan {
                    try client.curveClient(serverKey: keys.publicKey, publicKey: keys.publicKey, secret: $0)
                }
                #expect(throws: ZeroMQError(.insecure, "")) { try client.bind("tcp://127.0.0.1:*") }
                try client.connect("tcp://127.0.0.1:1")
            }
        }
    }

    @Test("an unknown key is refused with 400, on both sides' monitors, and nothing of it arrives")
    func unknownKey() async throws {
        try await withThread { thread in
            let (serverKeys, alice, mallory) = (try TestKeys(), try TestKeys(), try TestKeys())
            let trust = TestTrust()
            trust.set(alice, .admit(userID: "alice"))
            let domain = try await ZAPHandler.shared().openForTest(trust.authorizer)
            let (server, endpoint) = try await TestSocket.server(.router, on: thread, keys: serverKeys, domain: domain)
            var options = SocketOptions()
            // So that the message waits in the pipe while the handshake runs, unless that is over already.
            options.requiresConnection = false
            let stranger = try await TestSocket.client(
                .dealer,
                on: thread,
                keys: mallory,
                server: serverKeys.publicKey,
                endpoint: endpoint,
                options: options
            )
            try await stranger.send([[66]])
            try await stranger.event(.handshakeFailedAuthentication(status: 400))
            try await server.event(.handshakeFailedAuthentication(status: 400))
            let friend = try await TestSocket.client(
                .dealer,
                on: thread,
                keys: alice,
                server: serverKeys.publicKey,
                endpoint: endpoint
            )
            try await friend.event(.handshakeSucceeded)
            try await friend.send([[1]])
            #expect(try await server.message().userID == "alice")
            #expect(server.incoming.all.count == 1)
        }
    }

    @Test("a client that expects another server's key doesn't talk to ours")
    func wrongServerKey() async throws {
        try await withThread { thread in
            let (serverKeys, clientKeys) = (try TestKeys(), try TestKeys())
            let trust = TestTrust()
            trust.set(clientKeys, .admit(userID: "alice"))
            let domain = try await ZAPHandler.shared().openForTest(trust.authorizer)
            let (server, endpoint) = try await TestSocket.server(.router, on: thread, keys: serverKeys, domain: domain)
            let client = try await TestSocket.client(
                .dealer,
                on: thread,
                keys: clientKeys,
                server: try TestKeys().publicKey,
                endpoint: endpoint
            )
            try await server.events.next {
                if case .handshakeFailedProtocol = $0.kind { true } else { false }
            }
            try await client.events.next { $0.kind == .disconnected }
            #expect(trust.attempts(of: clientKeys) == 0)
            #expect(!client.events.all.contains { $0.kind == .handshakeSucceeded })
        }
    }

    @Test("after 300 a client tries again by itself, after 400 never, until it is connected anew")
    func retries() async throws {
        try await withThread { thread in
            let (serverKeys, waiting, refused) = (try TestKeys(), try TestKeys(), try TestKeys())
            let trust = TestTrust()
            trust.set(waiting, .tryLater)
            let domain = try await ZAPHandler.shared().openForTest(trust.authorizer)
            let (server, endpoint) = try await TestSocket.server(.router, on: thread, keys: serverKeys, domain: domain)
            let turnedAway = try await TestSocket.client(
                .dealer,
                on: thread,
                keys: refused,
                server: serverKeys.publicKey,
                endpoint: endpoint
            )
            try await turnedAway.event(.handshakeFailedAuthentication(status: 400))
            var options = SocketOptions()
            options.handshakeInterval = .milliseconds(300)
            let patient = try await TestSocket.client(
                .dealer,
                on: thread,
                keys: waiting,
                server: serverKeys.publicKey,
                endpoint: endpoint,
                options: options
            )
            for _ in 0..<3 { try await server.event(.handshakeFailedAuthentication(status: 300)) }
            // The client isn't told; it sees its connection end.
            #expect(!patient.events.all.contains { $0.kind == .handshakeFailedAuthentication(status: 300) })
            trust.set(waiting, .admit(userID: "waiting"))
            trust.set(refused, .admit(userID: "refused"))
            try await patient.event(.handshakeSucceeded)
            // Three tries of the one later, the other hasn't made its second.
            #expect(trust.attempts(of: refused) == 1)
            #expect(trust.attempts(of: waiting) >= 4)
            await turnedAway.close()
            let admitted = try await TestSocket.client(
                .dealer,
                on: thread,
                keys: refused,
                server: serverKeys.publicKey,
                endpoint: endpoint
            )
            try await admitted.event(.handshakeSucceeded)
            #expect(trust.attempts(of: refused) == 2)
        }
    }

    @Test("taking a key off does nothing to its connection; a rebind ends it, and trusted ones come back")
    func revocation() async throws {
        try await withThread { thread in
            let (serverKeys, alice, mallory) = (try TestKeys(), try TestKeys(), try TestKeys())
            let trust = TestTrust()
            trust.set(alice, .admit(userID: "alice"))
            trust.set(mallory, .admit(userID: "mallory"))
            let domain = try await ZAPHandler.shared().openForTest(trust.authorizer)
            let (server, endpoint) = try await TestSocket.server(.router, on: thread, keys: serverKeys, domain: domain)
            var clients: [TestSocket] = []
            for keys in [alice, mallory] {
                let client = try await TestSocket.client(
                    .dealer,
                    on: thread,
                    keys: keys,
                    server: serverKeys.publicKey,
                    endpoint: endpoint
                )
                try await client.event(.handshakeSucceeded)
                clients.append(client)
            }
            trust.set(mallory, .refuse)
            try await clients[1].send([[1]])
            let before = try await server.message()
            #expect(before.userID == "mallory")

            try await server.rebind(endpoint)
            for client in clients { try await client.event(.disconnected) }
            try await clients[1].event(.handshakeFailedAuthentication(status: 400))
            try await clients[0].event(.handshakeSucceeded)
            #expect(try await clients[1].send([[2]]) == .wouldBlock)
            #expect(try await server.send([before.frames[0], [3]]) == .unreachable)
            try await clients[0].send([[4]])
            let after = try await server.message()
            #expect(after.userID == "alice")
            #expect(after.frames.last == [4])
        }
    }

    @Test("a rebind asked for many times at once is one; with the port taken meanwhile it fails in words")
    func rebinds() async throws {
        try await withThread { thread in
            let keys = try TestKeys()
            let domain = try await ZAPHandler.shared().openForTest { _, _ in .refuse }
            let (server, endpoint) = try await TestSocket.server(.router, on: thread, keys: keys, domain: domain)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 { group.addTask { try await server.rebind(endpoint) } }
                try await group.waitForAll()
            }
            #expect(try await server.use { try $0.lastEndpoint } == endpoint)

            try await server.use { try $0.unbind(endpoint) }
            let squatter = TestSocket(on: thread)
            try await squatter.open(.router)
            try await squatter.use { socket in
                try keys.secret.withSpan { secret in try socket.curveServer(secret: secret, domain: domain) }
            }
            try await squatter.rebind(endpoint)
            await #expect(throws: ZeroMQError(.addressInUse, "")) { try await server.rebind(endpoint) }
            try await squatter.use { try $0.unbind(endpoint) }
            try await server.rebind(endpoint)
        }
    }

    @Test("a bind that fails says why, on a monitored socket too, every time")
    func bindFailures() async throws {
        try await withThread { thread in
            let keys = try TestKeys()
            let domain = try await ZAPHandler.shared().openForTest { _, _ in .refuse }
            let (_, endpoint) = try await TestSocket.server(.router, on: thread, keys: keys, domain: domain)
            for _ in 0..<100 {
                let other = TestSocket(on: thread)
                try await other.open(.router)
                try await other.use { socket in
                    try keys.secret.withSpan { secret in try socket.curveServer(secret: secret, domain: domain) }
                    for _ in 0..<20 {
                        #expect(throws: ZeroMQError(.addressInUse, "")) { try socket.bind(endpoint) }
                    }
                    #expect(throws: ZeroMQError(.addressUnavailable, "")) { try socket.bind("tcp://192.0.2.1:7000") }
                    #expect(throws: ZeroMQError(.addressUnavailable, "")) { try socket.bind("tcp://localhost:7000") }
                    #expect(throws: ZeroMQError(.endpoint, "")) { try socket.bind("tcp://127.0.0.1") }
                    #expect(throws: ZeroMQError(.endpoint, "")) { try socket.bind("tcp://127.0.0.1:70000") }
                }
                await other.close()
            }
        }
    }

    @Test("a client that takes another's routing id gets neither its place nor its replies")
    func handover() async throws {
        try await withThread { thread in
            let (serverKeys, alice, mallory) = (try TestKeys(), try TestKeys(), try TestKeys())
            let trust = TestTrust()
            trust.set(alice, .admit(userID: "alice"))
            trust.set(mallory, .admit(userID: "mallory"))
            let domain = try await ZAPHandler.shared().openForTest(trust.authorizer)
            let (server, endpoint) = try await TestSocket.server(.router, on: thread, keys: serverKeys, domain: domain)
            var clients: [TestSocket] = []
            for keys in [alice, mallory] {
                let client = TestSocket(on: thread)
                try await client.open(.dealer)
                try await client.use { socket in
                    try socket.set(ZMQ_ROUTING_ID, Array("alice".utf8), "test")
                    try keys.secret.withSpan { secret in
                        try socket.curveClient(
                            serverKey: serverKeys.publicKey,
                            publicKey: keys.publicKey,
                            secret: secret
                        )
                    }
                    try socket.connect(endpoint)
                }
                try await client.event(.handshakeSucceeded)
                // Until the server has answered, its ROUTER needn't know the routing id.
                if clients.isEmpty {
                    try await client.send([[1]])
                    let message = try await server.message()
                    #expect(message.frames == [Array("alice".utf8), [1]])
                }
                clients.append(client)
            }
            try await clients[1].send([[2]])
            for reply in 10..<20 as Range<UInt8> {
                #expect(try await server.send([Array("alice".utf8), [reply]]) == .sent)
                #expect(try await clients[0].message().frames == [[reply]])
            }
            #expect(clients[1].incoming.all.isEmpty)
            #expect(server.incoming.all.count == 1)
        }
    }

    @Test("each of many clients' messages carries its own user id, whatever its frames")
    func userIDs() async throws {
        try await withThread { thread in
            let serverKeys = try TestKeys()
            let clientKeys = try (0..<8).map { _ in try TestKeys() }
            let trust = TestTrust()
            for (index, keys) in clientKeys.enumerated() {
                trust.set(keys, .admit(userID: String(repeating: "\(index)", count: 255)))
            }
            let domain = try await ZAPHandler.shared().openForTest(trust.authorizer)
            let (server, endpoint) = try await TestSocket.server(.router, on: thread, keys: serverKeys, domain: domain)
            var clients: [TestSocket] = []
            for keys in clientKeys {
                let client = try await TestSocket.client(
                    .dealer,
                    on: thread,
                    keys: keys,
                    server: serverKeys.publicKey,
                    endpoint: endpoint
                )
                try await client.event(.handshakeSucceeded)
                clients.append(client)
            }
            for round in 1...50 {
                for (index, client) in clients.enumerated() {
                    let frames = Array(repeating: [UInt8(index)], count: 1 + round % 4)
                    #expect(try await client.send(frames) == .sent)
                }
            }
            for _ in 0..<400 {
                let message = try await server.message()
                let index = try #require(message.frames.last?.first)
                #expect(message.userID == String(repeating: "\(index)", count: 255))
            }
        }
    }

    @Test("threads that stop while their monitored sockets connect leave libzmq's own threads at work")
    func stopWhileConnecting() async throws {
        try SodiumLibrary.initialize()
        let (serverKeys, clientKeys) = (try TestKeys(), try TestKeys())
        let domain = try await ZAPHandler.shared().openForTest { _, _ in .admit(userID: "alice") }
        for round in 0..<100 {
            let thread = try SocketThread(name: "round")
            let (_, endpoint) = try await TestSocket.server(.router, on: thread, keys: serverKeys, domain: domain)
            var clients: [TestSocket] = []
            for _ in 0..<4 {
                clients.append(
                    try await TestSocket.client(
                        .dealer,
                        on: thread,
                        keys: clientKeys,
                        server: serverKeys.publicKey,
                        endpoint: endpoint
                    )
                )
            }
            if round % 2 == 0 { try await clients[round % 4].event(.connected) }
            #expect(await thread.stop(within: patience))
        }
        try await withThread { thread in
            let (server, endpoint) = try await TestSocket.server(.router, on: thread, keys: serverKeys, domain: domain)
            let client = try await TestSocket.client(
                .dealer,
                on: thread,
                keys: clientKeys,
                server: serverKeys.publicKey,
                endpoint: endpoint
            )
            try await client.event(.handshakeSucceeded)
            try await client.send([[1]])
            #expect(try await server.message().userID == "alice")
        }
    }

    @Test("a message to a connection that never was is unreachable")
    func unreachable() async throws {
        try await withThread { thread in
            let domain = try await ZAPHandler.shared().openForTest { _, _ in .refuse }
            let (server, _) = try await TestSocket.server(.router, on: thread, keys: try TestKeys(), domain: domain)
            #expect(try await server.send([[1, 2, 3, 4, 5], [1], [2]]) == .unreachable)
            #expect(try await server.send([[1, 2, 3, 4, 5], [1], [2]]) == .unreachable)
        }
    }
}
