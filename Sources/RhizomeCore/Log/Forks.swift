/// Tells the forks among deltas that share a previous, or are all firsts (spec: admission.md, "Forks").
///
/// A log is cut into branches: chains in which each delta is after the one before, so that a delta reaches of each
/// branch nothing or all up to somewhere.
package enum Forks {
    /// A delta among those that share a previous, and where it stands in its log.
    package typealias Sibling<Node> = (node: Node, branch: Int64, sequence: Int64)

    /// The deltas that part: of the siblings that stand beside another one, those with no other such one before them.
    ///
    /// No two of them are before one another, and there are none exactly if each sibling is before or after each other
    /// one: a merge that names an old delta beside its successor is no fork.
    ///
    /// - Parameters:
    ///   - siblings: what shares a previous, in any order.
    ///   - reach: of each branch the last sequence that a sibling reaches, as far as it isn't below the given one. Never
    ///     asked for siblings with equal sequences, as honest forks have them, nor along one branch.
    /// - Complexity: that of sorting, and three reaches at most for a sibling.
    package static func parting<Node>(
        _ siblings: [Sibling<Node>],
        reach: (_ node: Node, _ sequence: Int64) throws -> [Int64: Int64]
    ) rethrows -> [Node] {
        let ordered = siblings.sorted { $0.sequence < $1.sequence }
        func isAfter(_ later: Sibling<Node>, _ earlier: Sibling<Node>) throws -> Bool {
            guard earlier.sequence < later.sequence else { return false }
            return try earlier.branch == later.branch
                || contains(earlier, in: reach(later.node, earlier.sequence))
        }
        // The longest start in which each is after the one before it; nothing can part within.
        var chain = min(1, ordered.count)
        while chain < ordered.count, try isAfter(ordered[chain], ordered[chain - 1]) { chain += 1 }
        guard chain < ordered.count else { return [] }
        // Whoever is after another one in its own branch parts from nothing, and is after all that that one is after.
        var branches: Set<Int64> = []
        let others = ordered[chain...].filter { branches.insert($0.branch).inserted }
        // The first of the chain that one of the others isn't after: that is the first that stands beside another.
        var first = chain - 1
        for other in others where first > 0 {
            if try isAfter(other, ordered[first - 1]) { continue }
            let reached = try reach(other.node, ordered[0].sequence)
            while first > 0, !contains(ordered[first - 1], in: reached) { first -= 1 }
        }
        let beside = [ordered[first]] + others.filter { $0.branch != ordered[first].branch }
        let earliest = Dictionary(uniqueKeysWithValues: beside.map { ($0.branch, $0.sequence) })
        return try beside.filter { sibling in
            guard sibling.sequence > ordered[first].sequence else { return true }
            return try !reach(sibling.node, ordered[first].sequence).contains { branch, last in
                guard branch != sibling.branch, let sequence = earliest[branch] else { return false }
                return sequence <= last
            }
        }.map(\.node)
    }

    private static func contains<Node>(_ sibling: Sibling<Node>, in reached: [Int64: Int64]) -> Bool {
        reached[sibling.branch].map { sibling.sequence <= $0 } ?? false
    }
}

extension Fork: Comparable {
    /// Whether `left` parts first, by sequence and then by ids.
    public static func < (left: Self, right: Self) -> Bool {
        guard left.sequence == right.sequence else { return left.sequence < right.sequence }
        return left.ids.lexicographicallyPrecedes(right.ids)
    }
}
