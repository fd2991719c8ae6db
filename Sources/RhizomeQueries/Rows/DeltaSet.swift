/// A set of deltas, each as its place among all that a query's base relations rest on, in the order of their ids' bytes.
struct DeltaSet: Hashable, Sendable {
    /// The places, ascending.
    private(set) var numbers: [UInt32]

    /// No deltas.
    static let empty = DeltaSet(ascending: [])

    /// Deltas by their places, which ascend.
    init(ascending numbers: [UInt32]) { self.numbers = numbers }

    /// All deltas of some sets.
    ///
    /// - Complexity: O(*n* log *n*) in what they hold.
    init(union sets: some Sequence<DeltaSet>) {
        var all: Set<UInt32> = []
        for set in sets { all.formUnion(set.numbers) }
        numbers = all.sorted()
    }

    /// How many deltas there are.
    var count: Int { numbers.count }
    /// About how many bytes of memory it takes.
    var approximateBytes: Int { numbers.isEmpty ? 8 : 40 + 4 * numbers.count }

    /// The deltas of both.
    func union(_ other: DeltaSet) -> DeltaSet {
        if other.numbers.isEmpty || self == other { return self }
        if numbers.isEmpty { return other }
        var merged: [UInt32] = []
        merged.reserveCapacity(numbers.count + other.numbers.count)
        var (left, right) = (numbers[...], other.numbers[...])
        while let one = left.first, let another = right.first {
            merged.append(min(one, another))
            if one <= another { left.removeFirst() }
            if another <= one { right.removeFirst() }
        }
        return DeltaSet(ascending: merged + left + right)
    }

    /// Whether it is told rather than another: of fewer deltas, of equally many by their bytes.
    func precedes(_ other: DeltaSet) -> Bool {
        if count != other.count { return count < other.count }
        return numbers.lexicographicallyPrecedes(other.numbers)
    }
}
