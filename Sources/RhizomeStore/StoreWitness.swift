internal import Bytes
internal import DeterministicCBOR
internal import Dispatch
internal import HomeFiles
internal import Locks
internal import RhizomeCore

/// Where a store stood: what `data/store.seen` keeps outside of it.
///
///     ["rhizome-store-seen", 1, epoch: bstr, position, running hash: bstr(32)]          (deterministic CBOR)
struct StoreMark: Hashable, Sendable {
    private static let name: Text = "rhizome-store-seen"
    private static let version: Int64 = 1

    /// The store's name.
    let epoch: [UInt8]
    /// How many deltas it held.
    let position: Int64
    /// The running hash up to there.
    let runningHash: Bytes32

    init(epoch: [UInt8], position: Int64, runningHash: Bytes32) {
        self.epoch = epoch
        self.position = position
        self.runningHash = runningHash
    }

    init(bytes: [UInt8]) throws(CBORError) {
        var reader = CBORReader(bytes)
        guard try reader.array() == 5, try reader.text() == Self.name, try reader.integer() == Self.version else {
            throw .unexpected(at: 0)
        }
        epoch = try reader.byteString()
        position = try reader.integer()
        runningHash = try reader.bytes32()
        try reader.finish()
    }

    var encoded: [UInt8] {
        var writer = CBORWriter()
        writer.array(5)
        writer.text(Self.name)
        writer.integer(Self.version)
        writer.byteString(epoch)
        writer.integer(position)
        writer.byteString(runningHash)
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
    private let interval: Duration
    private let state = Lock(State())
    private let queue = DispatchQueue(label: "rhizome.store.seen", qos: .utility)

    init(folder: HomeFolder, interval: Duration) {
        self.folder = folder
        self.interval = interval
    }

    /// The mark that lies in a folder; none where there is no file.
    ///
    /// - Throws: ``CBORError`` for what is no mark.
    static func read(in folder: HomeFolder) throws -> StoreMark? {
        try folder.contents(fileName, limit: limit).map { try StoreMark(bytes: $0) }
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
        guard (try? folder.replace(Self.fileName, latest.encoded)) != nil else { return }
        state.written = latest
    }
}
