import Logging
import NIOCore
import PrometheusMetrics
import RhizomeDatabase
import RhizomeIdentity
import RhizomeTesting
import Sodium
import Testing

@testable import RhizomeHTTP

/// How the server starts and ends.
@Suite(.timeLimit(.minutes(2))) struct ServerLifecycleTests {
    @Test("A graceful shutdown takes seconds whatever readers do")
    func shutdown() async throws {
        let node = try await MemoryNode.full()
        let clock = ContinuousClock()
        let started = try await ServerHarness.run(node: node) { server in
            try await server.withClients(3) { client in
                try await client.get("/api/deltas", port: server.port)
                try await client.read(atLeast: 1)
            } then: {
                await server.stop()
            }
            return clock.now
        }
        #expect(clock.now - started < .seconds(10))
    }

    @Test("A graceful shutdown lets an answer end, and closes idle connections at once")
    func gracefulEnd() async throws {
        let node = try await MemoryNode.full()
        try await ServerHarness.run(limits: HTTPLimits.with { $0.shutdown = .seconds(60) }, node: node) { server in
            try await RawClient.connect(to: server.port) { idle in
                try await idle.get("/api/health", port: server.port)
                _ = try await idle.readAnswer()
                try await RawClient.connect(to: server.port) { client in
                    try await client.get("/api/deltas", port: server.port)
                    try await client.read(atLeast: 1)
                    await server.stop()
                    let isWhole = await client.readToEnd().hasSuffix("]\n\r\n0\r\n\r\n")
                    #expect(isWhole)
                }
                let rest = await idle.readToEnd()
                #expect(rest.isEmpty)
            }
        }
    }

    @Test("With the policy always, requests on loopback need the token too")
    func token() async throws {
        let token = HTTPToken(try .random(count: 8))
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

    @Test("A port that is taken, and an address that isn't this machine's, end the start")
    func badAddress() async throws {
        try await ServerHarness.run { server in
            let node = try await MemoryNode()
            for (address, port) in [("127.0.0.1", UInt16(server.port)), ("203.0.113.9", 0), ("300.1.1.1.invalid:", 0)] {
                let api = HTTPAPI(
                    database: node.database,
                    peers: node.peers,
                    configuration: .init(address: address, port: port, token: nil, version: "1"),
                    limits: HTTPLimits(),
                    metrics: PrometheusRegistry(HTTPAPI.metricTable),
                    logger: .init(label: "test") { _ in SwiftLogNoOpLogHandler() },
                    onBound: { _ in }
                )
                await #expect(throws: HTTPAPIError(.address, "")) { try await api.run() }
            }
        }
    }
}
