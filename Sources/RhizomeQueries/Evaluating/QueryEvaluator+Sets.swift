internal import StrictJSON

extension QueryEvaluator {
    /// A side's rows with their cells in the places of the result's columns.
    private func sided(_ side: RowSet, _ header: Header) -> [Int?]? {
        side.header.columns == header.columns ? nil : header.columns.map { side.header.index(of: $0) }
    }

    func union(_ sides: [RowSet], _ header: Header, at place: QueryParser.Place) throws -> RowSet {
        var output = DistinctRows(meter, at: place, keepingAlternatives: plan.query.tellsAlternatives)
        for side in sides {
            let indices = sided(side, header)
            for row in side.rows {
                let made = indices.map(row.taking) ?? row
                try output.add(made, made.ownBytes)
            }
        }
        return try output.relation(header)
    }

    func intersect(_ sides: [RowSet], _ header: Header, at place: QueryParser.Place) throws -> RowSet {
        var result = sides[0]
        for (index, side) in sides.enumerated() {
            var others: [[JSONValue?]: Int] = [:]
            let indices = sided(side, header)
            var output = RowOutput(meter, at: place)
            if index > 0 {
                for (index, row) in result.rows.enumerated() {
                    try output.tick()
                    others[row.cells] = index
                }
            }
            for row in side.rows {
                try output.tick()
                var made = indices.map(row.taking) ?? row
                if index > 0 {
                    guard let other = others[made.cells] else { continue }
                    // It is there since all sides have it.
                    if let lineage = result.rows[other].lineage {
                        made.lineage?.rest(on: lineage.total, absence: lineage.restsOnAbsence)
                    }
                }
                try output.add(made, made.ownBytes)
            }
            let before = result.weight
            result = try output.relation(header)
            if index > 0 { meter.give(before) }
        }
        return result
    }

    func except(
        _ left: RowSet,
        _ right: RowSet,
        _ header: Header,
        at place: QueryParser.Place
    ) throws -> RowSet {
        var output = RowOutput(meter, at: place)
        var others: Set<[JSONValue?]> = []
        let rightIndices = sided(right, header)
        for row in right.rows {
            try output.tick()
            others.insert((rightIndices.map(row.taking) ?? row).cells)
        }
        let indices = sided(left, header)
        for row in left.rows {
            try output.tick()
            var made = indices.map(row.taking) ?? row
            guard !others.contains(made.cells) else { continue }
            made.lineage?.rest(on: .empty, absence: true)
            try output.add(made, made.ownBytes)
        }
        return try output.relation(header)
    }
}
