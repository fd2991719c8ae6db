internal import Bytes
internal import RhizomeCore
internal import StrictJSON

extension EntityLookup {
    /// What an entity has of a schema's properties; defaults don't stand in yet, nor is anything derived.
    ///
    /// Reads nothing of other properties.
    ///
    /// - Parameters:
    ///   - collection: the name under which it is looked at, by which the perspective may choose resolvers.
    ///   - mostDeltas: of all its relations together at most.
    ///   - isRead: which properties matter; nothing is read of others.
    /// - Throws: ``ReadLimit`` `nodes` for more deltas of relations.
    func values(
        of id: Text,
        in collection: Text?,
        by schema: SchemaDefinition,
        mostDeltas: Int = NestedView.mostNodes,
        where isRead: (SchemaProperty) -> Bool = { _ in true }
    ) throws -> SchemaValues {
        var values = SchemaValues(of: id, by: schema)
        let streams = try streams(of: id, on: schema.contexts(where: isRead))
        defer { memory.remove(streams.count * Self.streamBytes) }
        let byProperty = Dictionary(grouping: streams, by: \.stream.role.property)
        var deltasLeft = mostDeltas
        for (place, property) in schema.properties.enumerated() where property.derived == nil && isRead(property) {
            if let relation = schema.relation(of: property) {
                let deltas = try relationDeltas(of: id, relation, showing: property.name, byProperty, most: deltasLeft)
                deltasLeft -= deltas.count
                if !deltas.isEmpty { values.set(place, .relation(deltas)) }
            } else if let number = try context(property.name), let ends = byProperty[number] {
                let statements = property.statements(of: id, among: ends)
                let resolver =
                    property.resolver?.resolver(ranking: perspective.ranking)
                    ?? perspective.resolver(of: property.name, in: collection)
                guard let value = try resolve(resolver, statements).value else { continue }
                try memory.addShown(100 + property.name.count + value.approximateBytes)
                values.set(place, .value(value))
            }
        }
        return values
    }

    /// Whether an entity is one of a schema's: visible, in the schema's collection where it names one, with a value for
    /// each property that is required (spec: schemas.md, "Queries by schema").
    ///
    /// Reads nothing of other properties.
    func isMember(_ id: Text, of schema: SchemaDefinition) throws -> Bool {
        if let collection = schema.collection {
            guard try isVisible(id, referencedAs: collection) else { return false }
        }
        guard schema.properties.contains(where: \.isRequired) else {
            return try schema.collection != nil || isVisible(id)
        }
        return try values(of: id, in: schema.collection, by: schema) { $0.isRequired }.isWhole
    }

    /// The properties with a value that a schema doesn't name, by the bytes of their names.
    ///
    /// Those by which its relations' deltas find the entity are its own.
    ///
    /// - Complexity: O(streams of the entity).
    func unexpected(
        of id: Text,
        in collection: Text?,
        by schema: SchemaDefinition
    ) throws -> [(name: Text, value: JSONValue)] {
        let contexts = Set(schema.relations.flatMap { $0.roles.compactMap(\.context) })
        var found: [(name: Text, value: JSONValue)] = []
        var window = PropertyWindow(of: id, .values)
        while let (name, streams) = try window.next(in: self) {
            guard schema[name] == nil, !contexts.contains(name), !ControlName.isReserved(name) else { continue }
            let resolver = perspective.resolver(of: name, in: collection)
            guard let value = try value(of: name, id, by: resolver, from: streams).value, value != .null else {
                continue
            }
            try memory.add(100 + name.count + value.approximateBytes)
            found.append((name, value))
        }
        return found
    }

    /// The deltas of a relation that an entity shows under a property, oldest first.
    private func relationDeltas(
        of id: Text,
        _ relation: SchemaRelation,
        showing property: Text,
        _ streams: [Int64: [StreamEnd]],
        most: Int
    ) throws -> [RelationDelta] {
        var found: [DeltaID: RelationDelta] = [:]
        for role in relation.roles(showing: property) {
            guard let context = role.context, let number = try self.context(context) else { continue }
            let localClass = WordRole.localClass(of: role.name)
            for end in streams[number] ?? [] where end.stream.role.localClass == localClass {
                try forEachDelta(ofReversed: end) { delta, _ in
                    let stands = delta.pointers.contains {
                        $0.localContext == role.name && $0.target == .entity(id, targetContext: context)
                    }
                    guard stands, found[delta.id] == nil, let read = relation.read(delta), try isInForce(delta) else {
                        return
                    }
                    guard found.count < most else { throw ReadLimit(.nodes, most: NestedView.mostNodes) }
                    try memory.add(delta.approximateBytes)
                    found[delta.id] = read
                }
            }
        }
        return found.values.sorted { $0.delta.moment < $1.delta.moment }
    }
}

extension SchemaDefinition {
    /// The target contexts of what its properties are read from.
    fileprivate func contexts(where isRead: (SchemaProperty) -> Bool) -> Set<Text> {
        var contexts: Set<Text> = []
        for property in properties where property.derived == nil && isRead(property) {
            if let relation = relation(of: property) {
                contexts.formUnion(relation.roles(showing: property.name).compactMap(\.context))
            } else {
                contexts.insert(property.name)
            }
        }
        return contexts
    }
}

extension SchemaProperty {
    /// What was said of the property, as the schema reads it.
    ///
    /// - Parameter ends: all streams of it.
    func statements(of id: Text, among ends: [StreamEnd]) -> EntityLookup.Statements {
        let isPlain = role == name
        return EntityLookup.Statements(
            id: id,
            property: name,
            ends: isPlain ? ends.filter(\.stream.role.hasValue) : ends,
            role: isPlain ? nil : role
        )
    }
}
