public import CoreMetrics
internal import Glibc
internal import Locks
public import Logging
internal import ProcessLimits
public import PrometheusMetrics
public import RhizomeCore
public import RhizomeDatabase
public import RhizomeIdentity
public import RhizomePeering
internal import Sodium

/// A running node: a database, and what goes on between it and its peers.
///
/// `init` loads the trusted-peer list and binds; ``run()`` does the rest until its task is cancelled.
public final class Node: Sendable {
    /// What the node holds, and how it is read and written.
    public let database: Database
    /// Its peers, and where they find it.
    public let network: PeerNetwork

    private let journal: TrustJournal
    private let writer: TrustWriter
    private let follows: Bool
    private let loadedTrust: TrustJournal.Loaded
    private let hasRun = Lock(false)

    /// The table of what a node counts and measures: unit and meaning of each.
    public static let metricTable: [MetricDefinition] = Database.metricTable + PeerNetwork.metricTable

    /// Sees to it that the process may have as many descriptors as a node needs, and 32 more for its connections.
    ///
    /// To be called before the store is opened, which takes some of them; `init` does so as well.
    ///
    /// - Throws: ``NodeError`` `descriptors`.
    public static func requireDescriptors() throws(NodeError) {
        // Measured: about 50, and 3 more for each processor; as many as 32 are kept free (``DescriptorLimit``).
        let needed = 100 + 4 * sysconf(Int32(_SC_NPROCESSORS_ONLN))
        let limit = DescriptorLimit.raise()
        guard limit < needed else { return }
        throw NodeError(
            .descriptors,
            "a process may have \(limit) open files here (RLIMIT_NOFILE), and a node needs \(needed), and about 10 more for "
                + "each peer; raise the hard limit (ulimit -Hn \(max(1_024, 2 * needed)), or LimitNOFILE= of a systemd service)"
        )
    }

    /// Starts libsodium and loads the list, then binds both sockets.
    ///
    /// - Parameters:
    ///   - identity: who writes here.
    ///   - home: where the trusted-peer list is.
    ///   - log: opened, and used by nobody else for writing.
    ///   - onProgress: told how far fetching from a peer has come, ten times a second at most where it takes longer than
    ///     one; must not wait.
    ///   - metricsFactory: makes what the node counts by; it knows ``metricTable``.
    /// - Throws: ``NodeError`` `address` and `descriptors`; what
    ///   ``TrustJournal/loadWitnessed(isWitnessNeeded:patience:)`` and the log throw.
    public init(
        configuration: NodeConfiguration,
        identity: Identity,
        home: Home,
        log: any DeltaLog,
        clock: NodeClock = .system,
        metricsFactory: any MetricsFactory,
        onProgress: @escaping @Sendable (CatchUpProgress) -> Void = { _ in },
        logger: Logger
    ) async throws {
        try SodiumLibrary.initialize()
        try Self.requireDescriptors()
        journal = TrustJournal(home: home, owner: identity.publicKey)
        loadedTrust = try journal.loadWitnessed(isWitnessNeeded: try await log.count() > 0)
        if loadedTrust.wasRepaired { logger.warning("trust.journal ended in a torn write, which was taken away") }
        try journal.recordSeen(loadedTrust.list)
        let mail = PeeringMail(owner: identity.publicKey, clock: clock)
        database = try await Database(
            signer: identity,
            trust: loadedTrust.list,
            log: log,
            clock: clock,
            version: configuration.version,
            metricsFactory: metricsFactory,
            observer: mail,
            logger: logger
        )
        writer = TrustWriter(
            owner: identity,
            journal: journal,
            trust: database.trustInForce,
            clock: clock
        )
        follows = configuration.follows
        network = try await PeerNetwork(
            configuration: configuration,
            identity: identity,
            home: home,
            writer: writer,
            database: database,
            mail: mail,
            metricsFactory: metricsFactory,
            onProgress: onProgress,
            logger: logger
        )
    }

    /// Serves, connects and catches up until the task is cancelled; then closes all sockets, within 2 s.
    ///
    /// A node runs once: running it again traps.
    public func run() async {
        let isAgain = hasRun.withLock { hasRun in
            defer { hasRun = true }
            return hasRun
        }
        precondition(!isAgain, "a node runs once")
        async let watching: Void = database.run(
            watching: journal,
            from: loadedTrust,
            following: follows ? writer : nil,
            onTrustChange: { [network] change in await network.trustChanged(change) }
        )
        await network.run()
        await watching
    }
}
