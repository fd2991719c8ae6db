import Bytes
import Foundation
import RhizomeCore
import RhizomeStore

/// What an audit costs beside verifying the same signatures with libsodium alone, on all cores.
///
/// In this process, so that its memory is the audit's. Bare verifying is measured before and after: other work on the
/// machine comes and goes.
struct AuditRate {
    private static let sample = 40_000

    /// The store that was built before.
    let folder: String

    func run() async throws {
        let log = try SQLiteDeltaLog.openForReading(folder: folder, version: "bench", now: SystemTime.now)
        let width = ProcessInfo.processInfo.activeProcessorCount
        let before = try await bare(log, width)
        let clock = ContinuousClock()
        let (start, startOfWork) = (clock.now, ProcessorTime.now)
        let report = try await log.audit()
        let (took, worked) = (clock.now - start, ProcessorTime.now - startOfWork)
        let memory = try StartMeasurement.highWaterKiB() / 1024
        let after = try await bare(log, width)
        let count = Int(report.count)
        let rate = Rate(count, took)
        let bare = (before.rate.perSecond + after.rate.perSecond) / 2
        let work = (before.work + after.work) / 2
        print("audit           \(count) deltas in \(took.text), \(rate) on \(width) cores; ", terminator: "")
        print("\(report.findingCount) findings; \(memory) MiB at most (VmHWM)")
        print("  bare libsodium, before and after: \(before.rate), \(after.rate)")
        print("  of bare libsodium's rate          \(share(rate.perSecond / bare))")
        print("  of processor time                 \(share(work * count / worked)) is verifying; ", terminator: "")
        print("a delta takes \((worked / count).text), of which verifying \(work.text)")
        try log.close()
    }

    private func share(_ value: Double) -> Double { (value * 1_000).rounded() / 1_000 }

    /// Libsodium alone, over deltas from all of the store: how many a second on all cores, and processor time for one.
    private func bare(_ log: SQLiteDeltaLog, _ width: Int) async throws -> (rate: Rate, work: Duration) {
        let count = try await log.count()
        var deltas: [SignedDelta] = []
        let parts: Int64 = 8
        for part in 0..<parts {
            let page = try await log.deltas(after: count * part / parts, limit: Self.sample / Int(parts))
            deltas += page.map(\.delta)
        }
        let bare = BareVerification(deltas)
        let start = ProcessorTime.now
        let rate = try await bare.rate(onCores: width)
        return (rate, (ProcessorTime.now - start) / deltas.count)
    }
}
