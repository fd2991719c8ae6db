internal import RhizomeCore

/// All deltas on which base relations rest, in the order of their ids' bytes.
struct DeltaTable: Sendable {
    let ids: [DeltaID]
    private let numbers: [DeltaID: UInt32]

    init(_ relations: some Sequence<BaseRelation>) {
        var seen: Set<DeltaID> = []
        for relation in relations {
            for lineage in relation.rows.lazy.compactMap(\.lineage) {
                seen.formUnion(lineage.row)
                for cell in lineage.cells { seen.formUnion(cell) }
            }
        }
        ids = seen.sorted()
        var numbers: [DeltaID: UInt32] = [:]
        for (index, id) in ids.enumerated() { numbers[id] = UInt32(index) }
        self.numbers = numbers
    }

    /// Deltas by their places.
    func set(_ ids: [DeltaID]) -> DeltaSet {
        if ids.isEmpty { return .empty }
        return DeltaSet(ascending: Set(ids.compactMap { numbers[$0] }).sorted())
    }

    /// The lineage of a row that was read.
    func lineage(_ lineage: BaseRelation.Lineage) -> Lineage {
        Lineage(row: set(lineage.row), cells: lineage.cells.map(set), restsOnAbsence: lineage.restsOnAbsence)
    }
}
