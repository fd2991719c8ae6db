import Bytes
import Foundation
import RhizomeCore
import RhizomeStore

/// The rates on which a node's throughput rests, each told as a ratio to one core's verifications, which bound it.
///
/// Per second of processor time, user and system, so that neighbours on the machine change little; waiting for the disk
/// doesn't count, and is told apart where it matters.
struct Rates {
    let options: BenchmarkOptions

    func run() async throws {
        let log = try SQLiteDeltaLog.openForReading(folder: options.folder, version: "bench", now: SystemTime.now)
        defer { try? log.close() }
        let sample = try await log.deltas(after: 0, limit: 20_000)

        let verified = sample.prefix(10_000).map(\.delta)
        var start = ProcessorTime.now
        for delta in verified { _ = try VerifiedDelta.verify(delta).get() }
        let verify = Rate(verified.count, ProcessorTime.now - start)
        print("rates           \("of verifying".padded)1.00   \(verify) of processor time")

        func tell(_ name: String, _ count: Int, _ took: Duration) {
            let rate = Rate(count, took)
            let ratio = (rate.perSecond / verify.perSecond * 100).rounded() / 100
            print("  \(name.padded)\("of verifying".padded)\(ratio)   \(rate)")
        }

        start = ProcessorTime.now
        for stored in sample { _ = try SignedDelta(decoding: stored.delta.bytes) }
        tell("decode", sample.count, ProcessorTime.now - start)

        try await append(sample, tell)
        try await appendToLarge(tell)

        start = ProcessorTime.now
        for begin in stride(from: 0, to: sample.count, by: 1_000) {
            _ = try await log.links(of: sample[begin..<min(begin + 1_000, sample.count)].map(\.id))
        }
        tell("find by id", sample.count, ProcessorTime.now - start)

        start = ProcessorTime.now
        _ = try await log.deltas(after: Int64(options.count / 2), limit: 20_000)
        tell("read", min(20_000, options.count / 2), ProcessorTime.now - start)
        try await pull(log, tell)
    }

    private func append(
        _ sample: [StoredDelta],
        _ tell: (String, Int, Duration) -> Void
    ) async throws {
        var held: [DeltaID: DeltaLink] = [:]
        var batch: [AdmittedDelta] = []
        for stored in sample {
            let verified = try VerifiedDelta.verify(stored.delta).get()
            let now = stored.arrival.timeReceived
            guard case .admitted(let admitted) = Admission.fit(verified, held: held, arrival: stored.arrival, now: now)
            else { throw BenchmarkError("a stored delta doesn't fit") }
            held[stored.id] = DeltaLink(stored.delta)
            batch.append(admitted)
        }
        let clock = ContinuousClock()
        for size in [10_000, 100, 1] {
            let folder = options.folder + "-append"
            try? FileManager.default.removeItem(atPath: folder)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let log = try SQLiteDeltaLog.open(folder: folder, version: "bench", now: SystemTime.now)
            let part = size == 1 ? Array(batch.prefix(1_000)) : batch
            let start = ProcessorTime.now
            let wall = clock.now
            for begin in stride(from: 0, to: part.count, by: size) {
                _ = try await log.append(Array(part[begin..<min(begin + size, part.count)]), cursors: [:])
            }
            tell("append by \(size)", part.count, ProcessorTime.now - start)
            print("    with waiting  \(Rate(part.count, clock.now - wall))")
            try log.close()
        }
    }

    /// Appends to a copy of the large store, in transactions of 10,000: what catching up takes of the writer.
    private func appendToLarge(_ tell: (String, Int, Duration) -> Void) async throws {
        let folder = options.folder + "-copy"
        try? FileManager.default.removeItem(atPath: folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.copyItem(atPath: options.folder, toPath: folder)
        var factory = try DeltaFactory(authors: 100, entities: options.count / 5, seed: 99)
        let batches = try (0..<5).map { _ in try factory.next(10_000) }
        let log = try SQLiteDeltaLog.open(folder: folder, version: "bench", now: SystemTime.now)
        let clock = ContinuousClock()
        let wall = clock.now
        let start = ProcessorTime.now
        for batch in batches { _ = try await log.append(batch, cursors: [:]) }
        tell("append to these", 50_000, ProcessorTime.now - start)
        print("    with waiting  \(Rate(50_000, clock.now - wall))")
        try log.close()
    }

    private func pull(_ log: SQLiteDeltaLog, _ tell: (String, Int, Duration) -> Void) async throws {
        let authors = try await log.authors().prefix(20)
        var count = 0
        let start = ProcessorTime.now
        for summary in authors {
            let want = try await log.heads(of: summary.author).map(\.id)
            var after: (sequence: Int64, id: DeltaID)?
            while true {
                let page = try await log.pull(
                    PullRequest(author: summary.author, want: want, have: [], after: after, maximumBytes: 4 << 20)
                )
                count += page.deltas.count
                guard page.hasMore else { break }
                after = page.last
            }
        }
        tell("pull", count, ProcessorTime.now - start)
    }
}

/// The processor time that this process has used, user and system (clock(3)).
enum ProcessorTime {
    static var now: Duration { .microseconds(clock() * 1_000_000 / Int(CLOCKS_PER_SEC)) }
}

/// How many a second.
struct Rate: CustomStringConvertible {
    let perSecond: Double

    init(_ count: Int, _ took: Duration) {
        perSecond = Double(count) / max(took.seconds, 0.000_001)
    }

    var description: String { "\(Int(perSecond.rounded()))/s" }
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }

    var microseconds: Int {
        let (seconds, attoseconds) = components
        return Int(seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
    }

    var text: String {
        if seconds < 0.01 { return "\(microseconds) µs" }
        return seconds < 10 ? "\(Int((seconds * 1000).rounded())) ms" : "\((seconds * 10).rounded() / 10) s"
    }
}

extension String {
    var padded: String { padding(toLength: 16, withPad: " ", startingAt: 0) }
}
