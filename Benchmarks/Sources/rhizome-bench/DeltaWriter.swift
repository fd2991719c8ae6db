import Bytes
import Foundation
import RhizomeCore
import RhizomeIdentity
import RhizomeStore

/// Writes deltas by a few authors, one millisecond after the other, in batches.
struct DeltaWriter {
    private static let batchDeltas = 5_000
    private static let batchBytes = 16 << 20

    private let log: SQLiteDeltaLog
    private let authors: [Identity]
    private var heads: [Head?]
    private var batch: [AdmittedDelta] = []
    private var bytes = 0
    private var time = Timestamp(microseconds: 1_735_689_600_000_000)

    /// A writer with new authors.
    init(_ log: SQLiteDeltaLog, authors count: Int) throws {
        self.log = log
        authors = try (0..<count).map { _ in try Identity.generate() }
        heads = Array(repeating: nil, count: count)
    }

    /// Writes a delta by one of the authors; it is in the log after ``finish()``.
    @discardableResult
    mutating func write(_ pointers: [Pointer], by author: Int = 0) async throws -> DeltaID {
        time = time + .milliseconds(1)
        let delta = try SignedDelta(
            pointers: pointers,
            after: heads[author].map { [$0] } ?? [],
            timeCreated: time,
            signer: authors[author]
        )
        let held = heads[author].map { [$0.id: DeltaLink(author: delta.author, head: $0)] } ?? [:]
        let arrival = Arrival(timeReceived: time, receivedFrom: nil, trustStatement: nil)
        let verified = try VerifiedDelta.verify(delta).get()
        guard case .admitted(let admitted) = Admission.fit(verified, held: held, arrival: arrival, now: time) else {
            throw BenchmarkError("a delta that fits was not admitted")
        }
        heads[author] = DeltaLink(delta).head
        batch.append(admitted)
        bytes += delta.bytes.count
        if batch.count == Self.batchDeltas || bytes > Self.batchBytes { try await finish() }
        return delta.id
    }

    /// Writes what is left.
    mutating func finish() async throws {
        _ = try await log.append(batch, cursors: [:])
        batch = []
        bytes = 0
    }
}

extension SQLiteDeltaLog {
    /// A store for a measurement, built once.
    ///
    /// - Parameter build: fills it where it is new.
    static func prepared(
        _ folder: String,
        _ build: (SQLiteDeltaLog) async throws -> Void
    ) async throws -> SQLiteDeltaLog {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder)
        let log = try SQLiteDeltaLog.open(folder: folder, version: "bench", now: SystemTime.now)
        if try await log.count() == 0 { try await build(log) }
        return log
    }
}
