import ArgumentParser
import Bytes
import CommandSupport
import Dispatch
import Glibc
import Logging
import PrometheusMetrics
import RhizomeDatabase
import RhizomeHTTP
import RhizomeHosting
import RhizomeIdentity
import RhizomeNode
import RhizomePeering
import ServiceLifecycle
import StrictJSON
import UnixSignals

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the node in the foreground, until SIGINT or SIGTERM.",
        discussion: """
            Each setting can also come from the environment, by the name that its help begins with. Logs go to \
            standard error, one line an event. With --json, one line on standard output tells every address once all \
            sockets are bound; a port of 0 lets the system choose.

            Examples:
              rhizome-node run
              rhizome-node run --address '*' --request-bind-host alice.example.org
              rhizome-node run --request-bind-port 0 --publish-bind-port 0 \\
                  --http-api-port 0 --json
            """
    )

    @Flag(name: .customLong("json"), help: "Print one line of JSON with every address once all sockets are bound.")
    var isJSON = false
    @OptionGroup(title: "Settings") var options: RunOptions
    @OptionGroup var passphrase: PassphraseOption
    @OptionGroup var home: HomeOption

    /// What the pieces that close cleanly may take, before the process ends by itself.
    private static let shutdownSeconds = 5

    func run() async throws {
        // Before anything is opened: what finds no descriptor left tells of other troubles, or ends without a word.
        try Node.requireDescriptors()
        let level = try options.level()
        LoggingSystem.bootstrap { _ in LogfmtHandler(logLevel: level) }
        let logger = Logger(label: "rhizome")
        let home = try home.open()
        let identity = try home.identity { try passphrase.passphrase() }
        // Whether there must be a witness only the store tells; the node asks it.
        let trust = try TrustJournal(home: home, owner: identity.publicKey).loadWitnessed(isWitnessNeeded: false).list
        let configuration = try options.node(identity: identity.publicKey, name: home.name(), trust: trust)
        let http = try options.http(home: home)
        let metrics = PrometheusRegistry(Node.metricTable + HTTPAPI.metricTable)
        try await Node.running(
            home: home,
            identity: identity,
            configuration: configuration,
            metricsFactory: metrics,
            onProgress: { TerminalProgress.show($0) },
            logger: logger
        ) { node in
            // While the store is still ours.
            defer { NodeFile.remove(from: home) }
            try await serve(node, http, metrics, in: home, logger)
        }
        logger.info("closed")
    }

    private func serve(
        _ node: Node,
        _ http: HTTPAPI.Configuration?,
        _ metrics: PrometheusRegistry,
        in home: Home,
        _ logger: Logger
    ) async throws {
        // The node runs around them, so it is closed last.
        var services: [any Service] = []
        if let http {
            services.append(
                HTTPAPI(
                    database: node.database,
                    peers: node.network,
                    configuration: http,
                    metrics: metrics,
                    logger: logger,
                    onBound: { address in try announce(node, http: "\(address)", in: home, logger) }
                )
            )
        } else {
            services.append(Announcement { try announce(node, http: nil, in: home, logger) })
        }
        services.append(Deadline(seconds: Self.shutdownSeconds, logger: logger))
        var configuration = ServiceGroupConfiguration(
            services: services,
            gracefulShutdownSignals: [.sigint, .sigterm],
            logger: logger
        )
        configuration.maximumGracefulShutdownDuration = .seconds(3)
        try await ServiceGroup(configuration: configuration).run()
    }

    private func announce(_ node: Node, http: String?, in home: Home, _ logger: Logger) throws {
        logger.info(
            "listening",
            metadata: [
                "identity": "\(node.database.identity.did)", "peerId": "\(node.network.peerID)",
                "request": "\(node.network.requestAddress)",
                "publish": "\(node.network.publishAddress)", "http": "\(http ?? "off")",
            ]
        )
        let line: JSONObject = [
            "identity": .string(node.database.identity.did), "peerId": .string(node.network.peerID),
            "request": .string(node.network.requestAddress), "publish": .string(node.network.publishAddress),
            "http": http.map { .string($0) } ?? .null,
        ]
        if !node.database.trust.entries.values.contains(where: { $0.action == .trust }) {
            logger.notice(
                "nobody is trusted yet, so there is nobody to share with; to meet somebody: rhizome-keys invite NAME, and send the line that it prints, or take theirs: rhizome-keys join LINE"
            )
        }
        // Before anybody is told, so that whoever has been told finds it.
        try NodeFile(line).write(to: home)
        guard isJSON else { return }
        do {
            try CommandLineTool.show(JSONValue.object(line).description)
        } catch let failure as OutputFailure where failure.isReaderGone {
            logger.warning("nobody reads the line with the addresses; the node runs")
        }
    }
}

/// Tells once that the node runs: as a service, so that signals are taken from then on.
private struct Announcement: Service {
    let tell: @Sendable () throws -> Void

    func run() async throws {
        try tell()
        try await gracefulShutdown()
    }
}

/// Ends the process by itself where closing takes too long; nothing acknowledged is lost by it.
private struct Deadline: Service {
    let seconds: Int
    let logger: Logger

    func run() async throws {
        try await gracefulShutdown()
        let logger = logger
        DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(seconds)) {
            logger.error("closing took too long; the process ends")
            _exit(1)
        }
    }
}
