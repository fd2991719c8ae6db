internal import CZeroMQ
import RhizomeTesting
import Testing

@testable import ZeroMQ

/// A server and a client that it admits as "peer".
private func withPair<Result>(
    _ kinds: (server: Socket.Kind, client: Socket.Kind),
    server serverOptions: SocketOptions = SocketOptions(),
    client clientOptions: SocketOptions = SocketOptions(),
    topic: [UInt8]? = nil,
    reads: (server: Bool, client: Bool) = (true, true),
    _ body: (TestSocket, TestSocket) async throws -> Result
) async throws -> Result {
    try await withThread { thread in
        let (serverKeys, clientKeys) = (try TestKeys(), try TestKeys())
        let domain = try await ZAPHandler.shared().openForTest { _, _ in .admit(userID: "peer") }
        let (server, endpoint) = try await TestSocket.server(
            kinds.server,
            on: thread,
            keys: serverKeys,
            domain: domain,
            options: serverOptions,
            reads: reads.server
        )
        let client = try await TestSocket.client(
            kinds.client,
            on: thread,
            keys: clientKeys,
            server: serverKeys.publicKey,
            endpoint: endpoint,
            options: clientOptions,
            topic: topic,
            reads: reads.client
        )
        try await client.event(.handshakeSucceeded)
        return try await body(server, client)
    }
}

@Suite struct MessageTests {
    @Test("a message of more frames than allowed is dropped, its sender named, and the next one is read")
    func oversized() async throws {
        try await withPair((.router, .dealer)) { server, client in
            try await client.send(Array(repeating: [1, 2], count: 4))
            try await client.send(Array(repeating: [1, 2], count: 5))
            try await client.send(Array(repeating: [1, 2], count: 10_000))
            try await client.send([[3]])
            #expect(try await server.message().frames.count == 5)
            for count in [5, 10_000] {
                guard case .oversized(let userID, let frames, let bytes, _) = try await server.incoming.next() else {
                    Issue.record("\(count) frames were taken")
                    continue
                }
                #expect(userID == "peer")
                // The routing id counts as read, 5 bytes.
                #expect(frames == count + 1)
                #expect(bytes == 2 * count + 5)
            }
            #expect(try await server.message().frames.last == [3])
        }
    }

    @Test("empty frames and the largest come through; a byte more and the sender is cut off")
    func frameSize() async throws {
        var options = SocketOptions()
        options.maximumFrameSize = 100_000
        try await withPair((.router, .dealer), server: options) { server, client in
            try await client.send([[], []])
            #expect(try await server.message().frames.dropFirst() == [[], []])
            let largest = [UInt8](repeating: 7, count: options.maximumFrameSize)
            try await client.send([largest])
            #expect(try await server.message().frames.last == largest)
            try await client.send([largest + [7]])
            try await server.event(.disconnected)
            try await client.event(.handshakeSucceeded)
            try await client.send([[8]])
            #expect(try await server.message().frames.last == [8])
            #expect(server.incoming.all.count == 3)
        }
    }

    @Test("a turn reads no more messages than it may, and leaves the rest for the next")
    func budget() async throws {
        try await withThread { thread in
            let name = "inproc://budget-\(UInt64.random(in: .min ... .max))"
            try await thread.perform {
                let (left, right) = (try Socket(.pair, on: thread), try Socket(.pair, on: thread))
                try left.bind(name)
                try right.connect(name)
                for byte in 0..<100 as Range<UInt8> { try right.send([[byte]]) }
                var read: [UInt8] = []
                func take(_ incoming: Incoming) {
                    if case .message(let message) = incoming { read += message.frames[0] }
                }
                #expect(try left.receive(upTo: 30) { take($0) } == 30)
                #expect(try left.receive { take($0) } == 64)
                #expect(try left.receive { take($0) } == 6)
                #expect(try left.receive { take($0) } == 0)
                #expect(read == Array(0..<100))
                // The body may close the socket.
                try right.send([[1]])
                try right.send([[2]])
                #expect(try left.receive { _ in left.close() } == 1)
                #expect(throws: ZeroMQError(.closed, "")) { try left.receive() }
            }
        }
    }

    @Test("a publisher drops without a word what a slow subscriber doesn't take")
    func publisherDrops() async throws {
        var options = SocketOptions()
        options.sendHighWaterMark = 10
        options.receiveHighWaterMark = 10
        let count = 2_000
        try await withPair((.xpub, .sub), server: options, client: options, topic: [1], reads: (true, false)) {
            server,
            client in
            // Until the subscription has arrived nothing is sent.
            try await eventually("the subscription has arrived") {
                try await server.send([[1], []])
                return try await client.use { try $0.receive() } != nil
            }
            let payload = [UInt8](repeating: 9, count: 64 << 10)
            for _ in 0..<count { #expect(try await server.send([[1], payload]) == .sent) }
            try await client.read()
            // A mark that gets through once there is room again.
            var isMarked = false
            while !isMarked {
                try await server.send([[1], [0]])
                isMarked = client.incoming.all.contains {
                    if case .message(let message) = $0 { message.frames.last == [0] } else { false }
                }
            }
            let received = client.incoming.all.count {
                if case .message(let message) = $0 { message.frames.last?.count == payload.count } else { false }
            }
            #expect(received > 0)
            #expect(received < count)
        }
    }

    @Test("a subscription is a prefix: what begins like the topic arrives too, and must be compared")
    func prefix() async throws {
        try await withPair((.xpub, .sub), topic: Array("rhizome".utf8)) { server, client in
            var topics: Set<String> = []
            while topics.count < 2 {
                for topic in ["other", "rhizome", "rhizome-2", "rhizom"] {
                    try await server.send([Array(topic.utf8), [1]])
                }
                if let incoming = try? await client.incoming.next(within: .milliseconds(50)),
                    case .message(let message) = incoming
                {
                    topics.insert(String(decoding: message.frames[0], as: UTF8.self))
                }
            }
            #expect(topics == ["rhizome", "rhizome-2"])
        }
    }

    @Test("a dealer without a connection queues nothing")
    func immediate() async throws {
        try await withThread { thread in
            let keys = try TestKeys()
            let client = try await TestSocket.client(
                .dealer,
                on: thread,
                keys: keys,
                server: keys.publicKey,
                endpoint: "tcp://127.0.0.1:1"
            )
            #expect(try await client.send([[1]]) == .wouldBlock)
            #expect(try await client.send([[1], [2], [3]]) == .wouldBlock)
            try await client.events.next { if case .connectRetried = $0.kind { true } else { false } }
        }
    }

    @Test("a dealer that is full takes later messages whole, from their first frame")
    func wholeMessages() async throws {
        var options = SocketOptions()
        options.sendHighWaterMark = 2
        options.receiveHighWaterMark = 2
        try await withPair((.router, .dealer), server: options, client: options, reads: (false, true)) {
            server,
            client in
            let payload = [UInt8](repeating: 1, count: 256 << 10)
            var sent = 0
            while try await client.send([[UInt8(truncatingIfNeeded: sent)], payload]) == .sent { sent += 1 }
            try await server.read()
            for index in 0..<sent {
                let message = try await server.message()
                #expect(message.frames.dropFirst().map(\.count) == [1, payload.count])
                #expect(message.frames[1] == [UInt8(truncatingIfNeeded: index)])
            }
            #expect(try await client.send([[200], [201]]) == .sent)
            #expect(try await server.message().frames.dropFirst() == [[200], [201]])
        }
    }
}
