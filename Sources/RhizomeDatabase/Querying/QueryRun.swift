public import Bytes
public import RhizomeCore
public import RhizomeQueries
public import RhizomeViews

/// A query that is about to be answered from a log (spec: query.md).
public struct QueryRun: Sendable {
    private let plan: QueryPlan
    private let log: any AcceptanceOrder & StateReading
    private let computing: LongComputing
    private let now: @Sendable () -> Uptime

    /// Plans a query.
    ///
    /// - Parameter now: the clock that never goes back.
    /// - Throws: ``QueryFault`` where the query has no meaning.
    public init(
        _ query: Query,
        of log: any AcceptanceOrder & StateReading,
        now: @escaping @Sendable () -> Uptime
    ) throws(QueryFault) {
        try self.init(query, of: log, on: .shared, now: now)
    }

    /// Plans a query.
    ///
    /// - Parameter computing: where it is computed.
    /// - Throws: ``QueryFault`` where the query has no meaning.
    package init(
        _ query: Query,
        of log: any AcceptanceOrder & StateReading,
        on computing: LongComputing,
        now: @escaping @Sendable () -> Uptime
    ) throws(QueryFault) {
        plan = try QueryPlan(query)
        self.log = log
        self.computing = computing
        self.now = now
    }

    /// Reads what the query needs, and answers it; its time begins now.
    ///
    /// - Parameters:
    ///   - perspective: how it is looked.
    ///   - position: the last position that counts; all do where `nil`.
    /// - Throws: ``QueryFault``, ``QueryLimit``, `CancellationError`, and what the log throws.
    @concurrent public func answer(from perspective: Perspective, at position: Int64? = nil) async throws
        -> QueryAnswer
    {
        let meter = QueryMeter(seconds: plan.query.seconds, now: now)
        return try await withTaskCancellationHandler {
            let reader = try await RowReader(log: log, perspective: perspective, at: position)
            let bases = BaseReader(reader: reader, plan: plan, meter: meter)
            var relations: [QueryBase: BaseRelation] = [:]
            for base in plan.bases { relations[base] = try await bases.relation(base) }
            // What waits for nothing, and may take seconds.
            let result = try await computing.run(cost: .max) { [plan, relations] in
                try plan.evaluate(over: relations, meter)
            }
            return QueryAnswer(
                result: result,
                epoch: log.epoch,
                position: reader.position,
                forked: reader.perspective.forked
            )
        } onCancel: {
            meter.cancel()
        }
    }
}
