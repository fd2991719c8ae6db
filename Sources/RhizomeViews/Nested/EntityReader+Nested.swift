public import Bytes

extension EntityReader {
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
                in: graph.schema.collection ?? collection ?? graph.root.name.name,
                through: graph,
                levels: levels ?? NestedView.mostLevels,
                tellingAllMissing: tellingAllMissing,
                lookup
            )
        }
    }
}
