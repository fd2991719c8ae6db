import Logging
import NIOCore
import RhizomeTesting
import Sodium
import Testing

@testable import RhizomeHTTP

/// What only a real socket shows.
///
/// Deadlines are short here, and every wait is for the server's own doing.
@Suite(.timeLimit(.minutes(2))) struct ServerTests {
    private static func limits(_ change: (inout HTTPLimits) -> Void) -> HTTPLimits {
        var limits = HTTPLimits()
        change(&limits)
        return limits
    }

    /// More than the sockets' buffers take.
    private static func fullNode(deltas: Int = 20) async throws -> MemoryNode {
        let node = try MemoryNode()
        try await node.fill(deltas: deltas, bytes: 200_000)
        return node
    }

    @Test("Requests on one connection are answered one after the other")
    func keepAlive() async throws {
        try await ServerHarness.run { server in
            try await RawClient.connect(to: server.port) { client in
                try await client.get("/api/health", port: server.port)
                #expect(try await client.readAnswer().status == 200)
                // Two at once.
                try await client.get("/nothing", port: server.port)
                try await client.get("/api/deltas/count", port: server.port)
                let missing = try await client.readAnswer()
                #expect(missing.status == 404)
                #expect(missing.body == "{\"error\":\"Not Found\"}")
                #expect(missing.head.contains("X-Content-Type-Options: nosniff"))
                #expect(try await client.readAnswer().body == "0")
                try await client.get("/api/health", port: server.port, "Connection: close\r\n")
                #expect(try await client.readAnswer().status == 200)
                #expect(await client.readToEnd().isEmpty)
            }
        }
    }

    @Test("A PUT in pieces, by length and by chunks, is one request")
    func bodies() async throws {
        try await ServerHarness.run { server in
            try await RawClient.connect(to: server.port) { client in
                let head =
                    "PUT /api/user/u1 HTTP/1.1\r\nHost: localhost:\(server.port)\r\nContent-Type: application/json\r\n"
                for byte in (head + "Content-Length: 7\r\n\r\n{\"n\":1}").utf8 { try await client.send([byte]) }
                #expect(try await client.readAnswer().body == "{\"id\":\"u1\",\"properties\":{\"n\":1}}")
                try await client.send(head + "Transfer-Encoding: chunked\r\n\r\n3\r\n{\"n\r\n4\r\n\":2}\r\n0\r\n\r\n")
                #expect(try await client.readAnswer().body == "{\"id\":\"u1\",\"properties\":{\"n\":2}}")
                try await client.send(head + "Content-Length: 7\r\nExpect: 100-continue\r\n\r\n")
                #expect(try await client.readAnswer().status == 100)
                try await client.send("{\"n\":3}")
                #expect(try await client.readAnswer().body == "{\"id\":\"u1\",\"properties\":{\"n\":3}}")
            }
        }
    }

    @Test("A peer that closes its side still gets its whole answer")
    func halfClosed() async throws {
        let node = try await Self.fullNode()
        try await ServerHarness.run(node: node) { server in
            let answer = try await RawClient.connect(to: server.port) { client in
                try await client.get("/api/deltas", port: server.port)
                client.finish()
                return await client.readToEnd()
            }
            let isWhole = answer.utf8.count > 4_000_000 && answer.hasSuffix("]\r\n0\r\n\r\n")
            #expect(isWhole)
        }
    }

    @Test("HEAD answers as GET does, without a body, streamed lists too")
    func head() async throws {
        try await ServerHarness.run { server in
            let answer = try await RawClient.connect(to: server.port) { client in
                try await client.send("HEAD /api/health HTTP/1.1\r\nHost: localhost:\(server.port)\r\n\r\n")
                try await client.send("HEAD /api/deltas HTTP/1.1\r\nHost: localhost:\(server.port)\r\n\r\n")
                return await client.readToEnd()
            }
            #expect(answer.split(separator: "HTTP/1.1 200 OK").count == 2)
            #expect(answer.hasSuffix("\r\n\r\n"))
            #expect(!answer.contains("{"))
        }
    }

    @Test("HTTP/1.0 gets a list without chunks, ended by the close")
    func http10() async throws {
        try await ServerHarness.run { server in
            try await server.node.fill(deltas: 3, bytes: 1)
            let answer = try await RawClient.connect(to: server.port) { client in
                try await client.send("GET /api/delta/ids HTTP/1.0\r\nHost: localhost:\(server.port)\r\n\r\n")
                return await client.readToEnd()
            }
            #expect(answer.hasPrefix("HTTP/1.0 200 OK"))
            #expect(!answer.lowercased().contains("chunked"))
            #expect(answer.hasSuffix("\"]}"))
        }
    }

    /// A request that no program should send.
    struct Malformed: CustomTestStringConvertible {
        let testDescription: String
        let request: String
        var status = 400

        static let all = [
            Malformed(
                testDescription: "two ways to end the body",
                request: "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
            ),
            Malformed(
                testDescription: "two lengths",
                request: "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n"
            ),
            Malformed(testDescription: "space in a name", request: "GET / HTTP/1.1\r\nHost : localhost\r\n\r\n"),
            Malformed(testDescription: "TLS", request: "\u{16}\u{3}\u{1}\r\n\r\n"),
            Malformed(
                testDescription: "a large field",
                request: "GET / HTTP/1.1\r\nX: \(String(repeating: "x", count: 20_000))\r\n\r\n",
                status: 431
            ),
            Malformed(
                testDescription: "a large target",
                request: "GET /\(String(repeating: "x", count: 40_000)) HTTP/1.1\r\n\r\n",
                status: 431
            ),
            Malformed(
                testDescription: "many fields",
                request: "GET / HTTP/1.1\r\n\(String(repeating: "X: y\r\n", count: 101))\r\n",
                status: 431
            ),
        ]
    }

    @Test("What isn't HTTP/1.1 as it should be is refused in JSON, and the connection closed", arguments: Malformed.all)
    func malformed(_ malformed: Malformed) async throws {
        try await ServerHarness.run { server in
            let answer = try await RawClient.connect(to: server.port) { client in
                try await client.send(malformed.request)
                return await client.readToEnd()
            }
            #expect(answer.hasPrefix("HTTP/1.1 \(malformed.status) "))
            #expect(answer.contains("{\"error\":"))
            #expect(answer.contains("Connection: close"))
        }
    }

    @Test("An offer to change the protocol is passed over: an answer, and the connection is closed")
    func upgrade() async throws {
        try await ServerHarness.run { server in
            let offer = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
            let host = "Host: localhost:\(server.port)\r\n"
            let health = try await RawClient.connect(to: server.port) { client in
                try await client.get("/api/health", port: server.port, offer)
                return await client.readToEnd()
            }
            #expect(health.hasPrefix("HTTP/1.1 200 "))
            let put = try await RawClient.connect(to: server.port) { client in
                let fields = host + offer + "Content-Type: application/json\r\nContent-Length: 7\r\n"
                try await client.send("PUT /api/user/u1 HTTP/1.1\r\n\(fields)\r\n{\"n\":1}")
                return await client.readToEnd()
            }
            #expect(put.hasPrefix("HTTP/1.1 200 "))
            let connect = try await RawClient.connect(to: server.port) { client in
                try await client.send("CONNECT localhost:\(server.port) HTTP/1.1\r\n\(host)\r\n")
                return await client.readToEnd()
            }
            #expect(connect.hasPrefix("HTTP/1.1 400 "))
        }
    }

    @Test(
        "A body beyond the limit gets 413 before it is read",
        arguments: [
            ("PUT /api/user/u1", "application/json", 2 * 1024 * 1024 + 1),
            ("POST /api/deltas", "application/cbor", 264 * 1024 + 1), ("POST /api/deltas", "application/cbor", Int.max),
        ]
    )
    func tooLarge(_ line: String, _ type: String, _ count: Int) async throws {
        try await ServerHarness.run { server in
            let head = "\(line) HTTP/1.1\r\nHost: localhost:\(server.port)\r\nContent-Type: \(type)\r\n"
            let declared = try await RawClient.connect(to: server.port) { client in
                try await client.send(head + "Content-Length: \(count)\r\n\r\n")
                return await client.readToEnd()
            }
            #expect(declared.hasPrefix("HTTP/1.1 413 "))
            #expect(declared.contains("\"limitBytes\":"))
            guard count < Int.max else { return }
            let chunked = try await RawClient.connect(to: server.port) { client in
                try await client.send(head + "Transfer-Encoding: chunked\r\n\r\n")
                for _ in 0...(count / 65_536) {
                    try await client.send("10000\r\n" + String(repeating: " ", count: 65_536) + "\r\n")
                }
                return await client.readToEnd()
            }
            #expect(chunked.hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test("A guard refuses before the body is read")
    func refusedBody() async throws {
        try await ServerHarness.run { server in
            let answer = try await RawClient.connect(to: server.port) { client in
                try await client.send("PUT /api/user/u1 HTTP/1.1\r\nHost: evil.com\r\nContent-Length: 1000000\r\n\r\n")
                return await client.readToEnd()
            }
            #expect(answer.hasPrefix("HTTP/1.1 403 "))
            #expect(answer.contains("Connection: close"))
        }
    }

    @Test("Headers that drip are cut off at the deadline")
    func slowHeaders() async throws {
        try await ServerHarness.run(limits: Self.limits { $0.header = .milliseconds(300) }) { server in
            try await RawClient.connect(to: server.port) { client in
                await Self.drip("GET / HTTP/1.1\r\nX: ", to: client)
                #expect(await client.readToEnd().isEmpty)
            }
        }
    }

    @Test("A body that drips is cut off at the deadline")
    func slowBody() async throws {
        try await ServerHarness.run(limits: Self.limits { $0.body = .milliseconds(300) }) { server in
            try await RawClient.connect(to: server.port) { client in
                let head =
                    "PUT /api/user/u1 HTTP/1.1\r\nHost: localhost:\(server.port)\r\nContent-Type: application/json\r\n"
                await Self.drip(head + "Content-Length: 1000000\r\n\r\n", to: client)
                #expect(await client.readToEnd().isEmpty)
            }
        }
    }

    /// Sends byte after byte until the server has had enough.
    private static func drip(_ start: String, to client: RawClient) async {
        do {
            try await client.send(start)
            while true {
                try await client.send("x")
                // Not a wait for anything: it is the drip.
                try await Task.sleep(for: .milliseconds(10))
            }
        } catch {
            // The server has cut the connection.
        }
    }

    @Test("A connection that nothing comes on is closed when it has idled long enough")
    func idle() async throws {
        try await ServerHarness.run(limits: Self.limits { $0.idle = .milliseconds(100) }) { server in
            try await RawClient.connect(to: server.port) { client in
                try await client.get("/api/health", port: server.port)
                #expect(try await client.readAnswer().status == 200)
                #expect(await client.readToEnd().isEmpty)
            }
        }
    }

    @Test("A reader that stalls is cut off, and what it held is free")
    func stalledReader() async throws {
        let node = try await Self.fullNode()
        try await ServerHarness.run(limits: Self.limits { $0.write = .milliseconds(300) }, node: node) { server in
            try await RawClient.connect(to: server.port, receiveBufferBytes: 4096) { client in
                try await client.get("/api/deltas", port: server.port)
                try await client.read(atLeast: 1)
                // Reads nothing until the server has cut the connection.
                while try await Self.metric("rhizome_http_connections_cut_total{reason=\"write\"}", server) == 0 {}
                let isWhole = await client.readToEnd().hasSuffix("0\r\n\r\n")
                #expect(!isWhole)
            }
        }
    }

    private static func metric(_ name: String, _ server: ServerHarness) async throws -> Int {
        try await RawClient.connect(to: server.port) { client in
            try await client.get("/metrics", port: server.port)
            let lines = try await client.readAnswer().body.split(separator: "\n")
            return lines.first { $0.hasPrefix(name + " ") }.flatMap { Int($0.dropFirst(name.count + 1)) } ?? 0
        }
    }

    @Test("A slow reader that does read gets its whole list")
    func slowReader() async throws {
        let node = try await Self.fullNode()
        try await ServerHarness.run(limits: Self.limits { $0.write = .seconds(5) }, node: node) { server in
            let isWhole = try await RawClient.connect(to: server.port, receiveBufferBytes: 4096) { client in
                try await client.get("/api/deltas", port: server.port, "Connection: close\r\n")
                return await client.readToEnd().hasSuffix("]\r\n0\r\n\r\n")
            }
            #expect(isWhole)
        }
    }

    @Test("Silent connections up to the cap lock nobody out")
    func silentConnections() async throws {
        try await ServerHarness.run(limits: Self.limits { $0.connections = 4 }) { server in
            try await Self.withClients(8, server) { client in
                try await client.send("GET / HTTP/1.1\r\n")
            } then: {
                for _ in 0..<5 {
                    let status = try await server.health()
                    #expect(status == 200)
                }
            }
        }
    }

    @Test("Stalled readers up to the cap lock nobody out")
    func stalledReaders() async throws {
        let node = try await Self.fullNode()
        try await ServerHarness.run(limits: Self.limits { $0.connections = 4 }, node: node) { server in
            try await Self.withClients(4, server) { client in
                try await client.get("/api/deltas", port: server.port)
                try await client.read(atLeast: 1)
            } then: {
                for _ in 0..<5 {
                    let status = try await server.health()
                    #expect(status == 200)
                }
                let open = try await Self.metric("rhizome_http_connections", server)
                #expect(open <= 4)
            }
        }
    }

    /// Holds connections open while something else is done.
    private static func withClients(
        _ count: Int,
        _ server: ServerHarness,
        prepare: @escaping @Sendable (inout RawClient) async throws -> Void,
        then: @escaping @Sendable () async throws -> Void
    ) async throws {
        guard count > 0 else { return try await then() }
        try await RawClient.connect(to: server.port, receiveBufferBytes: 4096) { client in
            try await prepare(&client)
            try await withClients(count - 1, server, prepare: prepare, then: then)
        }
    }

    @Test("Requests leave nothing of what they hold in the log, and no line at info")
    func logs() async throws {
        let records = LogRecords()
        let token = BearerToken(try .random(count: 8))
        try await ServerHarness.run(tokenPolicy: .always, token: token, logger: records.logger) { server in
            let before = records.records.count { $0.level >= .info }
            try await RawClient.connect(to: server.port) { client in
                for method in ["GET", "PUT", "PURPLE"] {
                    try await client.send(
                        "\(method) /api/mauve/green?brown HTTP/1.1\r\nHost: localhost:\(server.port)\r\n"
                    )
                    try await client.send("Content-Type: application/json\r\nAuthorization: Bearer yellow\r\n\r\n")
                    _ = try await client.readAnswer()
                }
            }
            #expect(records.records.count { $0.level >= .info } == before)
            for secret in ["mauve", "green", "brown", "yellow", "PURPLE"] {
                #expect(!records.records.contains { $0.text.contains(secret) })
            }
            #expect(records.records.contains { $0.text.contains("answered") })
        }
    }

    @Test("A graceful shutdown takes under 3 s whatever readers do")
    func shutdown() async throws {
        let node = try await Self.fullNode()
        let clock = ContinuousClock()
        let started = try await ServerHarness.run(node: node) { server in
            try await Self.withClients(3, server) { client in
                try await client.get("/api/deltas", port: server.port)
                try await client.read(atLeast: 1)
            } then: {
                await server.stop()
            }
            return clock.now
        }
        #expect(clock.now - started < .seconds(3))
    }

    @Test("A graceful shutdown lets an answer end, and closes idle connections at once")
    func gracefulEnd() async throws {
        let node = try await Self.fullNode()
        try await ServerHarness.run(limits: Self.limits { $0.shutdown = .seconds(60) }, node: node) { server in
            try await RawClient.connect(to: server.port) { idle in
                try await idle.get("/api/health", port: server.port)
                _ = try await idle.readAnswer()
                try await RawClient.connect(to: server.port) { client in
                    try await client.get("/api/deltas", port: server.port)
                    try await client.read(atLeast: 1)
                    await server.stop()
                    let isWhole = await client.readToEnd().hasSuffix("]\r\n0\r\n\r\n")
                    #expect(isWhole)
                }
                let rest = await idle.readToEnd()
                #expect(rest.isEmpty)
            }
        }
    }

    @Test("With the policy always, requests on loopback need the token too")
    func token() async throws {
        let token = BearerToken(try .random(count: 8))
        try await ServerHarness.run(tokenPolicy: .always, token: token) { server in
            let status = try await server.health()
            #expect(status == 401)
        }
    }

    @Test("Without a token the API doesn't start where requests need one")
    func missingToken() async throws {
        await #expect(throws: HTTPAPIError(.token, "")) {
            try await ServerHarness.run(tokenPolicy: .always) { _ in }
        }
    }

    @Test("A port that is taken ends the start, naming the settings")
    func takenPort() async throws {
        try await ServerHarness.run { server in
            let api = HTTPAPI(
                service: try MemoryNode(),
                configuration: .init(port: UInt16(server.port), token: nil, version: "1"),
                limits: HTTPLimits(),
                logger: .init(label: "test") { _ in SwiftLogNoOpLogHandler() },
                onBound: { _ in }
            )
            await #expect(throws: HTTPAPIError(.address, "")) { try await api.run() }
        }
    }
}
