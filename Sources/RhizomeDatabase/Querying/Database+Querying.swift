internal import Bytes
internal import RhizomeCore
public import RhizomeQueries
public import RhizomeViews
public import SignedStatements

/// What a query gave, and of which state.
public struct QueryAnswer: Sendable {
    /// The rows.
    public let result: QueryResult
    /// The epoch of the log.
    public let epoch: [UInt8]
    /// The last position that counted.
    public let position: Int64
    /// The authors who didn't count since their logs fork, where the perspective asks for that.
    public let forked: Set<PublicKey>

    /// The same, which doesn't count among the rows of queries that run.
    package var kept: QueryAnswer {
        QueryAnswer(result: result.kept, epoch: epoch, position: position, forked: forked)
    }
}

extension Database {
    /// Answers a query over one state of what is held (spec: query.md).
    ///
    /// Four queries run at a time and sixteen wait. What the rows take is given back once nobody has the answer any more.
    ///
    /// - Parameters:
    ///   - perspective: how it is looked; as this node sees it now where `nil`.
    ///   - position: the last position that counts; all do where `nil`.
    /// - Throws: ``QueryFault`` where the query has no meaning, ``QueryLimit`` where it takes more than it may;
    ///   ``DeltaLogError`` `busy` where too many others run; `CancellationError`, and what the log throws.
    @concurrent public func query(
        _ query: Query,
        from perspective: Perspective? = nil,
        at position: Int64? = nil
    ) async throws -> QueryAnswer {
        let plan = try QueryPlan(query)
        return try await queries.run { [clock] in
            let meter = QueryMeter(seconds: query.seconds) { clock.uptime }
            return try await withTaskCancellationHandler {
                let eyes: Perspective
                if let perspective { eyes = perspective } else { eyes = Perspective(without: try await exclusion()) }
                let reader = try await RowReader(log: log, perspective: eyes, at: position)
                let bases = BaseReader(reader: reader, plan: plan, meter: meter)
                var relations: [QueryBase: BaseRelation] = [:]
                for base in plan.bases { relations[base] = try await bases.relation(base) }
                let result = try await views.computing.run(cost: .max) { [relations] in
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
}
