public import RhizomeQueries
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
