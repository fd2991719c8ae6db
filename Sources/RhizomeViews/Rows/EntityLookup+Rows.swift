internal import Bytes
internal import RhizomeCore
internal import SignedStatements
internal import StrictJSON

extension EntityLookup {
    /// The properties that rows have, with their resolvers, looked up once for many entities.
    struct RowProperties {
        /// A property, its number, and how it is resolved.
        struct Property {
            let name: Text
            let number: Int64?
            let standard: StandardResolver
            let resolver: any Resolver
        }

        /// In the order of the row's cells.
        let properties: [Property]
        /// The numbers of those that any delta is about, ascending.
        let numbers: [Int64]
    }

    /// What is to be known of properties before rows are made.
    func rowProperties(_ names: [Text], in collection: Text?) throws -> RowProperties {
        let properties = try names.map { name in
            RowProperties.Property(
                name: name,
                number: try context(name),
                standard: perspective.resolvers.resolver(of: name, in: collection) ?? .lastWriteWins,
                resolver: perspective.resolver(of: name, in: collection)
            )
        }
        return RowProperties(properties: properties, numbers: Set(properties.compactMap(\.number)).sorted())
    }

    /// An entity as a row; `nil` where it isn't visible.
    ///
    /// - Parameters:
    ///   - collection: under which name it has to be referenced; any where `nil`.
    ///   - tellsBecause: whether it is told on which deltas the row rests.
    /// - Complexity: that of the properties' resolvers; besides a look-up where none of their deltas names the collection.
    func row(
        of id: Text,
        in collection: Text?,
        _ wanted: RowProperties,
        tellsBecause: Bool
    ) throws -> EntityRow? {
        guard let entity = try entity(id) else { return nil }
        var streams: [StreamEnd] = []
        try snapshot.forEachStream(of: entity, on: wanted.numbers, by: isShown) { end in
            if end.stream.role.hasValue { streams.append(end) }
            return true
        }
        var isMember = false
        var cells: [EntityRow.Cell] = []
        for property in wanted.properties {
            let statements = Statements(
                id: id,
                property: property.name,
                ends: streams.filter { $0.stream.role.property == property.number }
            )
            let cell = try self.cell(property, statements, tellsBecause: tellsBecause) { delta in
                isMember = isMember || collection.map { delta.refers(to: id, as: $0) } ?? true
            }
            cells.append(cell)
            try memory.add(EntityRow.cellBytes + (cell.value?.approximateBytes ?? 0))
        }
        // Most often what gives a property its value is what makes the entity a member.
        guard try isMember || isReferenced(id, as: collection) else { return nil }
        let first = tellsBecause ? try firstReference(to: id, as: collection) : nil
        return EntityRow(id: id, because: first.map { [$0] } ?? [], cells: cells)
    }

    /// An entity with all that it has but what is reserved, as a row; `nil` where it isn't visible.
    func wholeRow(of id: Text, in collection: Text?, tellsBecause: Bool) throws -> EntityRow? {
        var names: Set<Text> = []
        try forEachStream(of: id) { end in
            guard end.stream.role.hasValue else { return true }
            let name = try property(of: end.stream)
            if !ControlName.isReserved(name), name != "id" { names.insert(name) }
            return true
        }
        let wanted = try rowProperties(names.sorted(), in: collection)
        return try row(of: id, in: collection, wanted, tellsBecause: tellsBecause)
    }

    private func isReferenced(_ id: Text, as collection: Text?) throws -> Bool {
        try collection.map { try isVisible(id, referencedAs: $0) } ?? isVisible(id)
    }

    private func cell(
        _ property: RowProperties.Property,
        _ statements: Statements,
        tellsBecause: Bool,
        _ note: (ViewedDelta) -> Void
    ) throws -> EntityRow.Cell {
        if case .lastWriteWins = property.standard {
            let last = try lastStatement(statements)
            if let last { note(last.delta) }
            let because = tellsBecause ? last.map { [$0.delta.id] } ?? [] : []
            return EntityRow.Cell(property: property.name, value: last?.value.json, because: because)
        }
        let value = try self.value(of: property.name, statements.id, by: property.resolver, from: statements.ends).value
        guard tellsBecause, value != nil else {
            return EntityRow.Cell(property: property.name, value: value, because: [])
        }
        let because = try self.because(property.standard, value, statements)
        return EntityRow.Cell(property: property.name, value: value, because: because)
    }

    /// The deltas whose values a resolver shows (spec: query.md, "Provenance").
    private func because(
        _ resolver: StandardResolver,
        _ value: JSONValue?,
        _ statements: Statements
    ) throws -> [DeltaID] {
        let judge = try BlameJudge(
            of: resolver,
            value: value,
            ranking: ByRank(authors: perspective.ranking),
            last: { try lastStatement(statements) },
            first: { try firstStatement(statements) },
            lastOfEach: { try byAuthor(statements).compactMap { try lastStatement($0) } }
        )
        if let chosen = judge.chosen { return chosen.map(\.delta.id) }
        var because: [DeltaID] = []
        for end in statements.ends {
            try forEachDelta(ofReversed: end) { delta, _ in
                guard let value = statement(of: statements.property, entity: statements.id, in: delta)?.value,
                    try isInForce(delta), judge.overruling(of: Assertion(value: value, delta: delta)) == nil
                else { return }
                try memory.add(MemoryLayout<DeltaID>.stride)
                because.append(delta.id)
            }
        }
        return because
    }

    /// The least delta in force that refers to an entity, by a local context where one is told.
    private func firstReference(to id: Text, as localContext: Text?) throws -> DeltaID? {
        let localClass = localContext.map { WordRole.localClass(of: $0) }
        var first: Moment?
        for end in try streams(of: id) where localClass.map({ $0 == end.stream.role.localClass }) ?? true {
            var found: WordMoment?
            try forEachWord(of: end.stream) { word in
                // All of one moment are looked at: their ids decide.
                if let found, word.moment > found { return false }
                let delta = try delta(at: word.position)
                guard localContext.map({ delta.refers(to: id, as: $0) }) ?? true, try isInForce(delta) else {
                    return true
                }
                found = word.moment
                if first.map({ delta.moment < $0 }) ?? true { first = delta.moment }
                return true
            }
        }
        return first?.id
    }

    /// Runs through the deltas in force about a property of some entities; one may come several times.
    func forEachDelta(about property: Text, of ids: [Text], _ body: (ViewedDelta) throws -> Void) throws {
        guard let number = try context(property) else { return }
        for id in ids {
            guard let entity = try entity(id) else { continue }
            var ends: [StreamEnd] = []
            try snapshot.forEachStream(of: entity, on: [number], by: isShown) { end in
                ends.append(end)
                return true
            }
            for end in ends {
                try forEachWord(of: end.stream) { word in
                    let delta = try delta(at: word.position)
                    if try isInForce(delta) { try body(delta) }
                    return true
                }
            }
        }
    }

    /// The authors whose forks keep them out, of all who refer to anything.
    func allForkedAuthors() throws -> Set<PublicKey> {
        var forked: Set<PublicKey> = []
        var last: Int64 = 0
        while let author = try snapshot.author(referringBy: nil, after: last) {
            last = author
            let key = try key(of: author)
            if try isRefused(key) { forked.insert(key) }
        }
        return forked
    }
}
