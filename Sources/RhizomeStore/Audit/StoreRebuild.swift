public import Bytes
internal import Foundation
internal import HomeFiles
public import RhizomeCore
public import SignedStatements

/// A store made anew of what is whole in a damaged one, and put in its place (spec: cli.md, `audit --repair`).
///
/// Each delta whose signature and body hold, and whose previous were taken over as well, goes into the new store with when
/// and through whom it came. The new store has an epoch of its own, so peers' cursors start over, and what is missing comes
/// back from those who hold it. The damaged one is kept in a folder beside.
public struct StoreRebuild: Sendable {
    /// An entry that wasn't taken over.
    public struct Loss: Sendable {
        /// Where it lay.
        public let position: Int64
        /// The id under which it was filed.
        public let id: DeltaID
        /// Whose delta it was, where its header could be read.
        public let author: PublicKey?
    }

    /// How many deltas were taken over.
    public let keptCount: Int64
    /// The others, by position.
    public let losses: [Loss]
    /// Where the damaged store lies now.
    public let damagedFolder: String

    private static let pageBytes = 4 << 20
    private static let rebuiltName = "rebuilt"
    private static let files = ["store.sqlite", "store.sqlite-wal", "store.sqlite-shm", "store.seen"]

    /// Makes the new store and puts it in the place of the old one.
    ///
    /// - Parameters:
    ///   - path: the data folder.
    ///   - now: names the folder of the damaged store.
    /// - Throws: ``DeltaLogError``: `locked` where a process has the store open; `corrupt` where it can't be read at all.
    ///   Nothing is changed then.
    public init(of path: String, version: String, now: Timestamp) async throws {
        do {
            let folder = try HomeFolder.open(path, isLinkFollowed: false)
            let lock = try folder.lock(SQLiteDeltaLog.lockName, for: "rhizome-node audit --repair", patience: .zero)
            defer { withExtendedLifetime(lock) {} }
            let rebuilt = folder.path(Self.rebuiltName)
            // What an attempt that was broken off has left.
            try? FileManager.default.removeItem(atPath: rebuilt)
            let old = try SQLiteDeltaLog.openForReading(folder: path, version: version, now: now)
            let new = try SQLiteDeltaLog.open(folder: rebuilt, version: version, now: now)
            (keptCount, losses) = try await Self.copy(old, to: new)
            try new.close()
            try old.close()
            damagedFolder = folder.path("damaged-\(now.microseconds)")
            _ = try HomeFolder.create(damagedFolder, isLinkFollowed: false)
            try Self.move(from: path, to: damagedFolder)
            try Self.move(from: rebuilt, to: path)
            try? FileManager.default.removeItem(atPath: rebuilt)
        } catch {
            throw DeltaLogError(opening: error)
        }
    }

    private static func move(from source: String, to target: String) throws {
        for name in files where FileManager.default.fileExists(atPath: "\(source)/\(name)") {
            try FileManager.default.moveItem(atPath: "\(source)/\(name)", toPath: "\(target)/\(name)")
        }
    }

    private static func copy(_ old: SQLiteDeltaLog, to new: SQLiteDeltaLog) async throws -> (Int64, [Loss]) {
        var (kept, losses) = (Int64(0), [Loss]())
        var position: Int64 = 0
        while true {
            let page = try await old.entries(after: position, maximumBytes: pageBytes)
            guard let last = page.last else { return (kept, losses) }
            position = last.position
            let verified = await verify(page)
            var held = try await new.links(of: Array(Set(verified.flatMap { $0?.delta.header.previous ?? [] })))
            let known = try await new.contains(page.map(\.id))
            var batch: [AdmittedDelta] = []
            for (entry, verified) in zip(page, verified) {
                guard let verified, !known.contains(entry.id), held[entry.id] == nil,
                    case .admitted(let admitted) = Admission.fit(
                        verified,
                        held: held,
                        arrival: entry.arrival,
                        // It was let in before: how far ahead it was then is told by the audit.
                        now: verified.delta.header.timeCreated
                    )
                else {
                    losses.append(Loss(entry))
                    continue
                }
                held[entry.id] = DeltaLink(verified.delta)
                batch.append(admitted)
            }
            kept += Int64(try await new.append(batch, cursors: [:]).count)
        }
    }

    /// Of each entry the delta, where all of it is what was signed.
    @concurrent
    private static func verify(_ page: [LogEntry]) async -> [VerifiedDelta?] {
        let width = max(1, ProcessInfo.processInfo.activeProcessorCount)
        let share = (page.count + width - 1) / width
        return await withTaskGroup(of: (Int, [VerifiedDelta?]).self) { group in
            for (number, part) in page.chunks(of: share).enumerated() {
                group.addTask { (number, part.map(verify)) }
            }
            let parts = await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            return parts.sorted { $0.key < $1.key }.flatMap(\.value)
        }
    }

    private static func verify(_ entry: LogEntry) -> VerifiedDelta? {
        guard let delta = try? SignedDelta(header: entry.header, body: entry.body), delta.id == entry.id,
            delta.author.isAcceptable
        else { return nil }
        return try? VerifiedDelta.verify(delta).get()
    }
}

extension StoreRebuild.Loss {
    fileprivate init(_ entry: LogEntry) {
        position = entry.position
        id = entry.id
        author = (try? SignedHeader(decoding: entry.header))?.author
    }
}
