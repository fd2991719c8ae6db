public import Bytes

extension EntityReader {
    /// Who said what an entity is, and what their words won over; `nil` where nothing at all was said of it.
    ///
    /// What is told of an entity that isn't visible any more says why. It is all of one state of the log.
    ///
    /// - Parameters:
    ///   - collection: the name under which it is looked at, by which the perspective may choose resolvers.
    ///   - properties: those that are asked about; all where `nil`.
    ///   - limit: how many words at most that don't count are told of each property, the newest.
    /// - Throws: ``JSONLogicError``, `CancellationError`, and what the log throws.
    /// - Complexity: what it tells; for resolvers that look at all assertions, all that was said of the property. The
    ///   words that aren't told are counted in an index.
    public func blame(
        of id: Text,
        in collection: Text? = nil,
        on properties: Set<Text>? = nil,
        limit: Int
    ) async throws -> EntityBlame? {
        try await look { lookup in
            let found = try lookup.blame(of: id, in: collection, on: properties, limit: limit)
            return found.isEmpty ? nil : EntityBlame(id: id, position: lookup.position, properties: found)
        }
    }

    /// Who said what an entity is, with all by which somebody else comes to the same values; `nil` where nothing was said
    /// of it.
    ///
    /// - Parameters:
    ///   - limit: how many words at most that don't count are told of each property.
    ///   - most: how many deltas at most.
    /// - Throws: ``EvidenceOverflow`` where there are more; as ``blame(of:in:on:limit:)``.
    public func evidence(
        of id: Text,
        in collection: Text? = nil,
        on properties: Set<Text>? = nil,
        limit: Int,
        atMost most: Int
    ) async throws -> EntityEvidence? {
        try await look { lookup in
            let found = try lookup.blame(of: id, in: collection, on: properties, limit: limit)
            guard !found.isEmpty else { return nil }
            let told = found.flatMap { $0.because.map(\.delta) + $0.over.map(\.word.delta) }
            return EntityEvidence(
                blame: EntityBlame(id: id, position: lookup.position, properties: found),
                deltas: try lookup.evidence(from: told, atMost: most),
                forked: try lookup.forkedAuthors(of: id)
            )
        }
    }
}
