internal import CZeroMQ
import Foundation
import Locks
import Testing

@testable import ZeroMQ

/// A TCP connection that speaks something else than CURVE.
private enum Intruder {
    /// Sends bytes and gives what came back before the server hung up; `nil` where it didn't in time.
    static func exchange(_ bytes: [UInt8], port: UInt16) async -> [UInt8]? {
        await withCheckedContinuation { continuation in
            // Blocking calls, so a thread of its own.
            Thread.detachNewThread { continuation.resume(returning: exchangeBlocking(bytes, port: port)) }
        }
    }

    static func exchangeBlocking(_ bytes: [UInt8], port: UInt16) -> [UInt8]? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { _ = close(descriptor) }
        var deadline = timeval(tv_sec: 30, tv_usec: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &deadline, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let connected = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe connect(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { return nil }
        _ = unsafe send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
            if count < 0 { return errno == ECONNRESET ? answer : nil }
            if count == 0 { return answer }
            answer += buffer.prefix(count)
        }
    }

    /// The greeting of ZMTP 3 (RFC 23) with a mechanism.
    static func greeting(minor: UInt8 = 1, _ mechanism: String) -> [UInt8] {
        let name = Array(mechanism.utf8)
        return [0xff] + [UInt8](repeating: 0, count: 8) + [0x7f, 3, minor] + name
            + [UInt8](repeating: 0, count: 20 - name.count + 32)
    }
}

private func port(of endpoint: String) throws -> UInt16 {
    try #require(endpoint.split(separator: ":").last.flatMap { UInt16($0) })
}

@Suite struct IntruderTests {
    /// A server that admits one client, and counts who asks the authoriser.
    private func withServer(
        handshakeInterval: Duration = .seconds(15),
        _ body: (TestSocket, String, TestKeys, SocketThread) async throws -> Void
    ) async throws {
        let asked = Lock(0)
        let clientKeys = try TestKeys()
        try await withThread { thread in
            let serverKeys = try TestKeys()
            let domain = try await ZAPHandler.shared().openForTest { key, _ in
                asked.withLock { $0 += 1 }
                return key == clientKeys.publicKey ? .admit(userID: "alice") : .refuse
            }
            var options = SocketOptions()
            options.handshakeInterval = handshakeInterval
            let (server, endpoint) = try await TestSocket.server(
                .router,
                on: thread,
                keys: serverKeys,
                domain: domain,
                options: options
            )
            try await body(server, endpoint, serverKeys, thread)
            #expect(asked.withLock { $0 } == 0)
            // It still serves those who are honest.
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
            #expect(server.incoming.all.count == 1)
        }
    }

    static let noises: [(String, [UInt8])] = [
        ("HTTP", Array("GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n".utf8)),
        ("TLS", [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3] + [UInt8](repeating: 7, count: 500)),
        ("zeroes", [UInt8](repeating: 0, count: 200)),
        ("ones", [UInt8](repeating: 0xff, count: 200)),
        ("ZMTP 1", [1, 0, 5, 0, 0x68, 0x65, 0x79, 0x6f] + [UInt8](repeating: 0, count: 64)),
        ("ZMTP 2", [0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 1, 5, 0, 0] + [UInt8](repeating: 0, count: 64)),
        ("ZMTP 3.0 NULL", Intruder.greeting(minor: 0, "NULL") + [4, 6, 5] + Array("READY".utf8)),
        ("ZMTP 3.1 NULL", Intruder.greeting("NULL") + [4, 6, 5] + Array("READY".utf8)),
        ("ZMTP 3.1 PLAIN", Intruder.greeting("PLAIN") + [4, 8, 5] + Array("HELLO".utf8) + [0, 0]),
        ("CURVE with a short HELLO", Intruder.greeting("CURVE") + [4, 6, 5] + Array("HELLO".utf8)),
        (
            "CURVE with a false HELLO",
            Intruder.greeting("CURVE") + [4, 200, 5] + Array("HELLO".utf8) + [1, 0]
                + [UInt8](repeating: 9, count: 192)
        ),
        (
            "CURVE with INITIATE first",
            Intruder.greeting("CURVE") + [6, 0, 0, 0, 0, 0, 0, 1, 1, 8] + Array("INITIATE".utf8)
                + [UInt8](repeating: 9, count: 248)
        ),
        ("CURVE with a READY", Intruder.greeting("CURVE") + [4, 6, 5] + Array("READY".utf8)),
        ("CURVE with a message", Intruder.greeting("CURVE") + [0, 3, 1, 2, 3]),
    ]

    @Test("whatever isn't CURVE is hung up on before anyone is asked", arguments: noises.map(\.0))
    func noise(name: String) async throws {
        let bytes = try #require(Self.noises.first { $0.0 == name }?.1)
        try await withServer { _, endpoint, _, _ in
            let answer = await Intruder.exchange(bytes, port: try port(of: endpoint))
            #expect(answer != nil, "the connection was kept")
        }
    }

    @Test("a connection that says nothing, or half a greeting, lasts for the handshake interval")
    func silence() async throws {
        try await withServer(handshakeInterval: .milliseconds(200)) { _, endpoint, _, _ in
            for bytes in [[], [0xff], Array(Intruder.greeting("CURVE").prefix(40)), Intruder.greeting("CURVE")] {
                let answer = await Intruder.exchange(bytes, port: try port(of: endpoint))
                #expect(answer != nil, "the connection was kept")
            }
        }
    }

    @Test("libzmq's own clients without security, or with a password, stay outside", arguments: ["NULL", "PLAIN"])
    func downgrade(mechanism: String) async throws {
        try await withServer { server, endpoint, _, thread in
            let client = TestSocket(on: thread)
            var options = SocketOptions()
            options.requiresConnection = false
            try await client.open(.dealer, options)
            try await client.use { socket in
                if mechanism == "PLAIN" {
                    try socket.set(ZMQ_PLAIN_USERNAME, Array("admin".utf8), "test")
                    try socket.set(ZMQ_PLAIN_PASSWORD, Array("admin".utf8), "test")
                }
                // Our own `connect` would refuse.
                let raw = try unsafe socket.pointer("test")
                #expect(unsafe zmq_connect(raw, endpoint) == 0)
                try socket.send([[66]])
            }
            try await server.events.next {
                if case .handshakeFailedProtocol = $0.kind { true } else { false }
            }
            try await client.events.next { $0.kind == .disconnected }
            #expect(!client.events.all.contains { $0.kind == .handshakeSucceeded })
            await client.close()
        }
    }

    @Test("a flood of connections to a busy node's socket doesn't hold up the other sockets of the process")
    func monitorFlood() async throws {
        try await withServer { server, endpoint, _, thread in
            let (entered, release) = (Mailbox<Void>(), DispatchSemaphore(value: 0))
            async let busy: Void = thread.perform {
                entered.put(())
                release.wait()
            }
            try await entered.next()
            let number = try port(of: endpoint)
            // Three events and more each; 2,000 are what libzmq would queue before its I/O thread waits.
            let refused = await withTaskGroup(of: Int.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        await withCheckedContinuation { continuation in
                            Thread.detachNewThread {
                                let count = (0..<300).count { _ in
                                    Intruder.exchangeBlocking([UInt8](repeating: 0, count: 64), port: number) != nil
                                }
                                continuation.resume(returning: count)
                            }
                        }
                    }
                }
                return await group.reduce(0, +)
            }
            release.signal()
            await busy
            #expect(refused == 1_200)
            for _ in 0..<1_200 { try await server.events.next { $0.kind == .accepted } }
        }
    }
}
