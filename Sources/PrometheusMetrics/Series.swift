internal import CoreMetrics
internal import Locks
internal import Synchronization

/// The numbers of one metric with one set of label values.
protocol Series: AnyObject, Sendable {
    /// Writes them.
    func write(to text: inout PrometheusText, _ name: String, _ labels: [(String, String)])
}

/// A number that only grows.
final class CounterSeries: Series, CounterHandler {
    private let count = Atomic<Int64>(0)

    func increment(by amount: Int64) { count.wrappingAdd(amount, ordering: .relaxed) }

    func reset() { count.store(0, ordering: .relaxed) }

    func write(to text: inout PrometheusText, _ name: String, _ labels: [(String, String)]) {
        text.sample(name, labels, Double(count.load(ordering: .relaxed)))
    }
}

/// A number that is set.
final class GaugeSeries: Series, MeterHandler, RecorderHandler {
    private let value = Lock(0.0)

    func set(_ value: Int64) { set(Double(value)) }

    func set(_ value: Double) { self.value.withLock { $0 = value } }

    func increment(by amount: Double) { value.withLock { $0 += amount } }

    func decrement(by amount: Double) { increment(by: -amount) }

    func record(_ value: Int64) { set(value) }

    func record(_ value: Double) { set(value) }

    func write(to text: inout PrometheusText, _ name: String, _ labels: [(String, String)]) {
        text.sample(name, labels, value.withLock { $0 })
    }
}

/// Observations, counted by size.
///
/// Times are observed in seconds.
final class HistogramSeries: Series, RecorderHandler, TimerHandler {
    private struct State {
        var counts: [Int64]
        var sum = 0.0
    }

    private let bounds: [Double]
    private let state: Lock<State>

    init(bounds: [Double]) {
        self.bounds = bounds
        state = Lock(State(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1_000_000_000) }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        let place = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[place] += 1
            state.sum += value
        }
    }

    func write(to text: inout PrometheusText, _ name: String, _ labels: [(String, String)]) {
        let state = state.withLock { $0 }
        var count: Int64 = 0
        for (bound, observed) in zip(bounds + [.infinity], state.counts) {
            count += observed
            text.sample(name + "_bucket", labels + [("le", PrometheusText.number(bound))], Double(count))
        }
        text.sample(name + "_sum", labels, state.sum)
        text.sample(name + "_count", labels, Double(count))
    }
}
