/// A set of hashes that are spread evenly, in 10 to 22 bytes each.
struct HashSet {
    /// How many it takes: 256 MiB.
    private static let most = 22_000_000
    private static let leastSlots = 1 << 16

    /// 0 where nothing lies.
    private var slots = [Int64](repeating: 0, count: leastSlots)
    private var count = 0

    /// Whether it takes no more.
    var isFull: Bool { count >= Self.most }

    /// Adds a hash.
    ///
    /// - Returns: whether it wasn't there.
    mutating func insert(_ hash: Int64) -> Bool {
        if count >= slots.count / 4 * 3 { grow() }
        guard Self.put(hash == 0 ? 1 : hash, into: &slots) else { return false }
        count += 1
        return true
    }

    private static func put(_ hash: Int64, into slots: inout [Int64]) -> Bool {
        let mask = slots.count - 1
        var place = Int(truncatingIfNeeded: hash) & mask
        while slots[place] != 0 {
            if slots[place] == hash { return false }
            place = (place + 1) & mask
        }
        slots[place] = hash
        return true
    }

    private mutating func grow() {
        var more = [Int64](repeating: 0, count: slots.count * 2)
        for hash in slots where hash != 0 { _ = Self.put(hash, into: &more) }
        slots = more
    }
}
