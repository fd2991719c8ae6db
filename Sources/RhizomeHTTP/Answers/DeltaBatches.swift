internal import RhizomeCore

/// Reads the log delta by delta: one to begin with, then as many at once as are likely to have no more bytes than a stalled
/// reader may hold.
struct DeltaBatches: Sendable {
    /// Bytes of deltas that are read at once, about.
    private static let bytes = 256 * 1024
    private static let most = 500

    private let log: any AcceptanceOrder & DeltaSearch
    private var size = 1

    init(_ log: any AcceptanceOrder & DeltaSearch) { self.log = log }

    /// The next deltas after a position and up to another one; none at the end.
    mutating func next(after position: Int64, upTo last: Int64) async throws -> [StoredDelta] {
        guard position < last else { return [] }
        return read(try await log.deltas(after: position, limit: Int(min(Int64(size), last - position))))
    }

    /// The next deltas of some positions, which are taken away; none at the end.
    mutating func next(of positions: inout ArraySlice<Int64>) async throws -> [StoredDelta] {
        let next = Array(positions.prefix(size))
        guard !next.isEmpty else { return [] }
        positions.removeFirst(next.count)
        return read(try await log.deltas(at: next))
    }

    private mutating func read(_ batch: [StoredDelta]) -> [StoredDelta] {
        let bytes = batch.reduce(1) { $0 + $1.delta.bytes.count }
        size = min(Self.most, size * 8, max(1, Self.bytes * batch.count / bytes))
        return batch
    }
}
