import Testing

@testable import ZeroMQ

@Suite(.timeLimit(.minutes(5))) struct InboundLimitTests {
    @Test("a subscriber that sends more than it may is cut; another one stays, and gets what is published")
    func flood() async throws {
        try await withThread { thread in
            let keys = try TestKeys()
            let domain = try await ZAPHandler.shared().openForTest { _, _ in .admit(userID: "peer") }
            let (server, endpoint) = try await TestSocket.server(.xpub, on: thread, keys: keys, domain: domain)
            var options = SocketOptions()
            options.sendHighWaterMark = 0
            func client() async throws -> TestSocket {
                let client = try await TestSocket.client(
                    .sub,
                    on: thread,
                    keys: try TestKeys(),
                    server: keys.publicKey,
                    endpoint: endpoint,
                    options: options,
                    topic: [1]
                )
                try await client.event(.handshakeSucceeded)
                return client
            }
            let (quiet, loud) = (try await client(), try await client())
            let limit = try InboundLimit(bytes: 64 << 10, bytesPerSecond: 1 << 10)
            for _ in 0..<2 { limit.note(try await server.event(.accepted)) }
            let few = (0..<100).map { [UInt8](repeating: 2, count: $0) }
            try await quiet.use { socket in for topic in few { try socket.subscribe(topic) } }
            let many = (0..<20_000).map { number in
                (0..<64).map { UInt8(truncatingIfNeeded: number >> ($0 % 24)) }
            }
            try await loud.use { socket in for topic in many { try socket.subscribe(topic) } }
            try await loud.event(.disconnected)
            try await server.event(.disconnected)
            try await server.send([[1], [7]])
            #expect(try await quiet.message().frames == [[1], [7]])
            #expect(!quiet.events.all.contains { $0.kind == .disconnected })
        }
    }

    @Test("a connection whose time is over is cut though it says nothing; one that was released stays")
    func lifetime() async throws {
        try await withThread { thread in
            let keys = try TestKeys()
            let domain = try await ZAPHandler.shared().openForTest { _, _ in .admit(userID: "peer") }
            let (server, endpoint) = try await TestSocket.server(.xpub, on: thread, keys: keys, domain: domain)
            let limit = try InboundLimit(bytes: 64 << 10, bytesPerSecond: 0, lifetime: .milliseconds(1))
            func client() async throws -> TestSocket {
                let client = try await TestSocket.client(
                    .sub,
                    on: thread,
                    keys: try TestKeys(),
                    server: keys.publicKey,
                    endpoint: endpoint,
                    topic: [1]
                )
                try await client.event(.handshakeSucceeded)
                return client
            }
            let kept = try await client()
            let accepted = try await server.event(.accepted)
            limit.note(accepted)
            limit.release(try #require(accepted.descriptor))
            let cut = try await client()
            limit.note(try await server.event(.accepted))
            try await cut.event(.disconnected)
            try await server.send([[1], [7]])
            #expect(try await kept.message().frames == [[1], [7]])
            #expect(!kept.events.all.contains { $0.kind == .disconnected })
        }
    }
}
