internal import Bytes
internal import RhizomeCore
internal import SignedStatements
internal import StrictJSON

/// Works out what a PUT comes to in one state of the log, by the schemas that it goes through.
struct PutPlanning {
    /// A schema that is to hold.
    struct Rules {
        /// As it is told.
        let name: Text
        let schema: SchemaDefinition
    }

    /// What is to be written of one property.
    private enum Written {
        case value(Value)
        case list([Value])

        var json: JSONValue {
            switch self {
            case .value(let value): value.json
            case .list(let values): .array(values.map(\.json))
            }
        }

        /// The values that a property of many is to have.
        var values: [Value]? {
            switch self {
            case .value(.null): []
            case .value: nil
            case .list(let values): values.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
            }
        }
    }

    private let lookup: EntityLookup
    private let put: EntityPut
    private let own: PublicKey
    private let rules: [Rules]
    private let written: [(name: Text, what: Written)]
    /// What was looked up: one property may be needed by several schemas.
    private var assertions: [Text: [Assertion]] = [:]
    private let streams: [Text: [StreamEnd]]

    /// - Parameter rules: by which it goes, one at least; how a property is written says the first that has it.
    init(_ lookup: EntityLookup, _ put: EntityPut, by own: PublicKey, through rules: [Rules]) throws {
        self.lookup = lookup
        self.put = put
        self.own = own
        self.rules = rules
        written = put.properties.map { ($0.name, .value($0.value)) } + put.lists.map { ($0.name, .list($0.values)) }
        var streams: [Text: [StreamEnd]] = [:]
        for end in try lookup.streams(of: put.id, on: Set(written.map(\.name))) {
            streams[try lookup.property(of: end.stream), default: []].append(end)
        }
        self.streams = streams
    }

    /// What it comes to.
    mutating func plan(transaction: () -> Text) throws -> PutPlan {
        do {
            for rules in rules {
                let found = try violations(of: rules)
                guard found.isEmpty else {
                    let told = Array(found.prefix(SchemaViolations.most))
                    return .refused(SchemaViolations(schema: rules.name, items: told))
                }
            }
            let planned = try deltas()
            guard planned.count <= EntityPut.mostProperties else {
                throw FieldError(
                    .count,
                    field: "properties",
                    "one PUT has at most \(EntityPut.mostProperties) properties and values, and this changes "
                        + "\(planned.count): write it in parts"
                )
            }
            return .write(planned.together(in: transaction()))
        } catch let error as FieldError {
            return .refused(error)
        } catch let error as OthersValues {
            return .refused(error)
        } catch let error as JSONLogicError {
            return .refused(error.of(rule: "derived"))
        }
    }

    // MARK: - Checking

    /// What would be wrong with the entity as the writer would see it.
    private mutating func violations(of rules: Rules) throws -> [SchemaViolations.Item] {
        let schema = rules.schema
        var found: [SchemaViolations.Item] = []
        func note(_ property: Text, _ violation: SchemaProperty.Violation) {
            found.append(.init(property: property, violation: violation))
        }
        let names = Set(written.map(\.name))
        var values = try lookup.values(of: put.id, in: put.collection, by: schema) { !names.contains($0.name) }
        for (name, what) in written {
            guard let place = schema.place(of: name) else {
                if !schema.isOpen, what.json != .null {
                    note(name, .init(rule: .unexpected, value: what.json, expected: .null))
                }
                continue
            }
            let property = schema.properties[place]
            if let rule = property.derived {
                note(name, .init(rule: .derived, value: what.json, expected: rule.rule.json))
            } else if property.kind == .relation {
                note(name, .init(rule: .type, value: what.json, expected: .string(property.kind.rawValue)))
            } else if case .list(let items) = what, property.isMany, items.contains(.null) {
                note(name, .init(rule: .type, value: .null, expected: .string(property.kind.rawValue)))
            } else if let value = try value(of: property, being: what) {
                values.set(place, .value(value))
            }
        }
        // Of one that is deleted nothing has to be there.
        if !values.isSaid, written.allSatisfy({ $0.what.values?.isEmpty == true }) { return found }
        var budget = JSONLogicBudget()
        try values.complete(within: &budget)
        found += values.faults
        if !schema.isOpen {
            for (name, value) in try lookup.unexpected(of: put.id, in: put.collection, by: schema)
            where !names.contains(name) {
                note(name, .init(rule: .unexpected, value: value, expected: .null))
            }
        }
        return found
    }

    /// The value that a property would have.
    private mutating func value(of property: SchemaProperty, being what: Written) throws -> JSONValue? {
        // Of many the difference is written, so that these are what there is.
        if property.isMany, let values = what.values { return values.isEmpty ? nil : .array(values.map(\.json)) }
        guard case .value(let value) = what, !property.isMany, let resolver = property.resolver?.resolver(),
            !(resolver is LastWriteWins)
        else { return what.json }
        let last = try assertions(of: property).map(\.delta.moment).max()
        let delta = ViewedDelta(
            id: DeltaID(Bytes32(repeating: 0)),
            author: own,
            timeCreated: last?.timeCreated.next ?? Timestamp(microseconds: 0),
            pointers: []
        )
        return resolver.resolve(try assertions(of: property) + [Assertion(value: value, delta: delta)])
    }

