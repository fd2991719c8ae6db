import DatabaseTesting
import Locks
import RhizomeCore
import RhizomeTesting
import Testing

@testable import RhizomeDatabase
@testable import RhizomeNode
@testable import RhizomePeering

/// What an honest peer's writes took to arrive while something else was going on.
struct HonestWrites: Sendable, CustomStringConvertible {
    /// A hundredth of writes may take longer (the promise).
    ///
    /// In a test, where the percentile of a few dozen is the slowest of all and other programs are at work, forty times
    /// that is allowed, and in `make soak`, which makes thousands, ten times that. The thread sanitizer slows all code
    /// down by ten.
    static let promise = Duration.milliseconds(250)
    #if RHIZOME_TSAN
        private static let slowdown = 10
    #else
        private static let slowdown = 1
    #endif
    private static let allowance = slowdown * TestSchedule.rounds(40, soak: 10)
    private static let pause = Duration.milliseconds(20)
    private static let fewest = 20

    private final class Flag: Sendable {
        private let state = Lock(false)
        var isSet: Bool { state.withLock { $0 } }
        func set() { state.withLock { $0 = true } }
    }

    private var times: [Duration] = []

    var count: Int { times.count }

    private func quantile(_ share: Double) -> Duration {
        times.sorted()[max(0, min(times.count - 1, Int((Double(times.count) * share).rounded(.up)) - 1))]
    }

    var description: String {
        times.isEmpty ? "no writes" : "\(count) writes: p50 \(quantile(0.5)), p99 \(quantile(0.99))"
    }

    /// Lets a node write at intervals, and waits for each write at another one, until `load` has ended.
    ///
    /// Fails the test where a write doesn't arrive, or the 99th percentile is above what is allowed.
    ///
    /// - Parameter hasArrived: whether the other node holds a delta.
    static func expect(
        _ what: String,
        from writer: Node,
        hasArrived: @escaping @Sendable (DeltaID) async throws -> Bool,
        while load: @escaping @Sendable () async throws -> Void
    ) async throws {
        let writes = try await withThrowingTaskGroup(of: Void.self) { group in
            let isOver = Flag()
            group.addTask {
                defer { isOver.set() }
                try await load()
            }
            var writes = HonestWrites()
            while !isOver.isSet || writes.count < fewest {
                let start = ContinuousClock.now
                for written in try await writer.database.write([.name("write \(writes.count)")]) {
                    try await eventually("\(what): an honest write arrives") { try await hasArrived(written.delta.id) }
                }
                writes.times.append(.now - start)
                try await Task.sleep(for: pause)
            }
            try await group.waitForAll()
            return writes
        }
        print("\(what): \(writes)")
        #expect(writes.quantile(0.99) < promise * allowance, "\(what): \(writes)")
    }
}
