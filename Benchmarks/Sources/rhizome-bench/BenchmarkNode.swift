import Bytes
import Foundation
import Logging
import PrometheusMetrics
import RhizomeIdentity
import RhizomeNode
import RhizomeStore
import SignedLog

/// A node in a process of its own, so that its processor time and memory are its own.
///
/// It prints its request address in one line; where it was to fetch something, a second line tells what that took.
enum BenchmarkNode {
    /// What fetching took a node's process, from its start to its end.
    struct Cost {
        /// Processor time, user and system.
        let processor: Duration
        /// From the moment when all sockets were bound until the last delta was durable.
        let elapsed: Duration
        /// The most memory that the process had, `VmHWM`.
        let memoryKiB: Int

        init?(_ line: Substring) {
            let numbers = line.split(separator: " ").compactMap { Int($0) }
            guard numbers.count == 3 else { return nil }
            processor = .microseconds(numbers[0])
            elapsed = .microseconds(numbers[1])
            memoryKiB = numbers[2]
        }
    }

    /// How often the fetching node's log is asked how far it has come.
    private static let glance = Duration.milliseconds(20)

    /// Runs until so many deltas are held, or until standard input ends.
    static func run(home path: String, until count: Int?) async throws {
        let home = try Home.open(path)
        let log = try SQLiteDeltaLog.open(folder: path + "/data", version: "bench", now: 0)
        var logger = Logger(label: "bench") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = ProcessInfo.processInfo.environment["RHIZOME_LOG_LEVEL"] == nil ? .error : .info
        let identity = try home.identity()
        func binding(_ name: String) -> NodeConfiguration.Binding {
            .init(name: name, address: "127.0.0.1", port: 0, host: "127.0.0.1")
        }
        let configuration = NodeConfiguration(
            identity: identity.publicKey,
            peerID: "bench",
            request: binding("request"),
            publish: binding("publish"),
            topic: "bench",
            seeds: [:],
            agent: "rhizome-bench",
            version: "bench"
        )
        let node = try await Node(
            configuration: configuration,
            identity: identity,
            home: home,
            log: log,
            metricsFactory: PrometheusRegistry(Node.metricTable),
            logger: logger
        )
        tell(node.requestAddress)
        let start = ContinuousClock.now
        let running = Task { await node.run() }
        if let count {
            while try await log.count() < count { try await Task.sleep(for: glance) }
            let elapsed = ContinuousClock.now - start
            running.cancel()
            await running.value
            try log.close()
            let memory = try StartMeasurement.highWaterKiB()
            tell("\(ProcessorTime.now.microseconds) \(elapsed.microseconds) \(memory)")
        } else {
            while readLine() != nil {}
            running.cancel()
            await running.value
            try log.close()
        }
    }

    private static func tell(_ line: String) {
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }
}
