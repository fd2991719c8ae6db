internal import Bytes
internal import RhizomeCore
internal import SignedStatements
internal import StrictJSON

extension EntityLookup {
    /// All that was said of an entity's properties, and why it counts or doesn't.
    ///
    /// - Parameters:
    ///   - properties: those that are asked about; all where `nil`.
    ///   - limit: how many words at most that don't count are told of each property.
    /// - Complexity: O(authors × properties) and, of each property, O(what is told of it, and what was said since the
    ///   oldest of that); for resolvers that look at all assertions, all that was said of it. The others are counted in
    ///   the index.
    func blame(
        of id: Text,
        in collection: Text?,
        on properties: Set<Text>?,
        limit: Int
    ) throws -> [EntityBlame.Property] {
        let streams = try everyStream(of: id, on: properties)
        return try Dictionary(grouping: streams, by: \.stream.role.property).values
            .map { (name: try property(of: $0[0].stream), ends: $0) }
            .sorted { $0.name < $1.name }
            .map { try blame(of: id, in: collection, on: $0.name, $0.ends, limit: limit) }
    }

    private func blame(
        of id: Text,
        in collection: Text?,
        on property: Text,
        _ ends: [StreamEnd],
        limit: Int
    ) throws -> EntityBlame.Property {
        let standard = perspective.resolvers.resolver(of: property, in: collection) ?? .lastWriteWins
        let shown = try ends.filter { try $0.stream.role.hasValue && isShown($0.stream.author) }
        let statements = Statements(id: id, property: property, ends: shown)
        let resolver = standard.resolver(ranking: perspective.ranking)
        let value = try self.value(of: property, id, by: resolver, from: shown).value
        let judge = try BlameJudge(
            of: standard,
            value: value,
            ranking: ByRank(authors: perspective.ranking),
            last: { try lastStatement(statements) },
            first: { try firstStatement(statements) },
            lastOfEach: { try byAuthor(statements).compactMap { try lastStatement($0) } }
        )
        func word(_ delta: ViewedDelta, _ value: Value?) throws -> EntityBlame.Word {
            let word = EntityBlame.Word(
                delta: delta.id,
                creator: delta.author,
                timeCreated: delta.timeCreated,
                value: value
            )
            try memory.addShown(word.approximateBytes)
            return word
        }
        var because = try judge.chosen?.map { try word($0.delta, $0.value) } ?? []
        var over: [EntityBlame.Overruled] = []
        var overCount: Int64 = 0
        var merge = WordMerge(backwards: ends)
        while try !merge.opens(in: self) {}
        while let (position, author) = try merge.next(in: self) {
            if judge.chosen != nil, over.count == limit {
                let all = try ends.reduce(0) { try $0 + count(of: $1) }
                overCount = all - Int64(because.count)
                break
            }
            let delta = try delta(at: position)
            guard let statement = statement(of: property, entity: id, in: delta) else { continue }
            if let why = try overruling(of: delta, by: author, saying: statement.value, judge) {
                overCount += 1
                guard over.count < limit else { continue }
                over.append(EntityBlame.Overruled(word: try word(delta, statement.value), why: why))
            } else if judge.chosen == nil {
                because.append(try word(delta, statement.value))
            }
        }
        return EntityBlame.Property(
            name: property,
            value: value,
            resolver: standard,
            because: because,
            over: over,
            overCount: overCount
        )
    }

    private func count(of end: StreamEnd) throws -> Int64 {
        try snapshot.count(of: end.stream, before: nil, upTo: position, limit: .max)
    }

    /// Why what a delta says of a property doesn't count, by the first step that leaves it out; `nil` where it counts.
    private func overruling(
        of delta: ViewedDelta,
        by author: Int64,
        saying value: Value?,
        _ judge: BlameJudge
    ) throws -> Overruling? {
        if perspective.isExcluded(delta) { return .distrusted }
        if let asOf = perspective.asOf, delta.timeCreated > asOf { return .future }
        guard try isLeft(delta) else { return .incomplete }
        if try isNegated(delta) { return .negated }
        guard perspective.authors?.contains(delta.author) != false, !perspective.without.contains(delta.author) else {
            return .outside
        }
        guard try isShown(author) else { return .forked }
        guard try passes(delta) else { return .outside }
        guard let value else { return .noValue }
        return judge.overruling(of: Assertion(value: value, delta: delta))
    }
}
