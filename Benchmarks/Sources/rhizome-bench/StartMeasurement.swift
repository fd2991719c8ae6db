import Bytes
import Foundation
import RhizomeCore
import RhizomeStore

/// How long a node's store takes until it can answer, and how much memory that needs: in a process of its own.
struct StartMeasurement {
    static let target = Duration.seconds(1)
    static let targetMiB = 200

    /// In the fresh process: opens, counts, reads all heads and the last changes, and prints what it took.
    static func measure(_ options: BenchmarkOptions) async throws {
        let clock = ContinuousClock()
        let start = clock.now
        let log = try SQLiteDeltaLog.open(folder: options.folder, version: "bench", now: SystemTime.now)
        let count = try await log.count()
        var heads: [AuthorHead] = []
        while true {
            let page = try await log.heads(after: heads.last, limit: 10_000)
            if page.isEmpty { break }
            heads += page
        }
        _ = try await log.changes(after: ChangeCursor(position: count - 1), limit: 10_000)
        let took = clock.now - start
        // Then what a busy node would touch.
        for head in heads { _ = try await log.locators(of: head.author) }
        for position in stride(from: Int64(0), to: count, by: max(1, Int(count) / 200)) {
            _ = try await log.deltas(after: position, limit: 100)
        }
        print("\(took.microseconds) \(try highWaterKiB()) \(heads.count)")
        try log.close()
    }

    /// `VmHWM` of this process (proc(5)).
    static func highWaterKiB() throws -> Int { try status("VmHWM") }

    /// `VmRSS` of this process.
    static func residentKiB() throws -> Int { try status("VmRSS") }

    private static func status(_ name: String) throws -> Int {
        try number(name, in: try String(contentsOfFile: "/proc/self/status", encoding: .utf8))
    }

    /// A number of `/proc/PID/status` (proc_pid_status(5)).
    static func number(_ name: String, in status: String) throws -> Int {
        for line in status.split(separator: "\n") where line.hasPrefix(name + ":") {
            guard let number = line.split(whereSeparator: \.isWhitespace).compactMap({ Int($0) }).first else { break }
            return number
        }
        throw BenchmarkError("/proc/PID/status has no \(name)")
    }

    /// Starts a fresh process and tells what it took, with the time that the process itself needs to start.
    static func run(_ options: BenchmarkOptions) throws {
        let clock = ContinuousClock()
        let start = clock.now
        let numbers = try FreshProcess.run([
            "--deltas", "\(options.count)", "--store", options.folder, "--measure-start",
        ])
        let whole = clock.now - start
        guard numbers.count == 3 else { throw BenchmarkError("the fresh process told too little") }
        let took = Duration.microseconds(numbers[0])
        let verdict = took <= target ? "met" : "MISSED"
        print("start           \(took.text) until count and \(numbers[2]) heads are read; ", terminator: "")
        print("target \(target.text): \(verdict)")
        let mebibytes = numbers[1] / 1024
        let memory = mebibytes <= targetMiB ? "met" : "MISSED"
        print("memory          \(mebibytes) MiB at most (VmHWM); target \(targetMiB) MiB: \(memory)")
        print("  process       \(whole.text) from its start to its end")
    }
}
