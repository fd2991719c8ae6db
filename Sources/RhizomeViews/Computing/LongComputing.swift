package import Dispatch
internal import Locks

/// Where reads compute what takes long: on threads of its own, as many at a time as there are processors.
///
/// Swift's pool has no more threads than that, and every step of all else runs there: a few views of many deltas, or
/// contexts of thousands of authors, would hold up each write and each short read. What is short is computed where the
/// caller is, and never waits for what is long.
package final class LongComputing: Sendable {
    /// The one that all reads of a process share.
    package static let shared = LongComputing(
        on: DispatchQueue(label: "rhizome.reads", qos: .utility, attributes: .concurrent)
    )

    /// What is computed where the caller is, µs.
    private static let short = 1_000

    private let queue: DispatchQueue
    private let pieces = Lock(0)

    /// Computes on a queue; how many at a time is the queue's to say.
    package init(on queue: DispatchQueue) { self.queue = queue }

    /// How many pieces are being computed here, or wait for it.
    package var inFlight: Int { pieces.withLock { $0 } }

    /// Computes something that waits for nothing.
    ///
    /// Goes on where the caller is cancelled. What waits is bounded by those who ask: each waits for its own.
    ///
    /// - Parameter cost: about how many µs it takes: one for each delta that a view looks at, or for each byte of a
    ///   definition that is read.
    package func run<Value: Sendable, Failure: Error>(
        cost: Int,
        _ work: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        guard cost > Self.short else { return try work() }
        pieces.withLock { $0 += 1 }
        let result: Result<Value, Failure> = await withCheckedContinuation { continuation in
            queue.async {
                let result: Result<Value, Failure>
                do throws(Failure) { result = .success(try work()) } catch { result = .failure(error) }
                continuation.resume(returning: result)
            }
        }
        pieces.withLock { $0 -= 1 }
        return try result.get()
    }
}
