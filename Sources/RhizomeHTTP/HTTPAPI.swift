internal import HomeFiles
internal import HummingbirdCore
internal import Locks
public import Logging
internal import NIOCore
internal import NIOPosix
internal import ProcessLimits
public import PrometheusMetrics
public import RhizomeDatabase
public import RhizomeIdentity
public import ServiceLifecycle

/// The HTTP API of a node (spec: http.md): a service that answers until it is told to stop.
///
/// Nothing but its own sockets is its own: what it shows and writes goes through the database.
public struct HTTPAPI: Service {
    /// A value of `Host` that means this server.
    public struct Host: Hashable, Sendable {
        /// A name or a numeric address, IPv6 without brackets.
        public let name: String
        /// The port that goes with it; any where `nil`.
        public let port: UInt16?

        /// A host.
        public init(_ name: String, port: UInt16? = nil) {
            self.name = name
            self.port = port
        }
    }

    /// How the API is reached: `RHIZOME_HTTP_API_…` (spec: cli.md).
    public struct Configuration: Sendable {
        /// Whose requests need the token (`RHIZOME_HTTP_API_TOKEN`; spec: http.md, last paragraph).
        public enum TokenPolicy: String, CaseIterable, Sendable {
            /// All but those that the node's own user and root send from this machine.
            case otherUsers = "other-users"
            /// Those from another machine.
            case offLoopback = "off-loopback"
            /// All.
            case always

            func needsToken(_ peer: ConnectionPeer) -> Bool {
                switch (self, peer) {
                case (.otherUsers, .ownUser), (.offLoopback, .ownUser), (.offLoopback, .otherUser): false
                case (.otherUsers, _), (.offLoopback, .elsewhere), (.always, _): true
                }
            }
        }

        /// A numeric address, a name that is resolved, or `*` for all addresses of IPv4.
        public var address: String
        /// 0 for any free port.
        public var port: UInt16
        /// Further values of `Host` that mean this server (`RHIZOME_HTTP_API_HOSTS`).
        public var hosts: [Host]
        /// Whose requests need the token.
        public var tokenPolicy: TokenPolicy
        /// The content of `http.token`; without it the API starts only on loopback, and not where all requests need it.
        public var token: HTTPToken?
        /// The software's version, for health.
        public var version: String
        /// The summary that the last audit of the store left, as JSON; none where there was none.
        public var lastAudit: @Sendable () throws -> [UInt8]?

        /// A configuration.
        public init(
            address: String = "127.0.0.1",
            port: UInt16 = 3000,
            hosts: [Host] = [],
            tokenPolicy: TokenPolicy = .otherUsers,
            token: HTTPToken?,
            version: String,
            lastAudit: @escaping @Sendable () throws -> [UInt8]? = { nil }
        ) {
            self.address = address
            self.port = port
            self.hosts = hosts
            self.tokenPolicy = tokenPolicy
            self.token = token
            self.version = version
            self.lastAudit = lastAudit
        }
    }

    /// Where the API listens.
    public struct Address: Hashable, Sendable, CustomStringConvertible {
        /// The numeric address.
        public let host: String
        /// The port, never 0.
        public let port: Int

        /// `host:port`, IPv6 in brackets.
        public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

        /// Whether only this machine reaches it.
        var isLoopback: Bool { host == "::1" || host.hasPrefix("127.") }
    }

    private let database: Database
    private let peers: any PeerReporting
    private let configuration: Configuration
    private let limits: HTTPLimits
    private let metrics: PrometheusRegistry
    private let logger: Logger
    private let isReady: @Sendable () -> Bool
    private let onBound: @Sendable (Address) async throws -> Void

    /// The API of a node.
    ///
    /// - Parameters:
    ///   - peers: what is told of the node's peers.
    ///   - metrics: shown under `/metrics`; it knows ``metricTable`` and the node's.
    ///   - isReady: while it says no, all requests are answered with 503 `starting`.
    ///   - onBound: told once where the API listens, before the first request is taken up: requests wait until it
    ///     returns. What it throws ends the service.
    public init(
        database: Database,
        peers: any PeerReporting,
        configuration: Configuration,
        metrics: PrometheusRegistry,
        logger: Logger,
        isReady: @escaping @Sendable () -> Bool = { true },
        onBound: @escaping @Sendable (Address) async throws -> Void = { _ in }
    ) {
        self.init(
            database: database,
            peers: peers,
            configuration: configuration,
            limits: HTTPLimits(),
            metrics: metrics,
            logger: logger,
            isReady: isReady,
            onBound: onBound
        )
    }

