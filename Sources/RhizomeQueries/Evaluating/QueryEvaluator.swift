internal import Bytes
internal import RhizomeViews
internal import StrictJSON

/// Makes a query's relations one after the other, each whole, of base relations that are given (spec: query.md, "How it is
/// computed").
///
/// Values alone: it reads nothing, and knows the time by its meter only.
struct QueryEvaluator {
    let plan: QueryPlan
    let meter: QueryMeter
    private let bases: [QueryBase: BaseRelation]
    let deltas: DeltaTable
    private var budget: JSONLogicBudget

    /// Whether it is asked on which deltas rows rest.
    var tellsLineage: Bool { plan.query.provenance != .none }

    init(_ plan: QueryPlan, over bases: [QueryBase: BaseRelation], meter: QueryMeter) {
        self.plan = plan
        self.meter = meter
        self.bases = bases
        deltas = DeltaTable(plan.query.provenance == .none ? [] : Array(bases.values))
        budget = JSONLogicBudget(steps: meter.steps)
    }

    /// The query's relation, its rows in the order in which they are told.
    ///
    /// - Throws: ``QueryFault`` where columns don't fit that weren't known before; ``QueryLimit``; `CancellationError`.
    mutating func run() throws -> RowSet {
        var relations = [RowSet?](repeating: nil, count: plan.nodes.count)
        var lastUses: [Int: Int] = [:]
        for (index, node) in plan.nodes.enumerated() { for input in node.inputs { lastUses[input] = index } }
        for (index, node) in plan.nodes.enumerated() {
            try meter.check(at: node.place)
            var inputs: [RowSet] = []
            for input in node.inputs {
                guard let relation = relations[input] else { preconditionFailure("what is used is held until then") }
                inputs.append(relation)
            }
            relations[index] = try relation(node, inputs)
            for input in Set(node.inputs) where lastUses[input] == index {
                if let weight = relations[input]?.weight { meter.give(weight) }
                relations[input] = nil
            }
        }
        guard let result = relations.last.flatMap(\.self) else { preconditionFailure("a plan has a node") }
        guard !result.isOrdered else { return result }
        return try ordered(result, by: [], at: plan.nodes.last?.place ?? [])
    }

    private mutating func relation(_ node: QueryPlan.Node, _ inputs: [RowSet]) throws -> RowSet {
        let place = node.place
        if case .base(let base) = node.operation { return try self.base(base, at: place) }
        let header = try node.operation.header(inputs.map(\.header), at: place)
        switch node.operation {
        case .base: preconditionFailure("base relations were made above")
        case .values(_, let rows): return try values(rows, header, at: place)
        case .named: return inputs[0]
        case .select(let rules): return try select(inputs[0], rules)
        case .project(let columns): return try project(inputs[0], columns, header, at: place)
        case .rename: return try rename(inputs[0], header, at: place)
        case .extend(let extensions): return try extend(inputs[0], extensions, header, at: place)
        case .join(let join): return try self.join(inputs[0], inputs[1], join, header, at: place)
        case .union: return try union(inputs, header, at: place)
        case .intersect: return try intersect(inputs, header, at: place)
        case .except: return try except(inputs[0], inputs[1], header, at: place)
        case .group(let grouping): return try group(inputs[0], grouping, header, at: place)
        case .order(let keys): return try ordered(inputs[0], by: keys, at: place)
        case .limit(let count): return try limit(inputs[0], count, at: place)
        case .closure(let closure, let start):
            return try self.closure(inputs, closure, start: start, header, at: place)
        }
    }

    // MARK: - Base relations and values

    private func base(_ base: QueryBase, at place: QueryParser.Place) throws -> RowSet {
        guard let given = bases[base] else { preconditionFailure("each base relation of the plan is given") }
        let named = try base.header(at: place)
        // What is named and no row has is a column too: operators above may ask for it.
        let known = Set(given.columns)
        let header = try Header(
            given.columns + named.columns.filter { !known.contains($0) },
            isOpen: named.isOpen,
            at: place
        )
        let missing = [JSONValue?](repeating: nil, count: header.columns.count - given.columns.count)
        var output = DistinctRows(meter, at: place, keepingAlternatives: false)
        for row in given.rows {
            var lineage = tellsLineage ? row.lineage.map(deltas.lineage) : nil
            lineage?.cells += missing.map { _ in .empty }
            let cells = row.cells.map { $0?.canonical } + missing
            let made = Row(cells: cells, lineage: lineage)
            // Those who read them counted the values.
            try output.add(made, made.ownBytes)
        }
        return try output.relation(header)
    }

    private func values(_ rows: [[JSONValue]], _ header: Header, at place: QueryParser.Place) throws -> RowSet {
        var output = DistinctRows(meter, at: place, keepingAlternatives: false)
        for cells in rows {
            let lineage = tellsLineage ? Lineage(row: .empty, cells: cells.map { _ in .empty }) : nil
            let row = Row(cells: cells, lineage: lineage)
            try output.add(row, row.approximateBytes)
        }
        return try output.relation(header)
    }

    // MARK: - Rules

    /// What a rule says of a row.
    mutating func value(_ rule: RowRule, of row: Row, _ header: Header) throws -> JSONLogicValue {
        do {
            return try rule.rule.evaluate(RowRecord(header: header, row: row), within: &budget)
        } catch {
            let code: QueryLimit.Code = error.code == .steps ? .steps : .bytes
            throw QueryLimit(code, most: code == .steps ? meter.steps : budget.bytes, at: rule.home)
        }
    }

