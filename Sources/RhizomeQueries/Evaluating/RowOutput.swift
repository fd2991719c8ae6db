/// Rows on their way into a relation, counted as they come.
struct RowOutput {
    private(set) var rows: [Row] = []
    private var pending = QueryMeter.Weight()
    private var weight = QueryMeter.Weight()
    private var ticks = 0
    private let meter: QueryMeter
    private let place: QueryParser.Place

    init(_ meter: QueryMeter, at place: QueryParser.Place) {
        self.meter = meter
        self.place = place
    }

    /// Adds a row; what it takes besides the values that other rows have too, or with them.
    mutating func add(_ row: Row, _ bytes: Int) throws {
        rows.append(row)
        pending.rows += 1
        pending.bytes += bytes
        if pending.rows >= QueryMeter.stride { try settle() }
    }

    /// Counts more bytes, or fewer, for rows that were added.
    mutating func count(bytes: Int) throws {
        pending.bytes += bytes
        if pending.bytes >= 1 << 20 { try settle() }
    }

    /// Notes that something was looked at that perhaps gives no row.
    mutating func tick() throws {
        ticks += 1
        if ticks % QueryMeter.stride == 0 { try meter.check(at: place) }
    }

    private mutating func settle() throws {
        try meter.take(pending, at: place)
        weight.rows += pending.rows
        weight.bytes += pending.bytes
        pending = QueryMeter.Weight()
    }

    /// Changes a row that was added.
    mutating func change(_ index: Int, _ change: (inout Row) -> Void) { change(&rows[index]) }

    /// The relation of all that was added.
    mutating func relation(_ header: Header, isOrdered: Bool = false) throws -> RowSet {
        try settle()
        return RowSet(header: header, rows: rows, isOrdered: isOrdered, weight: weight)
    }
}
