internal import Bytes
internal import RhizomeCore
internal import StrictJSON

extension EntityLookup {
    // MARK: - Values

    /// An entity with its properties' values, or `nil` where it isn't visible.
    func view(of id: Text, resolver: @escaping @Sendable (_ property: Text) -> any Resolver) throws -> EntityView? {
        var values = EntityValues(id: id, resolver: resolver)
        var properties = JSONObject()
        while let (name, value) = try values.next(in: self) {
            properties.append(name, value)
            try memory.addShown(100 + name.count + value.approximateBytes)
        }
        guard try values.isVisible || isNamed(id) else { return nil }
        return EntityView(id: id, properties: properties)
    }

    /// The value of a property by what was said of it, and whether anything of that is in force.
    func value(
        of property: Text,
        _ id: Text,
        by resolver: some Resolver,
        from streams: [StreamEnd]
    ) throws -> (value: JSONValue?, isVisible: Bool) {
        try resolve(resolver, Statements(id: id, property: property, ends: streams))
    }

    /// Whether a delta in force refers to the entity and gives no property a value.
    func isNamed(_ id: Text) throws -> Bool {
        try isAnyInForce(streams(of: id).filter { !$0.stream.role.hasValue })
    }

    /// The last statement that is in force of each of some properties, as last-write-wins takes them.
    func lastStatements(of id: Text, on properties: Set<Text>) throws -> [Text: Assertion] {
        var last: [Text: Assertion] = [:]
        for statements in try statements(of: id, among: try streams(of: id, on: properties)) {
            guard let statement = try lastStatement(statements) else { continue }
            last[statements.property] = statement
            try memory.add(statement.approximateBytes)
        }
        return last
    }

    /// What a PUT is held against.
    func current(for put: EntityPut) throws -> EntityPut.Current {
        EntityPut.Current(
            last: try lastStatements(of: put.id, on: Set(put.properties.map(\.name))),
            isReferenced: try isVisible(put.id, referencedAs: put.collection)
        )
    }

    /// Whether a delta about the entity is in force.
    func isVisible(_ id: Text) throws -> Bool {
        try isAnyInForce(of: id, by: { _ in true }, in: { _ in true }, where: { _ in true })
    }

    /// Whether a delta about the entity is in force, others than those about one property.
    func isVisible(_ id: Text, otherThanBy property: Text) throws -> Bool {
        let number = try context(property)
        return try isAnyInForce(
            of: id,
            by: { _ in true },
            in: { $0.property != number },
            where: { _ in true }
        )
    }

    /// Whether a delta in force refers to the entity by this local context.
    func isVisible(_ id: Text, referencedAs localContext: Text) throws -> Bool {
        guard let number = try context(localContext) else { return false }
        let localClass = WordRole.localClass(of: localContext)
        return try isAnyInForce(
            of: id,
            by: { try self.snapshot.refers($0, to: id, by: number) },
            in: { $0.localClass == localClass },
            where: { $0.refers(to: id, as: localContext) }
        )
    }

    /// The last writes of an entity that is visibly referenced under a name and has a value; else `nil`.
    func member(_ id: Text, of collection: Text) throws -> EntityView? {
        guard try isVisible(id, referencedAs: collection),
            let view = try view(of: id, resolver: { _ in LastWriteWins() }), view.hasValues
        else { return nil }
        return view
    }

    /// Whether a delta about an entity is in force that stands in some roles and for which something holds.
    private func isAnyInForce(
        of id: Text,
        by isRead: (_ author: Int64) throws -> Bool,
        in isMeant: (WordRole) -> Bool,
        where holds: (ViewedDelta) -> Bool
    ) throws -> Bool {
        var isFound = false
        var others: [StreamEnd] = []
        // Most often the first stream's last word is: no more is looked at then, however many streams there are.
        try forEachStream(of: id, by: isRead) { end in
            guard isMeant(end.stream.role) else { return true }
            try forEachWord(ofReversed: end) { word in
                let delta = try delta(at: word.position)
                isFound = try holds(delta) && isInForce(delta)
                if !isFound {
                    others.append(end)
                    try memory.add(Self.streamBytes)
                }
                return false
            }
            return !isFound
        }
        return try isFound || isAnyInForce(others, where: holds)
    }

    private func isAnyInForce(
        _ streams: [StreamEnd],
        where holds: (ViewedDelta) -> Bool = { _ in true }
    ) throws -> Bool {
        for end in streams.sorted(by: { $0.last > $1.last }) {
            var isFound = false
            try forEachWord(ofReversed: end) { word in
                let delta = try delta(at: word.position)
                isFound = try holds(delta) && isInForce(delta)
                return !isFound
            }
            if isFound { return true }
        }
        return false
    }

    // MARK: - Statements

    /// What was said of one property, by author and role.
    struct Statements {
        let id: Text
        let property: Text
        let ends: [StreamEnd]
        /// The local context of the pointer that holds the value; the property's name where `nil`.
        ///
        /// Where it isn't, there may be deltas that give the property no value by it, and ``ends`` are all streams of it.
        var role: Text?
    }

