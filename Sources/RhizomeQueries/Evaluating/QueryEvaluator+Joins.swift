internal import RhizomeViews
internal import StrictJSON

extension QueryEvaluator {
    /// What a join needs to know of both sides.
    private struct Joining {
        let left: RowSet
        let right: RowSet
        let join: QueryOperation.Join
        /// Where the columns with equal values are.
        let leftKeys: [Int?]
        let rightKeys: [Int?]
        /// Where the right columns are that stand beside the left ones.
        let beside: [Int?]
        /// The columns of both side by side, as `where` sees them.
        let pairHeader: Header
        let place: QueryParser.Place
    }

    mutating func join(
        _ left: RowSet,
        _ right: RowSet,
        _ join: QueryOperation.Join,
        _ header: Header,
        at place: QueryParser.Place
    ) throws -> RowSet {
        let pairs = join.pairs(left.header, right.header)
        let isPaired = join.isWide || join.rule != nil
        let joining = Joining(
            left: left,
            right: right,
            join: join,
            leftKeys: pairs.map { left.header.index(of: $0.left) },
            rightKeys: pairs.map { right.header.index(of: $0.right) },
            beside: join.rightColumns(left.header, right.header).map { right.header.index(of: $0) },
            pairHeader: isPaired ? try join.pairHeader(left.header, right.header, at: place) : header,
            place: place
        )
        if pairs.isEmpty {
            let product = left.rows.count.multipliedReportingOverflow(by: right.rows.count)
            guard !product.overflow, product.partialValue <= QueryBounds.pairs else {
                throw QueryLimit(.pairs, most: QueryBounds.pairs, at: place)
            }
        }
        // Each left row has to be known with all its partners, but where every pair is a row of its own.
        if join.kind == .inner, left.rows.count < right.rows.count {
            return try scanRight(joining, header)
        }
        return try scanLeft(joining, header)
    }

    /// The values that have to be equal; `nil` where one is absent or null, which joins nothing.
    private func key(_ row: Row, _ indices: [Int?]) -> [JSONValue]? {
        var key: [JSONValue] = []
        key.reserveCapacity(indices.count)
        for index in indices {
            guard let cell = row[index], cell != .null else { return nil }
            key.append(cell)
        }
        return key
    }

    private func table(
        _ rows: [Row],
        _ indices: [Int?],
        _ output: inout RowOutput
    ) throws -> [[JSONValue]: [Int]] {
        var table: [[JSONValue]: [Int]] = [:]
        for (index, row) in rows.enumerated() {
            try output.tick()
            if let key = key(row, indices) { table[key, default: []].append(index) }
        }
        return table
    }

    /// What tables take is let go with the join; it is counted until then.
    private func weight(_ rows: [Row]) -> QueryMeter.Weight { QueryMeter.Weight(rows: 0, bytes: 120 * rows.count) }

    private mutating func scanRight(_ joining: Joining, _ header: Header) throws -> RowSet {
        let weight = weight(joining.left.rows)
        try meter.take(weight, at: joining.place)
        defer { meter.give(weight) }
        var output = RowOutput(meter, at: joining.place)
        let table = try table(joining.left.rows, joining.leftKeys, &output)
        for right in joining.right.rows {
            try output.tick()
            guard let key = key(right, joining.rightKeys) else { continue }
            for index in table[key] ?? [] {
                try output.tick()
                guard let pair = try pair(joining.left.rows[index], right, joining) else { continue }
                try output.add(pair, pair.ownBytes)
            }
        }
        return try output.relation(header)
    }

    private mutating func scanLeft(_ joining: Joining, _ header: Header) throws -> RowSet {
        let weight = weight(joining.right.rows)
        try meter.take(weight, at: joining.place)
        defer { meter.give(weight) }
        var output = RowOutput(meter, at: joining.place)
        let table = try table(joining.right.rows, joining.rightKeys, &output)
        for left in joining.left.rows {
            try output.tick()
            var witness: Lineage?
            var hasPartner = false
            for index in key(left, joining.leftKeys).flatMap({ table[$0] }) ?? [] {
                try output.tick()
                guard let pair = try pair(left, joining.right.rows[index], joining) else { continue }
                hasPartner = true
                if joining.join.isWide {
                    try output.add(pair, pair.ownBytes)
                    continue
                }
                guard joining.join.kind == .semi, let lineage = pair.lineage else { break }
                if witness?.merge(lineage, keepingAlternatives: false) == nil { witness = lineage }
            }
            if let row = alone(left, hasPartner: hasPartner, witness, joining) { try output.add(row, row.ownBytes) }
        }
        return try output.relation(header)
    }

    /// What a left row gives besides its pairs.
    private func alone(_ left: Row, hasPartner: Bool, _ witness: Lineage?, _ joining: Joining) -> Row? {
        var row = left
        switch joining.join.kind {
        case .inner: return nil
        case .semi:
            guard hasPartner else { return nil }
            if let witness { row.lineage?.rest(on: witness.row, absence: witness.restsOnAbsence) }
        case .anti:
            guard !hasPartner else { return nil }
            row.lineage?.rest(on: .empty, absence: true)
        case .left:
            guard !hasPartner else { return nil }
            row.cells += [JSONValue?](repeating: nil, count: joining.beside.count)
            row.lineage?.rest(on: .empty, absence: true)
            row.lineage?.cells += joining.beside.map { _ in .empty }
        }
        return row
    }

    /// Two rows side by side, or what a semi-join has to know of them; `nil` where the rule says that they aren't partners.
    private mutating func pair(_ left: Row, _ right: Row, _ joining: Joining) throws -> Row? {
        var pair = left
        if joining.join.isWide || joining.join.rule != nil {
            pair.cells += joining.beside.map { right[$0] }
        }
        let rule = joining.join.rule
        if let rule, try !value(rule, of: pair, joining.pairHeader).isTruthy { return nil }
        guard var lineage = left.lineage, let other = right.lineage else { return pair }
        if pair.cells.count > left.cells.count {
            lineage.cells += joining.beside.map { index in index.map { other.cells[$0] } ?? .empty }
        }
        pair.lineage = lineage
        let joined =
            joining.leftKeys.compactMap { $0.map { lineage.cells[$0] } }
            + joining.rightKeys.compactMap { $0.map { other.cells[$0] } }
        pair.lineage?.rest(on: DeltaSet(union: joined + [other.row]), absence: other.restsOnAbsence)
        if let rule {
            let (deltas, absence) = reads(rule, of: pair, joining.pairHeader)
            pair.lineage?.rest(on: deltas, absence: absence)
        }
        if !joining.join.isWide {
            // Witnesses are told apart by what makes them partners, whatever the left row holds.
            pair.lineage?.cells = []
        }
        return pair
    }
}