    init(
        database: Database,
        peers: any PeerReporting,
        configuration: Configuration,
        limits: HTTPLimits,
        metrics: PrometheusRegistry,
        logger: Logger,
        isReady: @escaping @Sendable () -> Bool = { true },
        onBound: @escaping @Sendable (Address) async throws -> Void
    ) {
        self.database = database
        self.peers = peers
        self.configuration = configuration
        self.limits = limits
        self.metrics = metrics
        self.logger = logger
        self.isReady = isReady
        self.onBound = onBound
    }

    /// Listens and answers until the task is cancelled or a graceful shutdown is asked for.
    ///
    /// Then requests that are being answered get 1 s more, stalled readers too; what is left is cut.
    ///
    /// - Throws: ``HTTPAPIError``, and what `onBound` throws.
    @concurrent public func run() async throws {
        let counted = HTTPMetrics(metrics)
        let registry = ConnectionRegistry(
            limit: min(limits.connections, DescriptorLimit.current / 4),
            metrics: counted
        )
        let opening = Opening()
        let api = APIResponder(
            database: database,
            peers: peers,
            version: configuration.version,
            lastAudit: configuration.lastAudit,
            logger: logger,
            requestGuard: { [isReady] in isReady() ? opening.requestGuard : nil },
            metrics: counted,
            registry: metrics,
            measure: { counted.open(registry.count) }
        )
        let server = Server(
            childChannelSetup: APIChannel(api: api, limits: limits, registry: registry),
            configuration: ServerConfiguration(
                address: .hostname(
                    configuration.address == "*" ? "0.0.0.0" : configuration.address,
                    port: Int(configuration.port)
                ),
                backlog: 1024
            ),
            onServerRunning: { channel in await opened(channel, opening) },
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: logger
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    try await server.run()
                } catch is CancellationError {
                    // Stopped before it listened.
                } catch {
                    // Hummingbird's server throws what it can't listen for, and nothing else.
                    throw HTTPAPIError.address(configuration, error)
                }
            }
            group.addTask {
                await stopped()
                registry.closeAll()
            }
            // Whichever ends first: what still computes an answer that nobody will get is cancelled too.
            _ = try await group.next()
            group.cancelAll()
            try await group.waitForAll()
        }
        if let failure = opening.failure { throw failure }
    }

    /// Returns when what is left has to be cut.
    private func stopped() async {
        do {
            try await gracefulShutdown()
            try await Task.sleep(for: .nanoseconds(limits.shutdown.nanoseconds))
        } catch {
            // Cancelled: at once.
        }
    }

    private func opened(_ channel: any Channel, _ opening: Opening) async {
        do {
            guard let local = channel.localAddress, let host = local.ipAddress, let port = local.port.map(UInt16.init)
            else {
                throw HTTPAPIError(.address, "the HTTP API's socket has no address; start it again")
            }
            let address = Address(host: host, port: Int(port))
            if configuration.token == nil, configuration.tokenPolicy == .always || !address.isLoopback {
                throw HTTPAPIError(
                    .token,
                    "requests need a token here, and http.token couldn't be read or made in the home folder"
                )
            }
            try await onBound(address)
            opening.succeed(
                RequestGuard(
                    hosts: AllowedHosts(port: port, bound: [configuration.address, host], extra: configuration.hosts),
                    tokenPolicy: configuration.tokenPolicy,
                    token: configuration.token
                )
            )
        } catch {
            opening.fail(error)
            channel.close(promise: nil)
        }
    }
}

/// What is known only once the server listens.
private final class Opening: Sendable {
    private let state = Lock<Result<RequestGuard, any Error>?>(nil)

    func succeed(_ guard: RequestGuard) { state.withLock { $0 = .success(`guard`) } }

    func fail(_ error: any Error) { state.withLock { $0 = .failure(error) } }

    var requestGuard: RequestGuard? {
        state.withLock { if case .success(let value) = $0 { value } else { nil } }
    }

    var failure: (any Error)? {
        state.withLock { if case .failure(let error) = $0 { error } else { nil } }
    }
}
