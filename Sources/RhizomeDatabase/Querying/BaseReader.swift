internal import Bytes
internal import RhizomeCore
internal import RhizomeIdentity
internal import RhizomeQueries
internal import RhizomeViews
internal import StrictJSON

/// Reads a query's base relations from a log, all of one state (spec: query.md).
struct BaseReader: Sendable {
    /// Looks at the log that are under way at once, each on a reader of its own.
    private static let looks = 3

    let reader: RowReader
    let plan: QueryPlan
    let meter: QueryMeter

    private var tellsBecause: Bool { plan.query.provenance != .none }

    /// The rows of a base relation.
    ///
    /// - Throws: ``QueryFault``, ``QueryLimit``, `CancellationError`, and what the log throws.
    func relation(_ base: QueryBase) async throws -> BaseRelation {
        let count = BaseRowCount(of: base, in: plan, meter)
        switch base {
        case .entities(let entities) where entities.schema != nil:
            throw plan.fault(of: base, "the members of a schema can't be asked for yet")
        case .relation: throw plan.fault(of: base, "the relations of a schema can't be asked for yet")
        case .entities(let entities): return try await self.entities(entities, count)
        case .deltas(let deltas): return try await self.deltas(about: deltas.property, deltas.columns, count)
        }
    }

    // MARK: - Entities

    private func entities(_ entities: QueryBase.Entities, _ count: BaseRowCount) async throws -> BaseRelation {
        let columns = entities.columns
        var rows: [BaseRelation.Row] = []
        var open: [EntityRow] = []
        try await forEachBatch(of: entities.collection, entities.ids, count) { [reader, tellsBecause] ids in
            try await reader.rows(
                of: ids,
                in: entities.collection,
                columns.map { $0.map(\.source) },
                tellsBecause: tellsBecause
            )
        } take: { read in
            let made = read.map { row($0, $0.cells.map(Optional.some)) }
            try count.add(made)
            if columns == nil { open += read } else { rows += made }
        }
        if let columns { return BaseRelation(columns: [QueryBase.Entities.id] + columns.map(\.name), rows: rows) }
        // Each has what it has: together they have columns for all of it.
        let names = Set(open.lazy.flatMap { $0.cells.lazy.map(\.property) }).sorted()
        for entity in open {
            var cells = entity.cells[...]
            let sorted = names.map { name in cells.first?.property == name ? cells.popFirst() : nil }
            rows.append(row(entity, sorted))
        }
        return BaseRelation(columns: [QueryBase.Entities.id] + names, rows: rows)
    }

    private func row(_ entity: EntityRow, _ cells: [EntityRow.Cell?]) -> BaseRelation.Row {
        let values = [.text(entity.id)] + cells.map { $0?.value }
        guard tellsBecause else { return BaseRelation.Row(values) }
        let because = [[]] + cells.map { $0?.because ?? [] }
        return BaseRelation.Row(values, because: BaseRelation.Lineage(row: entity.because, cells: because))
    }

    /// Reads some entities at a time, several times at once.
    ///
    /// - Parameters:
    ///   - ids: the only ones that matter, ascending; all that are referenced where `nil`.
    ///   - read: off the caller's task.
    ///   - take: gets what was read, in no certain order.
    private func forEachBatch<Value: Sendable>(
        of collection: Text?,
        _ ids: [Text]?,
        _ count: BaseRowCount,
        _ read: @escaping @Sendable ([Text]) async throws -> Value,
        take: (Value) throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Value.self) { group in
            var inFlight = 0
            var rest = ids?[...]
            var last: Text?
            var hasMore = true
            while hasMore {
                try count.check()
                let batch: [Text]
                if rest != nil {
                    batch = Array(rest?.prefix(RowReader.batch) ?? [])
                    rest = rest?.dropFirst(batch.count)
                } else {
                    batch = try await reader.candidates(in: collection, after: last)
                }
                last = batch.last
                hasMore = batch.count == RowReader.batch
                guard !batch.isEmpty else { break }
                if inFlight == Self.looks, let value = try await group.next() {
                    inFlight -= 1
                    try take(value)
                }
                group.addTask { try await read(batch) }
                inFlight += 1
            }
            while let value = try await group.next() { try take(value) }
        }
    }

    // MARK: - Deltas

    private func deltas(
        about property: Text,
        _ columns: [QueryExpression.Column],
        _ count: BaseRowCount
    ) async throws -> BaseRelation {
        var seen: Set<DeltaID> = []
        var rows: [BaseRelation.Row] = []
        try await forEachBatch(of: nil, nil, count) { [reader] ids in
            try await reader.deltas(about: property, of: ids)
        } take: { read in
            for delta in read where seen.insert(delta.id).inserted {
                var combinations: [[JSONValue?]] = [[]]
                for column in columns {
                    let targets = delta.pointers.filter { $0.localContext == column.source }.map(\.targetJSON)
                    let cells: [JSONValue?] = targets.isEmpty ? [nil] : targets.map(Optional.some)
                    // A delta with a thousand pointers of each of several roles would be more rows than there may be.
                    guard combinations.count <= QueryBounds.rows / cells.count else { throw count.tooManyRows }
                    combinations = combinations.flatMap { combination in cells.map { combination + [$0] } }
                }
                let own: [JSONValue?] = [
                    .string(delta.id.description), .string(delta.author.did),
                    .integer(delta.timeCreated.microseconds),
                ]
                let made = combinations.map { combination in
                    let cells = combination + own
                    guard tellsBecause else { return BaseRelation.Row(cells) }
                    let none = [[DeltaID]](repeating: [], count: cells.count)
                    return BaseRelation.Row(cells, because: BaseRelation.Lineage(row: [delta.id], cells: none))
                }
                try count.add(made)
                rows += made
            }
        }
        return BaseRelation(columns: columns.map(\.name) + QueryBase.deltaColumns, rows: rows)
    }
}

extension Pointer {
    /// What it points to: an entity's id, or a value.
    fileprivate var targetJSON: JSONValue {
        switch target {
        case .entity(let id, _): .text(id)
        case .value(let value): value.json
        }
    }
}
