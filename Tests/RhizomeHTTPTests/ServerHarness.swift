import Locks
import Logging
import PrometheusMetrics
import RhizomeDatabase
import RhizomeIdentity
import RhizomeTesting
import ServiceLifecycle

@testable import RhizomeHTTP

/// A value that is given once and waited for.
private final class Promise<Value: Sendable>: Sendable {
    private let stream: AsyncStream<Value>
    private let continuation: AsyncStream<Value>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func give(_ value: Value?) {
        if let value { continuation.yield(value) }
        continuation.finish()
    }

    func value() async -> Value? {
        for await value in stream { return value }
        return nil
    }
}

/// The API on a real socket.
struct ServerHarness {
    let node: MemoryNode
    let port: Int
    private let group: ServiceGroup

    /// Runs a server on a free port while the test does its part.
    static func run<Result: Sendable>(
        limits: HTTPLimits = HTTPLimits(),
        node: MemoryNode? = nil,
        tokenPolicy: HTTPAPI.Configuration.TokenPolicy = .offLoopback,
        token: HTTPToken? = nil,
        logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        _ body: @escaping @Sendable (ServerHarness) async throws -> Result
    ) async throws -> Result {
        let registry = PrometheusRegistry(HTTPAPI.metricTable + Database.metricTable)
        let served: MemoryNode
        if let node { served = node } else { served = try await MemoryNode(metrics: registry) }
        let bound = Promise<HTTPAPI.Address>()
        let api = HTTPAPI(
            database: served.database,
            peers: served.peers,
            configuration: .init(port: 0, tokenPolicy: tokenPolicy, token: token, version: "1"),
            limits: limits,
            metrics: registry,
            logger: logger,
            onBound: { bound.give($0) }
        )
        let group = ServiceGroup(configuration: .init(services: [.init(service: api)], logger: logger))
        return try await withThrowingTaskGroup(of: Result?.self) { tasks in
            tasks.addTask {
                defer { bound.give(nil) }
                try await group.run()
                return nil
            }
            tasks.addTask {
                guard let address = await bound.value() else { throw CancellationError() }
                let result: Swift.Result<Result, any Error>
                do {
                    result = .success(try await body(ServerHarness(node: served, port: address.port, group: group)))
                } catch {
                    result = .failure(error)
                }
                await group.triggerGracefulShutdown()
                return try result.get()
            }
            var result: Result?
            for try await value in tasks { result = value ?? result }
            guard let result else { throw CancellationError() }
            return result
        }
    }

    /// Asks for a graceful shutdown.
    func stop() async { await group.triggerGracefulShutdown() }

    /// Asks for health on a connection of its own.
    func health() async throws -> Int {
        try await RawClient.connect(to: port) { client in
            try await client.get("/api/health", port: port)
            return try await client.readAnswer().status
        }
    }

    /// A number from `/metrics`; 0 where there is none of that name and labels.
    func metric(_ name: String) async throws -> Int {
        try await RawClient.connect(to: port) { client in
            try await client.get("/metrics", port: port)
            return Int(try await client.readAnswer().body.metric(name) ?? 0)
        }
    }

    /// Holds connections open while something else is done.
    func withClients(
        _ count: Int,
        prepare: @escaping @Sendable (inout RawClient) async throws -> Void,
        then: @escaping @Sendable () async throws -> Void
    ) async throws {
        guard count > 0 else { return try await then() }
        try await RawClient.connect(to: port, receiveBufferBytes: 4096) { client in
            try await prepare(&client)
            try await withClients(count - 1, prepare: prepare, then: then)
        }
    }
}

extension HTTPLimits {
    /// The defaults but for what the test is about.
    static func with(_ change: (inout HTTPLimits) -> Void) -> HTTPLimits {
        var limits = HTTPLimits()
        change(&limits)
        return limits
    }
}
