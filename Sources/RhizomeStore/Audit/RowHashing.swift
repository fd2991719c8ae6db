internal import Bytes
internal import Sodium

/// Keyed hashes of rows, whose sums tell whether two sets of rows are the same in whatever order they come.
///
/// An audit adds up the rows that deltas should have in an index, and those that lie there: to hold them against each other
/// one by one would take a walk through the index for each. The key is made anew for each audit, so nobody can have made a
/// store for which two sets that differ have the same sum but by a chance of one in 2^64.
struct RowHashing: Sendable {
    private let key: [UInt64]

    init() throws {
        key = try stride(from: 0, to: 2, by: 1).map { _ in
            try randomBytes(count: 8).reduce(0) { $0 << 8 | UInt64($1) }
        }
    }

    private var hasher: Hasher {
        var hasher = Hasher()
        hasher.combine(key[0])
        hasher.combine(key[1])
        return hasher
    }

    func name(_ text: Text) -> Int64 {
        var hasher = hasher
        hasher.combine(text)
        return Int64(hasher.finalize())
    }

    /// The same for the bytes of a text.
    func name(_ bytes: UnsafeRawBufferPointer) -> Int64 {
        var hasher = hasher
        unsafe hasher.combine(bytes: bytes)
        hasher.combine(bytes.count)
        return Int64(hasher.finalize())
    }

    /// A row of numbers, of which names are by their hashes.
    func row(_ a: Int64, _ b: Int64, _ c: Int64 = 0, _ d: Int64 = 0, _ e: Int64 = 0) -> Int64 {
        var hasher = hasher
        hasher.combine(a)
        hasher.combine(b)
        hasher.combine(c)
        hasher.combine(d)
        hasher.combine(e)
        return Int64(hasher.finalize())
    }
}

/// The sums of what belongs into the tables that find deltas, or of what lies there.
struct IndexSums: Equatable, Sendable {
    var ids: Int64 = 0
    var logs: Int64 = 0
    var words: Int64 = 0
    var collections: Int64 = 0
    var negations: Int64 = 0

    mutating func add(_ other: IndexSums) {
        ids &+= other.ids
        logs &+= other.logs
        words &+= other.words
        collections &+= other.collections
        negations &+= other.negations
    }
}