    private func statements(of id: Text, among streams: [StreamEnd]) throws -> [Statements] {
        try Dictionary(grouping: streams.filter(\.stream.role.hasValue), by: \.stream.role.property).values
            .map { Statements(id: id, property: try property(of: $0[0].stream), ends: $0) }
    }

    @_specialize(where Reduction == Sum)
    @_specialize(where Reduction == Average)
    func resolve<Reduction: Resolver>(
        _ resolver: Reduction,
        _ statements: Statements
    ) throws -> (value: JSONValue?, isVisible: Bool) {
        var folding = Folding(by: resolver)
        // Only what it gives is held on to.
        defer { memory.remove(folding.bytes) }
        func take(_ assertion: Assertion?) throws {
            if let assertion { try memory.add(folding.add(assertion)) }
        }
        switch resolver.basis {
        case .last: try take(lastStatement(statements))
        case .first: try take(firstStatement(statements))
        case .lastOfEachAuthor:
            for own in byAuthor(statements) { try take(lastStatement(own)) }
        case .all: folding = try fold(by: resolver, over: statements)
        }
        return (folding.value, !folding.isEmpty)
    }

    /// What a delta says of the property.
    private func assertion(_ delta: ViewedDelta, _ statements: Statements) -> Assertion? {
        value(delta, statements).map { Assertion(value: $0, delta: delta) }
    }

    /// The value that a delta gives the property.
    func value(_ delta: ViewedDelta, _ statements: Statements) -> Value? {
        guard let role = statements.role else {
            return statement(of: statements.property, entity: statements.id, in: delta)?.value
        }
        return delta.pointers.value(of: statements.property, as: role, entity: statements.id)
    }

    /// Whether a delta gives the property a value and is in force.
    private func counts(_ delta: ViewedDelta, _ statements: Statements) throws -> Bool {
        // Where no role is named, the streams tell.
        guard statements.role == nil || value(delta, statements) != nil else { return false }
        return try isInForce(delta)
    }

    /// The same of each author.
    func byAuthor(_ statements: Statements) -> [Statements] {
        Dictionary(grouping: statements.ends, by: \.stream.author).values.map { ends in
            Statements(id: statements.id, property: statements.property, ends: ends, role: statements.role)
        }
    }

    /// The last word that is in force.
    func lastStatement(_ statements: Statements) throws -> Assertion? {
        try last(of: statements.ends) { try counts($0, statements) }.flatMap { assertion($0, statements) }
    }

    /// All that is in force.
    func allStatements(_ statements: Statements) throws -> [Assertion] {
        var all: [DeltaID: Assertion] = [:]
        for end in statements.ends {
            try forEachDelta(ofReversed: end) { delta, _ in
                guard all[delta.id] == nil, try counts(delta, statements) else { return }
                guard let assertion = assertion(delta, statements) else { return }
                try memory.add(assertion.approximateBytes)
                all[delta.id] = assertion
            }
        }
        return Array(all.values)
    }

    /// The first word that is in force.
    func firstStatement(_ statements: Statements) throws -> Assertion? {
        var first: ViewedDelta?
        for end in statements.ends {
            var moment: WordMoment?
            try forEachWord(of: end.stream) { word in
                // All of one moment are looked at: their ids decide.
                if let moment, word.moment > moment { return false }
                let delta = try delta(at: word.position)
                if try counts(delta, statements) {
                    moment = word.moment
                    if first.map({ delta.moment < $0.moment }) ?? true { first = delta }
                }
                return true
            }
        }
        return first.flatMap { assertion($0, statements) }
    }

    // MARK: - Delta by delta

    /// Runs through all deltas about an entity that steps 1 to 3 leave, by (timeCreated, id bytes).
    ///
    /// - Parameter body: gets each delta, and whether steps 5 and 6 leave it too.
    /// - Returns: whether step 3 left out none.
    func forEachDelta(about id: Text, _ body: (_ delta: ViewedDelta, _ isShown: Bool) throws -> Void) throws -> Bool {
        var isComplete = true
        let streams = try allStreams(of: id)
        let shown = try Set(streams.map(\.stream.author).filter(isShown))
        var merge = WordMerge(streams)
        while try !merge.opens(in: self) {}
        while let (position, author) = try merge.next(in: self) {
            let delta = try delta(at: position)
            guard perspective.leaves(delta) else { continue }
            guard try isLeft(delta) else {
                isComplete = false
                continue
            }
            try body(delta, try shown.contains(author) && passes(delta))
        }
        return isComplete
    }

    /// What is visible of some entities.
    func visibleDeltas(about entities: [Text]) throws -> VisibleDeltas {
        var deltas: [DeltaID: ViewedDelta] = [:]
        var negated: Set<DeltaID> = []
        var incomplete: Set<Text> = []
        for entity in Set(entities) {
            let isComplete = try forEachDelta(about: entity) { delta, isShown in
                guard isShown, deltas.updateValue(delta, forKey: delta.id) == nil else { return }
                try memory.addShown(delta.approximateBytes)
                if try isNegated(delta) { negated.insert(delta.id) }
            }
            if !isComplete { incomplete.insert(entity) }
        }
        return VisibleDeltas(
            deltas: deltas.values.sorted { $0.moment < $1.moment },
            negated: negated,
            incomplete: incomplete
        )
    }
}
