import Bytes
import Foundation
import RhizomeCore
import RhizomeStore

/// Builds the store once.
struct StoreBuild {
    /// Where it lies.
    let folder: String
    /// How many deltas it gets.
    let count: Int
    /// By how many authors.
    var authors = DeltaFactory.authorCount

    private static let batch = 10_000

    /// Builds the store unless it is there.
    func run() async throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder)
        let log = try SQLiteDeltaLog.open(folder: folder, version: "bench", now: SystemTime.now)
        defer { try? log.close() }
        let held = Int(try await log.count())
        guard held != count else {
            print("store           \(count) deltas, built before")
            return
        }
        guard held == 0 else {
            throw BenchmarkError("\(folder) has \(held) deltas, not \(count): remove it first")
        }
        try await build(log)
    }

    private func build(_ log: SQLiteDeltaLog) async throws {
        let width = ProcessInfo.processInfo.activeProcessorCount
        var factories = try (0..<width).map { part in
            try DeltaFactory(
                authors: authors / width,
                entities: count / 5,
                seed: UInt64(part)
            )
        }
        let clock = ContinuousClock()
        let start = clock.now
        var done = 0
        var next = try await Self.produce(&factories, Self.share(count, width))
        while !next.isEmpty {
            let batch = next
            done += batch.count
            async let appended = log.append(batch, cursors: [:])
            next = try await Self.produce(&factories, Self.share(count - done, width))
            _ = try await appended
            if done.isMultiple(of: 100_000) { FileHandle.standardError.write(Data("  \(done)\r".utf8)) }
        }
        let took = clock.now - start
        print("store           \(count) deltas by \(authors) authors in \(took.text)")
        print("  in all        \(Rate(count, took)) signed, decoded, verified and appended on \(width) cores")
    }

    private static func share(_ rest: Int, _ width: Int) -> [Int] {
        let count = min(batch, rest)
        return (0..<width).map { count * ($0 + 1) / width - count * $0 / width }
    }

    @concurrent
    private static func produce(_ factories: inout [DeltaFactory], _ counts: [Int]) async throws -> [AdmittedDelta] {
        let results = try await withThrowingTaskGroup(of: (Int, DeltaFactory, [AdmittedDelta]).self) { group in
            for (part, count) in counts.enumerated() where count > 0 {
                var factory = factories[part]
                group.addTask {
                    let batch = try factory.next(count)
                    return (part, factory, batch)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        for (part, factory, _) in results { factories[part] = factory }
        return results.sorted { $0.0 < $1.0 }.flatMap(\.2)
    }
}
