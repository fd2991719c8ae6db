/// Tells the forks among deltas that share a previous, or are all firsts (spec: admission.md, "Forks").
package enum Forks {
    /// The deltas that part: of the siblings that stand beside another one, those with no other such one before them.
    ///
    /// No two of them are before one another, and there are none exactly if each sibling is before or after each other
    /// one: a merge that names an old delta beside its successor is no fork.
    ///
    /// - Parameters:
    ///   - siblings: what shares a previous, each with its sequence, in any order.
    ///   - ancestry: a test of whether a sibling is before this one; asked of those with a smaller sequence only.
    /// - Complexity: for siblings with equal sequences, as honest forks have them, that of sorting; else one ancestry for
    ///   most siblings.
    package static func parting<Node>(
        _ siblings: [(node: Node, sequence: Int64)],
        ancestry: (Node) throws -> (Node) -> Bool
    ) rethrows -> [Node] {
        let ordered = siblings.sorted { $0.sequence < $1.sequence }
        func isAfter(_ later: Int, _ earlier: Int, _ test: (Node) -> Bool) -> Bool {
            ordered[earlier].sequence < ordered[later].sequence && test(ordered[earlier].node)
        }
        // The longest start in which each is after the one before it; nothing can part within.
        var chain = min(1, ordered.count)
        while chain < ordered.count,
            ordered[chain - 1].sequence < ordered[chain].sequence,
            try ancestry(ordered[chain].node)(ordered[chain - 1].node)
        { chain += 1 }
        guard chain < ordered.count else { return [] }
        // The first of the chain that one of the others isn't after: that is the first that stands beside another.
        var first = chain - 1
        for index in chain..<ordered.count where first > 0 {
            guard ordered[index].sequence > ordered[0].sequence else {
                first = 0
                break
            }
            let test = try ancestry(ordered[index].node)
            while first > 0, !isAfter(index, first - 1, test) { first -= 1 }
        }
        var parting = [first]
        for index in chain..<ordered.count {
            if ordered[index].sequence == ordered[first].sequence {
                parting.append(index)
                continue
            }
            let test = try ancestry(ordered[index].node)
            if !parting.contains(where: { isAfter(index, $0, test) }) { parting.append(index) }
        }
        return parting.map { ordered[$0].node }
    }
}

extension Fork: Comparable {
    /// Whether `left` parts first, by sequence and then by ids.
    public static func < (left: Self, right: Self) -> Bool {
        guard left.sequence == right.sequence else { return left.sequence < right.sequence }
        return left.ids.lexicographicallyPrecedes(right.ids)
    }
}
