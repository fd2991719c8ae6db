public import Bytes
public import RhizomeCore
public import StrictJSON

/// What a query gives: rows in the one order that they have (spec: query.md).
///
/// Its rows count among those of all queries for as long as anybody has it.
public struct QueryResult: Sendable {
    private let relation: RowSet
    private let deltas: DeltaTable
    private let provenance: Query.Provenance
    private let meter: QueryMeter?

    init(_ relation: RowSet, _ provenance: Query.Provenance, by deltas: DeltaTable, _ meter: QueryMeter?) {
        self.relation = relation
        self.provenance = provenance
        self.deltas = deltas
        self.meter = meter
    }

    /// The same, which doesn't count among the rows of queries that run: for those who count what they keep.
    public var kept: QueryResult { QueryResult(relation, provenance, by: deltas, nil) }

    /// The columns, in the order in which they are told.
    public var columns: [Text] { relation.header.columns }
    /// How many rows there are.
    public var count: Int { relation.rows.count }
    /// About how many bytes of memory the rows take.
    public var approximateBytes: Int { 32 * deltas.ids.count + relation.rows.reduce(0) { $0 + $1.approximateBytes } }
    /// What tells a row from all others of the same columns: its deterministic CBOR.
    public func key(ofRow index: Int) -> [UInt8] { RowEncoding(relation.header).encoded(relation.rows[index]) }

    /// What the columns hold in a row; `nil` where they are absent.
    public func cells(ofRow index: Int) -> [JSONValue?] { relation.rows[index].cells }

    /// The deltas on which a row rests, by their bytes: none where they weren't asked for.
    public func because(ofRow index: Int) -> [DeltaID] {
        relation.rows[index].lineage.map { ids($0.total) } ?? []
    }

    /// Whether a row also rests on nothing having been said; false where provenance wasn't asked for.
    public func restsOnAbsence(row index: Int) -> Bool { relation.rows[index].lineage?.restsOnAbsence ?? false }

    /// A row as JSON: the columns that aren't absent, and on which deltas it rests where that was asked for.
    public func json(ofRow index: Int) -> JSONObject {
        let row = relation.rows[index]
        var object = JSONObject()
        for (column, cell) in zip(columns, row.cells) { if let cell { object.append(column, cell) } }
        guard provenance != .none, let lineage = row.lineage else { return object }
        var left = QueryBounds.because
        var more = 0
        func told(_ set: DeltaSet) -> JSONValue {
            let shown = min(set.count, left)
            left -= shown
            more += set.count - shown
            return .array(ids(set).prefix(shown).map { .string($0.description) })
        }
        if provenance == .rows {
            object.append("_because", told(lineage.total))
        } else {
            var because: JSONObject = ["": told(lineage.row)]
            for (column, (cell, set)) in zip(columns, zip(row.cells, lineage.cells)) where cell != nil && column != "" {
                because.append(column, told(set))
            }
            object.append("_because", .object(because))
        }
        if more > 0 { object.append("_becauseMore", .integer(Int64(more))) }
        if lineage.restsOnAbsence { object.append("_absence", true) }
        if !lineage.alternatives.isEmpty {
            let sets = lineage.alternatives.map { set -> JSONValue in
                .array(ids(set).prefix(QueryBounds.because).map { .string($0.description) })
            }
            object.append("_also", .array(sets))
        }
        return object
    }

    private func ids(_ set: DeltaSet) -> [DeltaID] { set.numbers.map { deltas.ids[Int($0)] } }
}

extension QueryPlan {
    /// The query's result over relations that were read.
    ///
    /// Blocks until it is done: it is for a thread that nothing else waits for.
    ///
    /// - Parameters:
    ///   - relations: what was read, for each of ``bases``.
    ///   - meter: what it may take.
    /// - Throws: ``QueryFault`` where columns don't fit that weren't known before; ``QueryLimit``; `CancellationError`.
    public func evaluate(over relations: [QueryBase: BaseRelation], _ meter: QueryMeter) throws -> QueryResult {
        var evaluator = QueryEvaluator(self, over: relations, meter: meter)
        let relation = try evaluator.run()
        let result = QueryResult(relation, query.provenance, by: evaluator.deltas, meter)
        // The values may be those of base relations, which are let go now.
        meter.keep(only: QueryMeter.Weight(rows: result.count, bytes: result.approximateBytes))
        return result
    }
}
