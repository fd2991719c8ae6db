internal import StrictJSON

/// Rows of which equal ones become one, with the least witness of them.
struct DistinctRows {
    private var output: RowOutput
    private var places: [[JSONValue?]: Int] = [:]
    private let keepsAlternatives: Bool

    init(_ meter: QueryMeter, at place: QueryParser.Place, keepingAlternatives: Bool) {
        output = RowOutput(meter, at: place)
        keepsAlternatives = keepingAlternatives
    }

    /// Adds a row, or the lineage of one that is there already.
    mutating func add(_ row: Row, _ bytes: Int) throws {
        try output.tick()
        guard let place = places[row.cells] else {
            places[row.cells] = output.rows.count
            // The place among the distinct ones takes about as much again.
            return try output.add(row, bytes + 40)
        }
        guard let lineage = row.lineage else { return }
        let before = output.rows[place].lineage?.approximateBytes ?? 0
        output.change(place) { $0.lineage?.merge(lineage, keepingAlternatives: keepsAlternatives) }
        try output.count(bytes: (output.rows[place].lineage?.approximateBytes ?? 0) - before)
    }

    /// The relation of all that was added.
    mutating func relation(_ header: Header, isOrdered: Bool = false) throws -> RowSet {
        places = [:]
        return try output.relation(header, isOrdered: isOrdered)
    }
}
