import DatabaseTesting
import Logging
import NIOCore
import RhizomeCore
import RhizomeDatabase
import RhizomeTesting
import Sodium
import Testing

@testable import RhizomeHTTP

/// That nobody holds the server up.
///
/// Deadlines are short here, and every wait is for the server's own doing.
@Suite(.timeLimit(.minutes(2))) struct ServerLimitsTests {
    private static func isTooSlow(_ answer: String, _ part: String) -> Bool {
        answer.hasPrefix("HTTP/1.1 408 ") && answer.contains("Connection: close")
            && answer.contains("the request's \(part) ")
    }

    private static func cut(_ server: ServerHarness, by reason: String) async throws -> Int {
        try await server.metric("rhizome_http_connections_cut_total{reason=\"\(reason)\"}")
    }

    @Test("Headers that drip are answered and cut off at the deadline, the first and later ones")
    func slowHeaders() async throws {
        let limits = HTTPLimits.with {
            // From the accept on: a busy machine takes a while until the first request is there.
            $0.header = .seconds(2)
            $0.idle = .seconds(2)
            $0.linger = .milliseconds(200)
        }
        try await ServerHarness.run(limits: limits) { server in
            try await RawClient.connect(to: server.port) { client in
                await client.drip("GET / HTTP/1.1\r\nX: ")
                let answer = await client.readToEnd()
                #expect(Self.isTooSlow(answer, "header"), "\(answer)")
            }
            try await RawClient.connect(to: server.port) { client in
                try await client.get("/api/health", port: server.port)
                #expect(try await client.readAnswer().status == 200)
                await client.drip("GET / HTTP/1.1\r\nX: ")
                let answer = await client.readToEnd()
                #expect(Self.isTooSlow(answer, "header"), "\(answer)")
            }
            // Once each, though they went on after it.
            #expect(try await Self.cut(server, by: "header") == 1)
            #expect(try await Self.cut(server, by: "idle") == 1)
            #expect(try await Self.cut(server, by: "linger") == 0)
        }
    }

    @Test("A body that drips is answered and cut off at the deadline, by length and by chunks")
    func slowBody() async throws {
        let limits = HTTPLimits.with {
            $0.body = .milliseconds(300)
            $0.linger = .milliseconds(200)
        }
        try await ServerHarness.run(limits: limits) { server in
            let head =
                "PUT /api/user/u1 HTTP/1.1\r\nHost: localhost:\(server.port)\r\nContent-Type: application/json\r\n"
            for rest in [
                "Content-Length: 1000000\r\n\r\n", "Content-Length: 1000000\r\nExpect: 100-continue\r\n\r\n",
                "Transfer-Encoding: chunked\r\n\r\n10000\r\n",
            ] {
                try await RawClient.connect(to: server.port) { client in
                    await client.drip(head + rest)
                    let answer = await client.readToEnd()
                    let final = answer.trimmingPrefix("HTTP/1.1 100 Continue\r\n\r\n")
                    #expect(Self.isTooSlow(String(final), "body"), "\(answer)")
                }
            }
            #expect(try await Self.cut(server, by: "body") == 3)
            #expect(try await Self.cut(server, by: "linger") == 0)
            #expect(try await server.metric("rhizome_http_requests_total{status=\"4xx\"}") == 3)
            #expect(try await server.node.memory.count() == 0)
        }
    }

    @Test("A body that never comes is answered at the deadline, and its client closes in peace")
    func silentBody() async throws {
        try await ServerHarness.run(limits: HTTPLimits.with { $0.body = .milliseconds(300) }) { server in
            let answer = try await RawClient.connect(to: server.port) { client in
                try await client.send(
                    "PUT /api/user/u1 HTTP/1.1\r\nHost: localhost:\(server.port)\r\n"
                        + "Content-Type: application/json\r\nContent-Length: 10\r\n\r\n{"
                )
                return await client.readToEnd()
            }
            #expect(Self.isTooSlow(answer, "body"), "\(answer)")
        }
    }

    @Test("A connection on which nothing comes is closed without a word")
    func silent() async throws {
        try await ServerHarness.run(limits: HTTPLimits.with { $0.header = .milliseconds(200) }) { server in
            try await RawClient.connect(to: server.port) { client in
                #expect(await client.readToEnd().isEmpty)
            }
        }
    }

    @Test("Whoever goes on after the last answer holds its connection for no longer than one who is silent")
    func afterTheLast() async throws {
        let limits = HTTPLimits.with { $0.linger = .milliseconds(300) }
        try await ServerHarness.run(limits: limits) { server in
            try await RawClient.connect(to: server.port) { client in
                try await client.get("/api/health", port: server.port, "Connection: close\r\n")
                try await client.get("/api/health", port: server.port)
                #expect(await client.readToEnd().split(separator: "HTTP/1.1 200 OK").count == 1)
                try await eventually("the connection is cut") { try await Self.cut(server, by: "linger") == 1 }
            }
        }
    }

    @Test("A connection that nothing comes on is closed when it has idled long enough")
    func idle() async throws {
        try await ServerHarness.run(limits: HTTPLimits.with { $0.idle = .milliseconds(100) }) { server in
            try await RawClient.connect(to: server.port) { client in
                try await client.get("/api/health", port: server.port)
                #expect(try await client.readAnswer().status == 200)
                #expect(await client.readToEnd().isEmpty)
            }
        }
    }

    @Test("A reader that stalls is cut off, and what it held is free")
    func stalledReader() async throws {
        let node = try await MemoryNode.full()
        try await ServerHarness.run(limits: HTTPLimits.with { $0.write = .milliseconds(300) }, node: node) { server in
            try await RawClient.connect(to: server.port, receiveBufferBytes: 4096) { client in
                try await client.get("/api/deltas", port: server.port)
                try await client.read(atLeast: 1)
                // Reads nothing until the server has cut the connection.
                while try await server.metric("rhizome_http_connections_cut_total{reason=\"write\"}") == 0 {}
                let isWhole = await client.readToEnd().hasSuffix("0\r\n\r\n")
                #expect(!isWhole)
            }
        }
    }

    @Test("A slow reader that does read gets its whole list")
    func slowReader() async throws {
        let node = try await MemoryNode.full()
        try await ServerHarness.run(limits: HTTPLimits.with { $0.write = .seconds(5) }, node: node) { server in
            let isWhole = try await RawClient.connect(to: server.port, receiveBufferBytes: 4096) { client in
                try await client.get("/api/deltas", port: server.port, "Connection: close\r\n")
                return await client.readToEnd().hasSuffix("]\n\r\n0\r\n\r\n")
            }
            #expect(isWhole)
        }
    }

    @Test("Silent connections up to the cap lock nobody out")
    func silentConnections() async throws {
        try await ServerHarness.run(limits: HTTPLimits.with { $0.connections = 4 }) { server in
            try await server.withClients(8) { client in
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
        let node = try await MemoryNode.full()
        try await ServerHarness.run(limits: HTTPLimits.with { $0.connections = 4 }, node: node) { server in
            try await server.withClients(4) { client in
                try await client.get("/api/deltas", port: server.port)
                try await client.read(atLeast: 1)
            } then: {
                for _ in 0..<5 {
                    let status = try await server.health()
                    #expect(status == 200)
                }
                let open = try await server.metric("rhizome_http_connections")
                #expect(open <= 4)
            }
        }
    }
}
