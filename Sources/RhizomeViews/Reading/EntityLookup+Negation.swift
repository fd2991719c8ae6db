internal import Bytes
internal import RhizomeCore
internal import SignedStatements

extension EntityLookup {
    /// Whether a delta that steps 1 to 3 leave is negated.
    ///
    /// Chains are followed without recursion, breadth for breadth: of each delta the negations one by one, until one is in
    /// force. Ids are hashes of what names them, so there are no circles.
    ///
    /// - Complexity: O(what its author and moderators said of it, and so on); memory for the depth and what was settled.
    func isNegated(_ delta: ViewedDelta) throws -> Bool {
        try depend(on: .delta(delta.id))
        // Most deltas are none that anybody could negate.
        guard try mayBeNegated(delta) else { return false }
        if let known = fates.negated[delta.id] { return known }
        makeRoom()
        var stack = [try pending(delta)]
        guard !stack[0].negators.isEmpty else { return false }
        try memory.add(Fates.pendingBytes)
        while var top = stack.popLast() {
            memory.remove(Fates.pendingBytes)
            if let asked = top.asked, fates.negated[asked] == false {
                try settle(top.id, isNegated: true)
                continue
            }
            guard let next = try nextNegation(&top) else {
                try settle(top.id, isNegated: false)
                continue
            }
            top.asked = next.id
            stack.append(top)
            try memory.add(Fates.pendingBytes)
            if fates.negated[next.id] == nil {
                stack.append(try pending(next))
                try memory.add(Fates.pendingBytes)
            }
        }
        return fates.negated[delta.id] ?? false
    }

    private func settle(_ id: DeltaID, isNegated: Bool) throws {
        if fates.negated.updateValue(isNegated, forKey: id) == nil { try memory.add(Fates.settledBytes) }
    }

    /// Forgets what fills too much memory; it is looked up again.
    private func makeRoom() {
        if fates.negated.count > Fates.most {
            memory.remove(Fates.settledBytes * fates.negated.count)
            fates.negated = [:]
        }
        if fates.transactions.count > Fates.most {
            memory.remove(fates.transactions.keys.reduce(0) { $0 + Fates.transactionBytes + $1.name.count })
            fates.transactions = [:]
        }
    }

    /// A delta with who could negate it.
    private func pending(_ delta: ViewedDelta) throws -> Fates.Pending {
        try depend(on: .delta(delta.id))
        let author = try number(of: delta.author)
        var negators = try author.map { try negates($0, delta.id) ? [$0] : [] } ?? []
        let others = try moderators().filter { try $0 != author && negates($0, delta.id) }
        if !others.isEmpty, try !isWithdrawal(delta) { negators += others }
        return Fates.Pending(id: delta.id, negators: negators, before: end)
    }

    /// Whether its author or a moderator may negate a delta: as far as is known without looking for that one.
    private func mayBeNegated(_ delta: ViewedDelta) throws -> Bool {
        if let author = try number(of: delta.author), try mayNegate(author, delta.id) { return true }
        return try moderators().contains { try mayNegate($0, delta.id) }
    }

    /// Who may negate others' deltas, and does negate anything.
    private func moderators() throws -> [Int64] {
        if let known = fates.moderators { return known }
        let numbers = try perspective.moderators.subtracting(perspective.without).compactMap { try number(of: $0) }
        let moderators = try numbers.filter { try mayNegate($0, nil) }
        fates.moderators = moderators
        return moderators
    }

    /// Whether an author may negate a delta: as far as is known without looking for that one.
    private func mayNegate(_ author: Int64, _ id: DeltaID?) throws -> Bool {
        if let known = fates.negatedBy[author]?.negates(id) { return known }
        var negated = fates.negatedBy[author] ?? Fates.Negated()
        let before = fates.negatedBy[author] == nil ? 0 : negated.bytes
        let isPossible = try negated.mayHave(id) { try snapshot.negatedPrefixes(by: author, limit: $0) }
        try memory.add(negated.bytes - before)
        fates.negatedBy[author] = negated
        return isPossible
    }

    /// Whether an author negates a delta, left by the steps or not.
    private func negates(_ author: Int64, _ id: DeltaID) throws -> Bool {
        try mayNegate(author, id) && !snapshot.negations(of: id, by: author, before: end, limit: 1).isEmpty
    }

    /// Runs through what an author negates a delta of its own by, up to the position: left by the steps or not.
    func forEachOwnNegation(of delta: ViewedDelta, _ body: (ViewedDelta) throws -> Void) throws {
        try forEachNegation(of: delta, by: delta.author) { negation, _ in try body(negation) }
    }

    /// Runs through what an author negates a delta by, up to the position: left by the steps or not.
    func forEachNegation(
        of delta: ViewedDelta,
        by author: PublicKey,
        _ body: (_ negation: ViewedDelta, _ position: Int64) throws -> Void
    ) throws {
        guard let author = try number(of: author), try mayNegate(author, delta.id) else { return }
        var before: Word?
        while true {
            let page = try snapshot.negations(of: delta.id, by: author, before: before, limit: Fates.Pending.page)
            for word in page where word.position <= position {
                let negation = try self.delta(at: word.position)
                if negation.negates.contains(delta.id) { try body(negation, word.position) }
            }
            guard page.count == Fates.Pending.page else { return }
            before = page.last
        }
    }

    /// Whether a delta negates one by its own author that steps 1 to 3 leave: nobody else takes that back.
    private func isWithdrawal(_ delta: ViewedDelta) throws -> Bool {
        try delta.negates.contains { id in
            try depend(on: .delta(id))
            guard let target = try self.delta(id) else {
                try keeper?.expect(id, by: delta.author, memory)
                return false
            }
            guard target.author == delta.author else { return false }
            try keeper?.depend(on: target, memory)
            return try isLeft(target)
        }
    }

    /// The next delta that negates one and is left by steps 1 to 3.
    private func nextNegation(_ pending: inout Fates.Pending) throws -> ViewedDelta? {
        while true {
            if let word = pending.words.popLast() {
                guard word.position <= position else { continue }
                let delta = try delta(at: word.position)
                // Another id may begin alike.
                guard delta.negates.contains(pending.id) else { continue }
                try keeper?.depend(on: delta, memory)
                if try isLeft(delta) { return delta }
                continue
            }
            guard let author = pending.negators.last else { return nil }
            let page = try snapshot.negations(
                of: pending.id,
                by: author,
                before: pending.before,
                limit: Fates.Pending.page
            )
            pending.words = page.reversed()
            pending.before = page.last
            if page.count < Fates.Pending.page {
                pending.negators.removeLast()
                pending.before = end
            }
        }
    }
}
