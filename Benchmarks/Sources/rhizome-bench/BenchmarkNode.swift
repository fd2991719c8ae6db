import Foundation
import Logging
import PrometheusMetrics
import RhizomeCore
import RhizomeDatabase
import RhizomeHTTP
import RhizomeIdentity
import RhizomeNode
import RhizomePeering

/// A node in a process of its own, so that its processor time and memory are its own.
///
/// It prints its request address in one line, with its HTTP API's in a second one where it has one; where it was to fetch
/// something, the last line tells what that took.
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

    /// Runs until so many deltas are held, or until standard input ends; each line of that is a question for a number.
    static func run(home path: String, _ options: BenchmarkOptions) async throws {
        let home = try Home.open(path)
        let local = try await LocalNode(home: home, identity: try home.identity(), port: options.port)
        tell(local.node.network.requestAddress)
        if options.hasHTTP {
            let api = HTTPAPI(
                database: local.node.database,
                peers: local.node.network,
                configuration: HTTPAPI.Configuration(port: 0, token: nil, version: "bench"),
                metrics: PrometheusRegistry(HTTPAPI.metricTable + Node.metricTable),
                logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() },
                onBound: { tell("\($0)") }
            )
            // Owner: the process, whose end is its end.
            Task { try await api.run() }
        }
        let start = ContinuousClock.now
        if let count = options.expected {
            while try await local.node.database.log.count() < count { try await Task.sleep(for: glance) }
            let elapsed = ContinuousClock.now - start
            try await local.end()
            let memory = try StartMeasurement.highWaterKiB()
            tell("\(ProcessorTime.now.microseconds) \(elapsed.microseconds) \(memory)")
        } else {
            while let question = readLine() {
                switch question {
                case "count": tell("\(try await local.node.database.log.count())")
                case "connected": tell("\(try await local.node.network.peers().count { $0.state == .connected })")
                default: throw BenchmarkError("\(question) is no question")
                }
            }
            try await local.end()
        }
    }

    private static func tell(_ line: String) {
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }
}
