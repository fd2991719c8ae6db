/// Finds deltas by who signed them, when, and what they are about (spec: schemas.md, "Queries by schema").
public protocol DeltaSearch: Sendable {
    /// The next deltas of a selection that are held now.
    ///
    /// Looks at a bounded number of deltas, so fewer may be found than there are, even none: then `end` says where to go
    /// on.
    ///
    /// - Parameter place: the delta after which to begin; in the order of acceptance its position alone matters.
    func find(_ selection: DeltaSelection, after place: Word?, limit: Int) async throws -> FoundDeltas

    /// The deltas at some positions, in that order.
    func deltas(at positions: [Int64]) async throws -> [StoredDelta]
}
