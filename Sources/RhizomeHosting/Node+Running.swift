public import CoreMetrics
public import Logging
public import RhizomeIdentity
public import RhizomeNode
public import RhizomePeering
internal import RhizomeStore

extension Node {
    /// Opens a home's store and runs its node in this process for the time of `body`; then closes both, within 2 s.
    ///
    ///     let home = try Home.open("/srv/rhizome")
    ///     let identity = try home.identity()
    ///     try await Node.running(home: home, identity: identity) { node in
    ///         print("peers find this node at \(node.network.requestAddress)")
    ///     }
    ///
    /// A home has one node at a time. Cancelling the task cancels `body`.
    ///
    /// - Parameters:
    ///   - home: has the trusted-peer list, and the store in its folder `data`.
    ///   - identity: of this home.
    ///   - configuration: where to listen and how to be called, 127.0.0.1 and ports 4000 and 4001 by default.
    ///   - metricsFactory: makes what the node counts by; it knows ``Node/metricTable``. Nothing is counted by default.
    ///   - onProgress: told how far fetching from a peer has come; must not wait.
    /// - Returns: what `body` returns, once everything is closed.
    /// - Throws: what `body` throws; ``DeltaLogError`` `locked` where another process runs this home's node; what
    ///   ``Node/init(configuration:identity:home:log:clock:metricsFactory:onProgress:logger:)`` throws.
    public static func running<Result: Sendable>(
        home: Home,
        identity: Identity,
        configuration: NodeConfiguration? = nil,
        metricsFactory: any MetricsFactory = NOOPMetricsHandler.instance,
        onProgress: @escaping @Sendable (CatchUpProgress) -> Void = { _ in },
        logger: Logger = Logger(label: "rhizome"),
        _ body: (Node) async throws -> Result
    ) async throws -> Result {
        // Nodes must agree on which signatures are valid: another rule than the pinned one splits the network.
        try VerificationSelfTest.run()
        try requireDescriptors()
        let configuration = configuration ?? NodeConfiguration(identity: identity.publicKey)
        let log = try SQLiteDeltaLog.open(home: home, version: configuration.version, logger: logger)
        let result: Result
        do {
            try await log.openReaders()
            let node = try await Node(
                configuration: configuration,
                identity: identity,
                home: home,
                log: log,
                metricsFactory: metricsFactory,
                onProgress: onProgress,
                logger: logger
            )
            result = try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await node.run() }
                // The node runs until then, also where `body` throws: a group that is left by an error is cancelled.
                let result = try await body(node)
                group.cancelAll()
                return result
            }
        } catch {
            try? log.close()
            throw error
        }
        try log.close()
        return result
    }
}
