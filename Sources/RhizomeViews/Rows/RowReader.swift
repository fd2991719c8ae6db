package import Bytes
package import RhizomeCore
internal import SignedStatements

/// Reads many entities, or deltas, of one state of a log, some at a time (spec: query.md, "One state").
///
/// The state is that of a position: whatever comes later doesn't count, who forks later neither.
package struct RowReader: Sendable {
    /// Entities that are read in one look.
    package static let batch = 128

    /// The last position that counts.
    package let position: Int64
    /// How it is looked; who has forked is known by name.
    package let perspective: Perspective
    private let log: any StateReading

    /// Reads a log's state of now, or of a position.
    @concurrent package init(
        log: any StateReading,
        perspective: Perspective,
        at position: Int64? = nil
    ) async throws {
        let (last, forked) = try await log.look(from: perspective) { lookup in
            (lookup.position, perspective.refusesForked ? try lookup.allForkedAuthors() : [])
        }
        var perspective = perspective
        perspective.forked.formUnion(forked)
        perspective.refusesForked = false
        self.perspective = perspective
        self.position = position ?? last
        self.log = log
    }

    @concurrent private func look<Value: Sendable>(
        _ body: @escaping @Sendable (EntityLookup) throws -> Value
    ) async throws -> Value {
        // Several looks of one query at once: each is an answer of its own.
        try await AnswerMemory.$current.withValue(nil) {
            try await AnswerMemory.reading(log) { [perspective, position] snapshot, memory in
                try body(EntityLookup(snapshot, from: perspective, memory: memory, upTo: position))
            }
        }
    }

    /// The entities that may be visible, by the bytes of their ids: those to which somebody refers.
    ///
    /// - Parameters:
    ///   - collection: under which name; under any where `nil`.
    ///   - last: only those after this one.
    /// - Returns: at most ``batch``; there are no more where there are fewer.
    package func candidates(in collection: Text?, after last: Text?) async throws -> [Text] {
        try await look { try $0.entities(referredToBy: collection, after: last, limit: Self.batch) }
    }

    /// Entities as rows, those of them that are visible.
    ///
    /// - Parameters:
    ///   - properties: the cells; all that each has where `nil`.
    ///   - tellsBecause: whether it is told on which deltas a row rests.
    package func rows(
        of ids: [Text],
        in collection: Text?,
        _ properties: [Text]?,
        tellsBecause: Bool
    ) async throws -> [EntityRow] {
        try await look { lookup in
            guard let properties else {
                return try ids.compactMap {
                    try lookup.wholeRow(of: $0, in: collection, tellsBecause: tellsBecause)
                }
            }
            let wanted = try lookup.rowProperties(properties, in: collection)
            return try ids.compactMap { try lookup.row(of: $0, in: collection, wanted, tellsBecause: tellsBecause) }
        }
    }

    /// The visible deltas about a property of some entities, each once.
    package func deltas(about property: Text, of ids: [Text]) async throws -> [ViewedDelta] {
        try await look { lookup in
            var deltas: [DeltaID: ViewedDelta] = [:]
            try lookup.forEachDelta(about: property, of: ids) { delta in
                guard deltas.updateValue(delta, forKey: delta.id) == nil else { return }
                try lookup.memory.addShown(delta.approximateBytes)
            }
            return Array(deltas.values)
        }
    }
}