    /// What is in force of a property as a schema reads it.
    private mutating func assertions(of property: SchemaProperty) throws -> [Assertion] {
        let key = Text("\(property.role)\0\(property.name)")
        if let known = assertions[key] { return known }
        let found = try lookup.allStatements(property.statements(of: put.id, among: streams[property.name] ?? []))
        assertions[key] = found
        return found
    }

    // MARK: - Writing

    private mutating func deltas() throws -> [PlannedDelta] {
        let isReferenced = try lookup.isVisible(put.id, referencedAs: put.collection)
        var planned: [PlannedDelta] = []
        for (name, what) in written {
            let property = rules.lazy.compactMap { $0.schema[name] }.first
            if let property, property.isMany, let values = what.values {
                planned += try difference(property, to: values, isReferenced: isReferenced)
                continue
            }
            guard case .value(let value) = what else { throw EntityPut.noList(name) }
            let ends = streams[name] ?? []
            let statements =
                property?.statements(of: put.id, among: ends)
                ?? EntityLookup.Statements(id: put.id, property: name, ends: ends.filter(\.stream.role.hasValue))
            let last = try lookup.lastStatement(statements)
            let changes =
                put.saysAll || (last == nil ? value != .null : !isReferenced || value != last?.value)
            // What stands in anyway is never written.
            let isDefault = property?.defaultValue.map { $0 == value.json } ?? false
            guard changes, !isDefault || put.saysAll || last.map({ $0.value != .null }) ?? false else { continue }
            planned.append(
                PlannedDelta(
                    pointers: try pointers(name, value, property),
                    replacedTime: last?.delta.timeCreated
                )
            )
        }
        return planned
    }

    /// What makes the values of a property of many these: a delta for each that is added, a negation for each delta of our
    /// own that asserts one that is removed.
    private mutating func difference(
        _ property: SchemaProperty,
        to values: [Value],
        isReferenced: Bool
    ) throws -> [PlannedDelta] {
        let asserted = Dictionary(grouping: try assertions(of: property), by: \.value)
        let wanted = Set(values)
        let removed = asserted.filter { $0.key != .null && !wanted.contains($0.key) }
        let others = removed.filter { $0.value.contains { $0.delta.author != own } }
        guard others.isEmpty else {
            let creators = Set(others.values.joined().map(\.delta.author)).subtracting([own])
            throw OthersValues(
                property: property.name,
                values: others.keys.map(\.json).sorted { $0.encoded.lexicographicallyPrecedes($1.encoded) },
                creators: creators.sorted()
            )
        }
        let added = values.filter { value in
            guard isReferenced, let assertions = asserted[value] else { return true }
            return put.saysAll && !assertions.contains { $0.delta.author == own }
        }
        return try added.map { PlannedDelta(pointers: try pointers(property.name, $0, property)) }
            + removed.values.joined().map(\.delta).sorted { $0.moment < $1.moment }.map {
                PlannedDelta(pointers: .negation(of: $0.id), replacedTime: $0.timeCreated)
            }
    }

    /// What a delta says that gives a property a value; a reference points to the entity, so that it finds back.
    private func pointers(_ name: Text, _ value: Value, _ property: SchemaProperty?) throws(FieldError) -> [Pointer] {
        let role = property?.role ?? name
        let subject = Pointer(put.collection, entity: put.id, targetContext: name)
        guard let reference = property?.reference, case .text(let id) = value else {
            return [subject, Pointer(role, value)]
        }
        let inverse = reference.inverse ?? SchemaProperty.inverse(of: name, in: put.collection)
        try FieldError.checkName(id, field: name.string)
        try FieldError.checkName(inverse, field: name.string)
        return [subject, Pointer(role, entity: id, targetContext: inverse)]
    }
}

extension EntityLookup {
    /// What a PUT comes to: through the writer's own schema that is called like the collection, where there is one, and
    /// through one that was named besides (spec: schemas.md, "Writing through a schema").
    ///
    /// - Parameters:
    ///   - own: who writes.
    ///   - named: the other schema, with the name by which it is told.
    ///   - memo: of definitions that were read lately.
    ///   - transaction: gives a name that no transaction has.
    /// - Complexity: without schemas, a look-up more than what is named takes.
    func plan(
        _ put: EntityPut,
        by own: PublicKey,
        through named: StoredDefinition<SchemaDefinition>?,
        memo: Memo<DefinitionKey, any Sendable>?,
        transaction: () -> Text
    ) throws -> PutPlan {
        var schemas: [StoredDefinition<SchemaDefinition>] = []
        let name = DefinitionName(put.collection, by: own)
        if let delta = try definition(of: name, as: SchemaDefinition.localContext),
            let stored = StoredDefinition<SchemaDefinition>(put.collection, delta, memo: memo)
        {
            schemas.append(stored)
        }
        if let named, named.delta != schemas.first?.delta || named.name != schemas.first?.name {
            schemas.append(named)
        }
        // One that can't be read counts as not there.
        let rules = schemas.compactMap { stored -> PutPlanning.Rules? in
            guard case .success(let schema) = stored.definition else { return nil }
            return PutPlanning.Rules(name: stored.name.text(own: own), schema: schema)
        }
        guard !rules.isEmpty else {
            if let list = put.lists.first { return .refused(EntityPut.noList(list.name)) }
            return .write(put.deltas(changing: try current(for: put), transaction: transaction()))
        }
        var planning = try PutPlanning(self, put, by: own, through: rules)
        return try planning.plan(transaction: transaction)
    }
}
