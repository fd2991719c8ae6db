import Logging
import NIOCore
import RhizomeTesting
import Sodium
import Testing

@testable import RhizomeHTTP

/// That nobody holds the server up.
///
/// Deadlines are short here, and every wait is for the server's own doing.
@Suite(.timeLimit(.minutes(2))) struct ServerLimitsTests {
    @Test("Headers that drip are cut off at the deadline")
    func slowHeaders() async throws {
        try await ServerHarness.run(limits: HTTPLimits.with { $0.header = .milliseconds(300) }) { server in
            try await RawClient.connect(to: server.port) { client in
                await client.drip("GET / HTTP/1.1\r\nX: ")
                #expect(await client.readToEnd().isEmpty)
            }
        }
    }

    @Test("A body that drips is cut off at the deadline")
    func slowBody() async throws {
        try await ServerHarness.run(limits: HTTPLimits.with { $0.body = .milliseconds(300) }) { server in
            try await RawClient.connect(to: server.port) { client in
                let head =
                    "PUT /api/user/u1 HTTP/1.1\r\nHost: localhost:\(server.port)\r\nContent-Type: application/json\r\n"
                await client.drip(head + "Content-Length: 1000000\r\n\r\n")
                #expect(await client.readToEnd().isEmpty)
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
