internal import Bytes
internal import DeterministicCBOR
internal import Dispatch
internal import HomeFiles
internal import Locks
internal import RhizomeCore

/// Where a store stands.
struct StoreMark: Hashable, Sendable {
    /// The store's name.
    let epoch: [UInt8]
    /// How many deltas it holds.
    let position: Int64
    /// The running hash up to there.
    let runningHash: Bytes32
}

/// What `data/store.seen` keeps outside of the store: where it stood, and what had been found at its openings.
///
///     ["rhizome-store-seen", 2, epoch: bstr, position, running hash: bstr(32),
///      incidents, their hash: bstr(32)]                                                 (deterministic CBOR)
///
/// Version 1, which is read too, ends after the running hash.
struct StoreSighting: Hashable, Sendable {
    private static let name: Text = "rhizome-store-seen"
    private static let version: Int64 = 2
    private static let versionWithoutIncidents: Int64 = 1

    /// Where the store stood.
    let mark: StoreMark
    /// What had been found; `nil` where an earlier version, which didn't tell, has written the file.
    let incidents: IncidentMark?

    init(bytes: [UInt8]) throws(CBORError) {
        var reader = CBORReader(bytes)
        let count = try reader.array()
        guard try reader.text() == Self.name else { throw .unexpected(at: 0) }
        let version = try reader.integer()
        guard (version, count) == (Self.version, 7) || (version, count) == (Self.versionWithoutIncidents, 5) else {
            throw .unexpected(at: 0)
        }
        mark = StoreMark(
            epoch: try reader.byteString(),
            position: try reader.integer(),
            runningHash: try reader.bytes32()
        )
        incidents =
            version == Self.version
            ? IncidentMark(count: try reader.integer(), hash: try reader.bytes32())
            : nil
        try reader.finish()
    }

    /// The file's content, of the present version.
    static func encoded(_ mark: StoreMark, _ incidents: IncidentMark) -> [UInt8] {
        var writer = CBORWriter()
        writer.array(7)
        writer.text(name)
        writer.integer(version)
        writer.byteString(mark.epoch)
        writer.integer(mark.position)
        writer.byteString(mark.runningHash)
        writer.integer(incidents.count)
        writer.byteString(incidents.hash)
        return writer.bytes
    }
}

/// Keeps `data/store.seen` up to date: at most once in an interval, and when the store is closed.
///
/// It follows the store and never leads it: marks are taken of what has been committed. Where it can't be written the
/// older one stays, which is true as well.
final class StoreWitness: Sendable {
    static let fileName = "store.seen"
    private static let limit = 256

    private struct State {
        var latest: StoreMark?
        var written: StoreMark?
        var isScheduled = false
        var isClosed = false
    }

    private let folder: HomeFolder
    /// None are added while the store is open.
    private let incidents: IncidentMark
    private let interval: Duration
    private let state = Lock(State())
    private let queue = DispatchQueue(label: "rhizome.store.seen", qos: .utility)

    init(folder: HomeFolder, incidents: IncidentMark, interval: Duration) {
        self.folder = folder
        self.incidents = incidents
        self.interval = interval
    }

    /// What lies in a folder; `nil` where there is no file.
    ///
    /// - Throws: ``CBORError`` for what is no such file.
    static func read(in folder: HomeFolder) throws -> StoreSighting? {
        try folder.contents(fileName, limit: limit).map { try StoreSighting(bytes: $0) }
    }

    /// Notes where the store stands; written by and by.
    func note(_ mark: StoreMark) {
        let isDue = state.withLock { state in
            if let latest = state.latest, latest.epoch == mark.epoch, latest.position > mark.position { return false }
            state.latest = mark
            guard !state.isScheduled, !state.isClosed else { return false }
            state.isScheduled = true
            return true
        }
        guard isDue else { return }
        if interval == .zero {
            write()
        } else {
            let (seconds, attoseconds) = interval.components
            let nanoseconds = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
            queue.asyncAfter(deadline: .now() + .nanoseconds(Int(nanoseconds))) { self.write() }
        }
    }

    /// Writes the last mark now.
    func write() {
        state.withLock { state in
            state.isScheduled = false
            guard !state.isClosed else { return }
            write(&state)
        }
    }

    /// Writes the last mark and nothing from then on: the store may be another process's.
    func close() {
        state.withLock { state in
            guard !state.isClosed else { return }
            write(&state)
            state.isClosed = true
        }
    }

    private func write(_ state: inout State) {
        guard let latest = state.latest, latest != state.written else { return }
        guard (try? folder.replace(Self.fileName, StoreSighting.encoded(latest, incidents))) != nil else { return }
        state.written = latest
    }
}
