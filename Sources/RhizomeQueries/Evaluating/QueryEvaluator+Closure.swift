internal import Bytes
internal import StrictJSON

extension QueryEvaluator {
    /// The pairs that can be reached, each by its least path: the fewest steps, and of paths as short the one whose stops
    /// come first in the order of results.
    func closure(
        _ inputs: [RowSet],
        _ closure: QueryExpression.Closure,
        start: [JSONValue]?,
        _ header: Header,
        at place: QueryParser.Place
    ) throws -> RowSet {
        var output = RowOutput(meter, at: place)
        let steps = try StepTable(inputs[0], closure, &output)
        let working = QueryMeter.Weight(rows: 0, bytes: steps.approximateBytes)
        try meter.take(working, at: place)
        defer { meter.give(working) }
        let starts: [Int]
        if let start {
            starts = start.compactMap(steps.number)
        } else if inputs.count > 1 {
            starts = inputs[1].rows.compactMap { $0.cells[0] }.compactMap(steps.number)
        } else {
            starts = Array(steps.values.indices)
        }
        // A start that a relation gave rests on what the relation rests on.
        var reasons: [Int: Lineage] = [:]
        if tellsLineage, inputs.count > 1, start == nil {
            for row in inputs[1].rows {
                guard let number = row.cells[0].flatMap(steps.number), let lineage = row.lineage else { continue }
                reasons[number] = lineage
            }
        }
        for start in Set(starts).sorted() {
            try reach(start, closure, steps, reasons[start], &output)
        }
        return try output.relation(header)
    }

    private func reach(
        _ start: Int,
        _ closure: QueryExpression.Closure,
        _ steps: StepTable,
        _ reason: Lineage?,
        _ output: inout RowOutput
    ) throws {
        var reached: Set<Int> = []
        // Those that were reached with the last step, in the order of their paths.
        var edge: [(stop: Int, lineage: Lineage?)] = [
            (start, tellsLineage ? reason?.bare ?? Lineage(row: .empty, cells: []) : nil)
        ]
        var depth = 0
        while !edge.isEmpty, depth < closure.atMost {
            depth += 1
            var next: [(stop: Int, lineage: Lineage?)] = []
            for (stop, path) in edge {
                for step in steps.steps[stop] {
                    try output.tick()
                    guard reached.insert(step.to).inserted else { continue }
                    var lineage = path
                    if let own = step.lineage { lineage?.rest(on: own.total, absence: own.restsOnAbsence) }
                    next.append((step.to, lineage))
                    var row = Row(cells: [steps.values[start], steps.values[step.to]], lineage: lineage)
                    if closure.depth != nil { row.cells.append(.integer(Int64(depth))) }
                    row.lineage?.cells = row.cells.map { _ in .empty }
                    try output.add(row, row.ownBytes)
                }
            }
            edge = next
        }
    }
}

extension Lineage {
    /// All that the row rests on, without cells.
    fileprivate var bare: Lineage { Lineage(row: total, cells: [], restsOnAbsence: restsOnAbsence) }
}

/// The steps that a relation's rows are, by where they begin; values are numbers here, in the order of results.
private struct StepTable {
    struct Step {
        let to: Int
        var lineage: Lineage?
    }

    /// All that steps lead from or to.
    private(set) var values: [JSONValue] = []
    /// From each value, where steps lead, in order and each once.
    private(set) var steps: [[Step]] = []
    private var numbers: [JSONValue: Int] = [:]

    init(_ relation: RowSet, _ closure: QueryExpression.Closure, _ output: inout RowOutput) throws {
        let (from, to) = (relation.header.index(of: closure.from), relation.header.index(of: closure.to))
        var found: Set<JSONValue> = []
        for row in relation.rows {
            try output.tick()
            guard let first = row[from], let second = row[to], first != .null, second != .null else { continue }
            found.insert(first)
            found.insert(second)
        }
        values = CellOrder.sorted(found)
        for (index, value) in values.enumerated() { numbers[value] = index }
        var table = [[Int: Lineage?]](repeating: [:], count: values.count)
        for row in relation.rows {
            try output.tick()
            guard let first = row[from].flatMap(number), let second = row[to].flatMap(number) else { continue }
            var lineage = row.lineage
            if let from, let to, let own = row.lineage {
                // The cells that aren't looked at don't matter.
                lineage = Lineage(
                    row: DeltaSet(union: [own.row, own.cells[from], own.cells[to]]),
                    cells: [],
                    restsOnAbsence: own.restsOnAbsence
                )
            }
            if let known = table[first][second] {
                guard var merged = known, let lineage else { continue }
                merged.merge(lineage, keepingAlternatives: false)
                table[first][second] = .some(merged)
            } else {
                table[first][second] = .some(lineage)
            }
        }
        steps = table.map { steps in steps.sorted { $0.key < $1.key }.map { Step(to: $0.key, lineage: $0.value) } }
    }

    /// A value's number; `nil` where no step begins or ends there.
    func number(_ value: JSONValue) -> Int? { numbers[value] }

    /// About how many bytes of memory it takes.
    var approximateBytes: Int { steps.reduce(0) { $0 + 150 + 60 * $1.count } }
}
