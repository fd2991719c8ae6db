internal import Bytes
internal import RhizomeCore
internal import SignedStatements

extension EntityLookup {
    /// A fold on its way.
    private struct Run<Reduction: Resolver> {
        var folding: Folding<Reduction>
        /// Deltas that wait for their transactions.
        var open: [Int64] = []
    }

    /// Folds over all that is in force of a property, on from where an earlier reading came where that was kept.
    ///
    /// - Complexity: O(what was said of the property) in time, or O(what was said of the entity since); the memory is that
    ///   of the resolver's states.
    func fold<Reduction: Resolver>(
        by resolver: Reduction,
        over statements: Statements
    ) throws -> Folding<Reduction> {
        // What is kept is kept by the property's name alone.
        guard let keeper, statements.role == nil else {
            var run = Run(folding: Folding(by: resolver))
            try foldAll(statements, &run)
            return run.folding
        }
        let authors = perspective.refusesForked ? Set(statements.ends.map(\.stream.author)) : []
        let key = keeper.key(of: statements.property, of: statements.id, by: resolver)
        if let kept = try keeper.fold(key, in: self), let folding = kept.folding as? Folding<Reduction>,
            // Who has several heads now, or hasn't any more, counts otherwise than before.
            kept.authors == authors
        {
            var run = Run(folding: folding)
            try memory.add(folding.bytes)
            for position in kept.open {
                try goOn(statements, &run, at: position)
            }
            if kept.position < self.position {
                keeper.keep(run.folding, as: key, open: run.open, authors: authors, at: self.position, from: kept)
            }
            return run.folding
        }
        var run = Run(folding: Folding(by: resolver))
        if try foldAll(statements, &run) >= keeper.worthKeeping {
            keeper.keep(run.folding, as: key, open: run.open, authors: authors, at: position)
        }
        return run.folding
    }

    /// Folds over all words of a property.
    ///
    /// - Returns: how many there are.
    @discardableResult
    private func foldAll(_ statements: Statements, _ run: inout Run<some Resolver>) throws -> Int {
        var count = 0
        for end in statements.ends {
            try forEachDelta(ofReversed: end) { delta, position in
                count += 1
                // One that stands in several of these streams counts once.
                let first = statement(of: statements.property, entity: statements.id, in: delta)
                guard let first, WordRole.localClass(of: first.localContext) == end.stream.role.localClass else {
                    return
                }
                let value = statements.role == nil ? first.value : self.value(delta, statements)
                try fold(delta, saying: value, &run, at: position)
            }
        }
        return count
    }

    /// Folds in what came since, or waited, where it is about the property.
    private func goOn(_ statements: Statements, _ run: inout Run<some Resolver>, at position: Int64) throws {
        // What is later than the state that is read has come during this reading, at whose end it is told again.
        guard position <= self.position else { return }
        let delta = try delta(at: position)
        guard try isShown(delta.author) else { return }
        try fold(delta, saying: value(delta, statements), &run, at: position)
    }

    /// - Parameter value: what the delta gives the property; `nil` where it gives none.
    private func fold(
        _ delta: ViewedDelta,
        saying value: Value?,
        _ run: inout Run<some Resolver>,
        at position: Int64
    ) throws {
        guard let value else { return }
        let isInForce = try isInForce(delta)
        guard try isInForce || isLeft(delta) else {
            // Its transaction may be complete one day.
            if keeper != nil, perspective.leaves(delta) {
                run.open.append(position)
                try memory.add(8)
            }
            return
        }
        try keeper?.depend(on: delta, memory)
        guard isInForce else { return }
        try memory.add(run.folding.add(Assertion(value: value, delta: delta)))
    }
}
