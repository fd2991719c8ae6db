public import Bytes
internal import StrictJSON

extension EntityReader {
    /// An entity as the values that a schema has, references as ids, without relations; `nil` where it has none of them.
    ///
    /// - Throws: ``JSONLogicError`` where what is derived costs too much, and what the log throws.
    public func entity(
        _ id: Text,
        in collection: Text?,
        through schema: SchemaDefinition
    ) async throws -> EntityView? {
        try await look { lookup in
            var values = try lookup.values(of: id, in: collection, by: schema)
            guard values.isSaid else { return nil }
            var budget = JSONLogicBudget()
            try values.complete(within: &budget)
            var properties = JSONObject()
            for (property, item) in zip(schema.properties, values.items) {
                if let value = item?.json { properties.append(property.name, value) }
            }
            return EntityView(id: id, properties: properties)
        }
    }

    /// An entity as a schema shows it, with what it refers to; `nil` where it isn't visible.
    ///
    /// - Parameters:
    ///   - collection: the name under which it is looked at; the schema's own where `nil`.
    ///   - levels: how far below it is shown at most; as far as the schemas say where `nil`.
    ///   - tellingAllMissing: whether optional properties without a value are told too.
    /// - Throws: ``ReadLimit`` where there is too much to show, ``JSONLogicError`` where what is derived costs too much, and
    ///   what the log throws.
    /// - Complexity: that of what it shows, in memory too.
    public func nested(
        _ id: Text,
        in collection: Text? = nil,
        through graph: SchemaGraph,
        levels: Int? = nil,
        tellingAllMissing: Bool = false
    ) async throws -> NestedView? {
        try await look { lookup in
            try NestedReading.view(
                of: id,
                in: graph.schema.collection ?? collection ?? graph.root.collection,
                through: graph,
                levels: levels ?? NestedView.mostLevels,
                tellingAllMissing: tellingAllMissing,
                lookup
            )
        }
    }
}
