/// What a log remembers of verified deltas that fit nowhere.
public protocol StallRecords: Sendable {
    /// Notes that verified deltas fit nowhere, by this version of the software; each once per id and version.
    ///
    /// The last ``Stall/most`` are kept: what is older is forgotten, and would be looked at again.
    func record(_ stalls: [Stall]) async throws

    /// The deltas that fit nowhere, by this version of the software.
    func stalls() async throws -> [Stall]

    /// Which of these were noted to fit nowhere, by this version of the software, and don't fit by what is held now.
    func stalled(_ ids: [DeltaID]) async throws -> Set<DeltaID>
}
