/// A log of which one state can be read while it grows: what views are made of.
public protocol StateReading: Sendable {
    /// Reads one state of the log, as of when the call was made or later.
    ///
    /// - Parameter body: runs off Swift's pool and blocks there; the state is lent to it.
    /// - Throws: what the body throws, `CancellationError`, and ``DeltaLogError``.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (_ snapshot: any LogSnapshot) throws -> Value
    ) async throws -> Value
}
