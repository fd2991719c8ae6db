internal import DequeModule
internal import Dispatch
internal import Foundation
internal import Locks

/// Computes on all cores what one thread hands in piece by piece, and gives that thread the results in the same order.
///
/// For a reader that can't leave its own thread, as SQLite's can't.
final class OrderedWork<Result: Sendable> {
    private final class Slot: Sendable {
        let result = Lock<Result?>(nil)
        let isThere = DispatchSemaphore(value: 0)
    }

    /// How many cores there are.
    static var width: Int { max(1, ProcessInfo.processInfo.activeProcessorCount) }
    /// How many pieces may wait or be worked on: enough that no core waits for the reader.
    static var limit: Int { 4 * width }

    private let queue = DispatchQueue(label: "rhizome.audit", qos: .utility, attributes: .concurrent)
    private var slots: Deque<Slot> = []

    /// Whether a result is to be taken before more is handed in.
    var isFull: Bool { slots.count >= Self.limit }

    /// Hands in a piece, which waits for nothing.
    func add(_ work: @escaping @Sendable () -> Result) {
        let slot = Slot()
        slots.append(slot)
        queue.async {
            let result = work()
            slot.result.withLock { $0 = result }
            slot.isThere.signal()
        }
    }

    /// The oldest result, once it is there; `nil` where all were taken.
    func next() -> Result? {
        guard let slot = slots.popFirst() else { return nil }
        slot.isThere.wait()
        return slot.result.withLock { $0 }
    }
}
