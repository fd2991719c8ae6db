internal import GRDB
public import RhizomeCore

extension SQLiteDeltaLog {
    /// Deltas that one search looks at, where they have to be read to tell whether they are meant.
    private static let mostLooks = 2_048
    /// Deltas that are taken from the lanes at once.
    private static let batch = 64

    /// The next deltas of a selection.
    ///
    /// - Complexity: a few look-ups for each author, or each that speaks of the entity, and what is found; with a host or a
    ///   property without an entity also what is looked at.
    public func find(_ selection: DeltaSelection, after place: Word?, limit: Int) async throws -> FoundDeltas {
        var place = place
        if selection.order == .accepted {
            place = place.map { Word(moment: WordMoment(number: 0), position: $0.position) }
        }
        return try await read { [names, place] db in
            let position = try Self.currentMark(db).position
            var lanes = TimelineLanes(selection, after: place, upTo: position)
            var found = FoundDeltas(positions: [], end: place)
            var looks = 0
            while found.positions.count < limit, looks < Self.mostLooks, !lanes.isOver {
                let words = try lanes.next(min(Self.batch, limit - found.positions.count), in: db, names: names)
                found.end = words.last ?? found.end
                let positions = words.map(\.position)
                guard selection.looksAtBodies else {
                    found.positions += positions
                    continue
                }
                looks += positions.count
                found.positions += try Self.deltas(at: positions, db).filter { selection.contains($0.delta) }.map(
                    \.position
                )
            }
            if lanes.isOver { found.end = nil }
            return found
        }
    }

    /// Those at some positions.
    public func deltas(at positions: [Int64]) async throws -> [StoredDelta] {
        try await read { db in try Self.deltas(at: positions, db) }
    }
}
