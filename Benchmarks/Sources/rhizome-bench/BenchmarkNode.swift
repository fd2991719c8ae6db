import Foundation
import RhizomeCore
import RhizomeIdentity
import RhizomeNode

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
        let local = try await LocalNode(home: home, identity: try home.identity())
        tell(local.node.requestAddress)
        let start = ContinuousClock.now
        if let count {
            while try await local.node.log.count() < count { try await Task.sleep(for: glance) }
            let elapsed = ContinuousClock.now - start
            try await local.end()
            let memory = try StartMeasurement.highWaterKiB()
            tell("\(ProcessorTime.now.microseconds) \(elapsed.microseconds) \(memory)")
        } else {
            while readLine() != nil {}
            try await local.end()
        }
    }

    private static func tell(_ line: String) {
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }
}
