internal import Bytes
internal import RhizomeCore
public import RhizomeQueries
public import RhizomeViews

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
        let run = try QueryRun(query, of: log, on: views.computing) { [clock] in clock.uptime }
        return try await queries.run {
            let eyes: Perspective
            if let perspective { eyes = perspective } else { eyes = Perspective(without: try await exclusion()) }
            return try await run.answer(from: eyes, at: position)
        }
    }
}
