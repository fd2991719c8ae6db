internal import Locks

/// How many bytes of request bodies may lie in memory at once, of all connections together.
final class BodyBudget: Sendable {
    private let limit: Int
    private let used = Lock(0)

    /// A budget.
    init(limit: Int) { self.limit = limit }

    /// Takes bytes.
    ///
    /// - Throws: 503 where too many are taken.
    func take(_ count: Int) throws(APIError) {
        let isTaken = used.withLock { used in
            guard used + count <= limit else { return false }
            used += count
            return true
        }
        guard isTaken else { throw .unavailable("busy", "too many large requests at once; try again") }
    }

    /// Gives bytes back.
    func give(_ count: Int) { used.withLock { $0 -= count } }
}
