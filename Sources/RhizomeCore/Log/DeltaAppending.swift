/// The writing side of a log: what admission needs to have deltas kept.
public protocol DeltaAppending: Sendable {
    /// Decides what to append, and appends it, in one durable transaction.
    ///
    /// - Parameter body: runs off Swift's pool and blocks there; the transaction is lent to it.
    /// - Throws: what the body throws, and ``DeltaLogError``; nothing of what was appended is held then.
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (_ transaction: any LogTransaction) throws -> Value
    ) async throws -> Value
}
