/// A transaction of a log's one writer: what is appended is decided by the very state to which it is appended.
///
/// Calls block, and hold up all who write; lent by ``DeltaAppending/write(_:)`` and not to be kept.
public protocol LogTransaction: AnyObject {
    /// The links to those of these deltas that are held.
    func links(of ids: [DeltaID]) throws -> [DeltaID: DeltaLink]

    /// Looks at the state as it is now, shortly.
    ///
    /// - Parameter body: gets the state lent.
    /// - Returns: `nil` where the body looked at more than there is time for, or threw: whoever wants to know reads it
    ///   outside of the transaction, where it takes nobody's time.
    /// - Throws: where the transaction can't go on: nothing of it may be held.
    func glance<Value>(_ body: (any LogSnapshot) throws -> Value) throws -> Value?

    /// Appends admitted deltas in order, with their places in the indexes.
    ///
    /// Every previous of each is held already or stands earlier in the batch. Deltas that are held already are left out.
    ///
    /// - Parameter cursors: named positions that are set with them.
    /// - Returns: the appended ones with their positions, in order; held once the transaction is.
    /// - Throws: ``DeltaLogError``; the transaction can't go on then.
    func append(_ batch: [AdmittedDelta], cursors: [String: Int64]) throws -> [StoredDelta]
}

extension DeltaLog {
    /// Appends admitted deltas in order, with their places in the indexes, in one durable transaction.
    ///
    /// - Parameter cursors: named positions that are set in the same transaction.
    /// - Returns: the appended ones with their positions, in order.
    /// - Throws: ``DeltaLogError``; nothing of the batch is held then.
    public func append(_ batch: [AdmittedDelta], cursors: [String: Int64]) async throws -> [StoredDelta] {
        try await write { transaction in try transaction.append(batch, cursors: cursors) }
    }
}
