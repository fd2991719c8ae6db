internal import RhizomeCore
internal import SignedStatements

/// Which deltas are negated among those that steps 1 to 3 leave (spec: views.md, "Negation").
enum Negations {
    /// Works out chains of any length, in whatever order they came.
    ///
    /// A delta is settled once all that could negate it are: from the ends of the chains inwards, without recursion.
    /// Ids are hashes of what names them, so there are no circles; were there one, what lies on it would stay in force.
    ///
    /// - Complexity: O(deltas and their negating pointers).
    static func negated(among deltas: [ViewedDelta], moderators: Set<PublicKey>) -> Set<DeltaID> {
        let negations = deltas.compactMap { delta in
            let targets = Set(delta.negates)
            return targets.isEmpty ? nil : (delta: delta, targets: targets)
        }
        guard !negations.isEmpty else { return [] }
        let authors = Dictionary(uniqueKeysWithValues: deltas.lazy.map { ($0.id, $0.author) })
        // What an author took back, nobody else brings back.
        let withdrawals = Set(
            negations.lazy.filter { delta, targets in targets.contains { authors[$0] == delta.author } }.map(\.delta.id)
        )
        var targets: [DeltaID: [DeltaID]] = [:]
        var unsettled: [DeltaID: Int] = [:]
        for negation in negations {
            let isModerator = moderators.contains(negation.delta.author)
            for target in negation.targets {
                guard let author = authors[target],
                    author == negation.delta.author || isModerator && !withdrawals.contains(target)
                else { continue }
                targets[negation.delta.id, default: []].append(target)
                unsettled[target, default: 0] += 1
            }
        }
        var negated: Set<DeltaID> = []
        var settled = targets.keys.filter { unsettled[$0] == nil }
        while let id = settled.popLast() {
            let isInForce = !negated.contains(id)
            for target in targets[id] ?? [] {
                if isInForce { negated.insert(target) }
                unsettled[target, default: 0] -= 1
                if unsettled[target] == 0 { settled.append(target) }
            }
        }
        return negated
    }
}
