/// Single deltas of a log, found by their ids.
public protocol DeltaLookup: Sendable {
    /// Which of these are held.
    func contains(_ ids: [DeltaID]) async throws -> Set<DeltaID>

    /// The links to those of these deltas that are held.
    func links(of ids: [DeltaID]) async throws -> [DeltaID: DeltaLink]

    /// The deltas with these ids, as far as they are held, in no certain order.
    func deltas(_ ids: [DeltaID]) async throws -> [StoredDelta]
}
