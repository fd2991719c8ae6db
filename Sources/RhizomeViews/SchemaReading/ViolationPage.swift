public import Bytes
internal import RhizomeCore
internal import StrictJSON

/// Some entities of a collection, held against a schema.
public struct ViolationPage: Sendable {
    /// What is wrong, entity by entity; of each at most ``SchemaViolations/most``.
    public internal(set) var violations: [EntityViolation] = []
    /// How many entities were looked at.
    public internal(set) var checked = 0
    /// Of how many something is wrong.
    public internal(set) var invalid = 0
    /// The last one that was looked at; `nil` where no other may follow.
    public internal(set) var last: Text?
    /// About how many bytes of memory the violations take.
    package internal(set) var bytes = 0
}

extension EntityReader {
    /// Holds the visible entities of a collection against a schema, by the bytes of their ids.
    ///
    /// - Parameters:
    ///   - last: only entities after this one, whether or not it is there: stable under inserts.
    ///   - count: how many at most; fewer where much is wrong with them.
    /// - Throws: ``JSONLogicError`` where what is derived costs too much, and what the log throws.
    /// - Complexity: O(what the schema names of the entities that are looked at).
    public func violations(
        of schema: SchemaDefinition,
        in collection: Text,
        after last: Text? = nil,
        count: Int
    ) async throws -> ViolationPage {
        precondition(count > 0, "a page has room for an entity")
        var page = ViolationPage()
        page.last = last
        repeat {
            page = try await look { [page] lookup in
                try lookup.violations(of: schema, in: collection, count: count, on: page)
            }
        } while page.last != nil && page.checked < count && page.bytes < PinnedState.bytes
        return page
    }
}

extension EntityLookup {
    /// Entities that are looked up at once.
    private static var batch: Int { 64 }

    /// Goes on with a page until the look has lasted long enough.
    fileprivate func violations(
        of schema: SchemaDefinition,
        in collection: Text,
        count: Int,
        on page: ViolationPage
    ) throws -> ViolationPage {
        var page = page
        let entities = try entities(referredToBy: collection, after: page.last, limit: Self.batch)
        page.last = entities.count == Self.batch ? page.last : nil
        for (index, entity) in entities.enumerated() {
            let isLast = index == entities.count - 1 && entities.count < Self.batch
            if try isVisible(entity, referencedAs: collection) {
                let found = try violations(of: entity, in: collection, by: schema)
                page.violations += found
                page.checked += 1
                if !found.isEmpty { page.invalid += 1 }
                let bytes = found.reduce(0) { $0 + 500 + $1.item.violation.value.approximateBytes }
                try memory.addShown(bytes)
                page.bytes += bytes
            }
            page.last = isLast ? nil : entity
            if page.checked == count || isLongEnough || page.bytes >= PinnedState.bytes { break }
        }
        return page
    }

    /// What is wrong with an entity, and who said so.
    private func violations(
        of id: Text,
        in collection: Text,
        by schema: SchemaDefinition
    ) throws -> [EntityViolation] {
        var values = try values(of: id, in: collection, by: schema)
        var budget = JSONLogicBudget()
        do { try values.complete(within: &budget) } catch { throw error.of(rule: "derived") }
        let unexpected = schema.isOpen ? [] : try unexpected(of: id, in: collection, by: schema)
        let items =
            values.faults
            + unexpected.map {
                .init(property: $0.name, violation: .init(rule: .unexpected, value: $0.value, expected: .null))
            }
        return try items.prefix(SchemaViolations.most).map {
            EntityViolation(entity: id, item: $0, origin: try origin(of: $0, id, schema[$0.property]))
        }
    }

    /// The delta that gives a value: of those that give just this one the last, of others the last of all.
    private func origin(
        of item: SchemaViolations.Item,
        _ id: Text,
        _ property: SchemaProperty?
    ) throws -> EntityViolation.Origin? {
        guard item.violation.rule != .required, property?.derived == nil, property?.kind != .relation else {
            return nil
        }
        let ends = try streams(of: id, on: [item.property])
        let statements =
            property?.statements(of: id, among: ends)
            ?? Statements(id: id, property: item.property, ends: ends.filter(\.stream.role.hasValue))
        var last: Assertion?
        if let value = Value(item.violation.value) {
            last = try self.last(of: statements.ends) { delta in
                try self.value(delta, statements) == value && isInForce(delta)
            }.map { Assertion(value: value, delta: $0) }
        }
        return try (last ?? lastStatement(statements)).map {
            .init(delta: $0.delta.id, creator: $0.delta.author, timeCreated: $0.delta.timeCreated)
        }
    }
}
