internal import Bytes
internal import RhizomeViews
internal import StrictJSON

extension QueryEvaluator {
    func group(
        _ input: RowSet,
        _ grouping: QueryExpression.Grouping,
        _ header: Header,
        at place: QueryParser.Place
    ) throws -> RowSet {
        let indices = grouping.columns.map { input.header.index(of: $0) }
        let arguments = grouping.aggregates.map { $0.argument.flatMap { input.header.index(of: $0) } }
        var output = RowOutput(meter, at: place)
        var members: [[JSONValue?]: [Int]] = [:]
        for (index, row) in input.rows.enumerated() {
            try output.tick()
            members[indices.map { row[$0] }, default: []].append(index)
        }
        // All rows are one group then, and there is one also where there is none.
        if grouping.columns.isEmpty, members.isEmpty { members[[]] = [] }
        let working = QueryMeter.Weight(rows: 0, bytes: 16 * input.rows.count + 160 * members.count)
        try meter.take(working, at: place)
        defer { meter.give(working) }
        for (key, rows) in members {
            var row = Row(cells: key)
            var bytes = 0
            for (aggregate, argument) in zip(grouping.aggregates, arguments) {
                var fold = AggregateFold(aggregate.function)
                for index in rows {
                    try output.tick()
                    fold.add(input.rows[index][argument])
                }
                let value = fold.value
                bytes += value?.approximateBytes ?? 0
                row.cells.append(value)
            }
            if tellsLineage { row.lineage = try lineage(of: rows.map { input.rows[$0] }, indices, arguments, &output) }
            try output.add(row, row.ownBytes + bytes)
        }
        return try output.relation(header)
    }

    /// A group rests on all of its rows.
    private func lineage(
        of rows: [Row],
        _ indices: [Int?],
        _ arguments: [Int?],
        _ output: inout RowOutput
    ) throws -> Lineage {
        func cells(at index: Int?) throws -> DeltaSet {
            guard let index else { return .empty }
            try output.tick()
            return DeltaSet(union: rows.compactMap { $0.lineage?.cells[index] })
        }
        var lineage = Lineage(
            row: DeltaSet(union: rows.compactMap { $0.lineage?.row }),
            cells: try (indices + arguments).map(cells)
        )
        lineage.row = DeltaSet(union: [lineage.row] + lineage.cells)
        lineage.restsOnAbsence = rows.isEmpty || rows.contains { $0.lineage?.restsOnAbsence == true }
        return lineage
    }
}

/// What is told of a group, as far as its rows were looked at.
private struct AggregateFold {
    private let function: QueryExpression.Grouping.Aggregate.Function
    private var count: Int64 = 0
    private var sum = ExactSum(nil)
    private var extreme: Number?
    private var distinct: Set<JSONValue> = []

    init(_ function: QueryExpression.Grouping.Aggregate.Function) { self.function = function }

    mutating func add(_ cell: JSONValue?) {
        switch function {
        case .count: count += 1
        case .sum, .average:
            if let number = Number(cell) { sum = sum.adding(ExactSum(number)) }
        case .min: extreme = Minimum().combine(extreme, Number(cell))
        case .max: extreme = Maximum().combine(extreme, Number(cell))
        case .all, .countDistinct:
            if let cell, cell != .null { distinct.insert(cell) }
        }
    }

    /// What is told; absent where there was nothing to tell it of.
    var value: JSONValue? {
        switch function {
        case .count: .integer(count)
        case .sum: Sum().value(of: sum)
        case .average: Average().value(of: sum)
        case .min, .max: extreme?.json
        case .all: distinct.isEmpty ? nil : .array(CellOrder.sorted(distinct))
        case .countDistinct: .integer(Int64(distinct.count))
        }
    }
}
