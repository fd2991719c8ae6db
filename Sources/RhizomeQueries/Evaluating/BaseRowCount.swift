/// Counts the rows of a base relation while they are read.
public struct BaseRowCount: Sendable {
    private let meter: QueryMeter
    private let place: QueryParser.Place

    /// Counts rows of one of a plan's base relations.
    public init(of base: QueryBase, in plan: QueryPlan, _ meter: QueryMeter) {
        self.meter = meter
        place = plan.place(of: base)
    }

    /// Whether the query may go on; for what is looked at and gives no row.
    ///
    /// - Throws: ``QueryLimit`` `seconds`; `CancellationError`.
    public func check() throws { try meter.check(at: place) }

    /// Counts rows that were read.
    ///
    /// - Throws: ``QueryLimit`` and `CancellationError`.
    public func add(_ rows: [BaseRelation.Row]) throws {
        let bytes = rows.reduce(0) { $0 + $1.approximateBytes }
        try meter.take(QueryMeter.Weight(rows: rows.count, bytes: bytes), at: place)
    }

    /// What is said where there would be more rows than there may ever be.
    public var tooManyRows: QueryLimit { QueryLimit(.rows, most: QueryBounds.rows, at: place) }
}