    /// The deltas on which what a rule reads of a row rests, and whether it reads something absent.
    func reads(_ rule: RowRule, of row: Row, _ header: Header) -> (deltas: DeltaSet, absence: Bool) {
        guard let lineage = row.lineage else { return (.empty, false) }
        let indices: [Int?] = (rule.columns.map(Array.init) ?? header.columns).map { header.index(of: $0) }
        let present = indices.compactMap { index in row[index] == nil ? nil : index }
        return (DeltaSet(union: present.map { lineage.cells[$0] }), present.count < indices.count)
    }

    // MARK: - Row by row

    private mutating func select(_ input: RowSet, _ rules: [RowRule]) throws -> RowSet {
        guard let first = rules.first else { return input }
        var output = RowOutput(meter, at: first.home)
        rows: for row in input.rows {
            try output.tick()
            for rule in rules where try !value(rule, of: row, input.header).isTruthy { continue rows }
            var row = row
            for rule in rules where row.lineage != nil {
                let (deltas, absence) = reads(rule, of: row, input.header)
                row.lineage?.rest(on: deltas, absence: absence)
            }
            try output.add(row, row.ownBytes)
        }
        return try output.relation(input.header, isOrdered: input.isOrdered)
    }

    private func project(
        _ input: RowSet,
        _ columns: [Text],
        _ header: Header,
        at place: QueryParser.Place
    ) throws -> RowSet {
        let indices = columns.map { input.header.index(of: $0) }
        var output = DistinctRows(meter, at: place, keepingAlternatives: plan.query.tellsAlternatives)
        for row in input.rows {
            let made = row.taking(indices)
            try output.add(made, made.ownBytes)
        }
        return try output.relation(header, isOrdered: input.isOrdered)
    }

    private func rename(_ input: RowSet, _ header: Header, at place: QueryParser.Place) throws -> RowSet {
        let added = header.columns.count - input.header.columns.count
        let indices = Array(input.header.columns.indices) + [Int?](repeating: nil, count: added)
        var output = RowOutput(meter, at: place)
        for row in input.rows {
            let made = added == 0 ? row : row.taking(indices)
            try output.add(made, made.ownBytes)
        }
        return try output.relation(header, isOrdered: input.isOrdered)
    }

    private mutating func extend(
        _ input: RowSet,
        _ extensions: [(column: Text, rule: RowRule)],
        _ header: Header,
        at place: QueryParser.Place
    ) throws -> RowSet {
        var output = RowOutput(meter, at: place)
        for row in input.rows {
            var made = row
            var bytes = 0
            made.lineage?.alternatives = []
            for (_, rule) in extensions {
                let value = try value(rule, of: row, input.header).json.canonical
                bytes += value.approximateBytes
                made.cells.append(value)
                guard row.lineage != nil else { continue }
                let (deltas, absence) = reads(rule, of: row, input.header)
                made.lineage?.cells.append(deltas)
                made.lineage?.rest(on: .empty, absence: absence)
            }
            try output.add(made, made.ownBytes + bytes)
        }
        return try output.relation(header, isOrdered: input.isOrdered)
    }

    // MARK: - Order

    /// The rows in an order, ties by their deterministic CBOR.
    private func ordered(
        _ input: RowSet,
        by keys: [QueryExpression.OrderKey],
        at place: QueryParser.Place
    ) throws -> RowSet {
        let encoding = RowEncoding(input.header)
        let indices = keys.map { input.header.index(of: $0.column) }
        var encoded: [[UInt8]] = []
        encoded.reserveCapacity(input.rows.count)
        var output = RowOutput(meter, at: place)
        for row in input.rows {
            try output.tick()
            encoded.append(encoding.encoded(row))
        }
        // What sorting takes is let go at once; it is counted all the same.
        let working = QueryMeter.Weight(rows: 0, bytes: encoded.reduce(0) { $0 + 48 + $1.count })
        try meter.take(working, at: place)
        var comparisons = 0
        let places = try input.rows.indices.sorted { first, second in
            comparisons += 1
            if comparisons % (16 * QueryMeter.stride) == 0 { try meter.check(at: place) }
            for (key, index) in zip(keys, indices) {
                let sign = JSONValue.order(input.rows[first][index], input.rows[second][index])
                if sign != 0 { return key.isDescending ? sign > 0 : sign < 0 }
            }
            return encoded[first].lexicographicallyPrecedes(encoded[second])
        }
        for index in places { try output.add(input.rows[index], input.rows[index].ownBytes) }
        meter.give(working)
        return try output.relation(input.header, isOrdered: true)
    }

    private func limit(_ input: RowSet, _ count: Int, at place: QueryParser.Place) throws -> RowSet {
        var output = RowOutput(meter, at: place)
        for row in input.rows.prefix(count) { try output.add(row, row.ownBytes) }
        return try output.relation(input.header, isOrdered: true)
    }
}

/// A row as rules see it: what is absent is null.
private struct RowRecord: JSONLogicRecord {
    let header: Header
    let row: Row

    var names: [Text] { header.columns }

    func member(_ name: Text) -> JSONLogicValue? {
        guard let index = header.index(of: name) else { return nil }
        return row.cells[index].map { JSONLogicValue($0) } ?? .null
    }
}

extension Lineage {
    /// Has the row as such rest on more.
    mutating func rest(on deltas: DeltaSet, absence: Bool) {
        row = row.union(deltas)
        restsOnAbsence = restsOnAbsence || absence
        alternatives = []
    }
}

extension Row {
    /// The row of some of its cells; `nil` is a cell that is absent.
    func taking(_ indices: [Int?]) -> Row {
        var taken = Row(cells: indices.map { self[$0] }, lineage: lineage)
        taken.lineage?.cells = indices.map { index in index.flatMap { lineage?.cells[$0] } ?? .empty }
        return taken
    }
}
