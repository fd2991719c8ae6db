public import CoreMetrics
internal import Locks

/// A backend of swift-metrics that keeps numbers in memory and shows them in the Prometheus text format.
///
///     let registry = PrometheusRegistry([MetricDefinition("rhizome_deltas", .gauge, unit: "deltas", "Deltas held.")])
///     Meter(label: "rhizome_deltas", factory: registry).set(3)
///
/// It knows the metrics of its table and no others: making one that isn't in it, or as something else, or with other
/// labels is a mistake of the program and traps. A metric that is made twice with the same labels is the same one. It
/// holds as many numbers as there are values of labels, so those come from closed sets.
public final class PrometheusRegistry: MetricsFactory, Sendable {
    private struct Family {
        let definition: MetricDefinition
        /// By the values of the labels.
        var series: [[String]: any Series] = [:]
    }

    private struct State {
        var order: [String] = []
        var families: [String: Family] = [:]
    }

    private let state: Lock<State>

    /// A registry of these metrics, shown in this order.
    public init(_ table: [MetricDefinition]) {
        var state = State()
        for definition in table {
            precondition(state.families[definition.name] == nil, "\(definition.name) is once in the table")
            state.order.append(definition.name)
            state.families[definition.name] = Family(definition: definition)
        }
        self.state = Lock(state)
    }

    /// All numbers; a metric of which there is none yet is left out.
    public var text: String {
        let families = state.withLock { state in state.order.compactMap { state.families[$0] } }
        var text = PrometheusText()
        for family in families where !family.series.isEmpty {
            text.begin(family.definition)
            for (values, series) in family.series.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                series.write(to: &text, family.definition.name, Array(zip(family.definition.labels, values)))
            }
        }
        return text.text
    }

    // MARK: - Making

    private func series<Found: Series>(
        _ name: String,
        _ dimensions: [(String, String)],
        _ make: (MetricDefinition.Kind) -> Found?
    ) -> Found {
        state.withLock { state in
            guard let family = state.families[name] else { preconditionFailure("\(name) is in the table of metrics") }
            precondition(dimensions.map(\.0) == family.definition.labels, "\(name) has the labels of the table")
            let values = dimensions.map(\.1)
            if let known = family.series[values] as? Found { return known }
            guard let made = make(family.definition.kind) else {
                preconditionFailure("\(name) is made as what the table says")
            }
            state.families[name]?.series[values] = made
            return made
        }
    }

    /// A counter of the table.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, dimensions) { $0 == .counter ? CounterSeries() : nil }
    }

    /// A gauge of the table.
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        gauge(label, dimensions)
    }

    private func gauge(_ name: String, _ dimensions: [(String, String)]) -> GaugeSeries {
        series(name, dimensions) { $0 == .gauge ? GaugeSeries() : nil }
    }

    private func histogram(_ name: String, _ dimensions: [(String, String)]) -> HistogramSeries {
        series(name, dimensions) { kind in
            guard case .histogram(let bounds) = kind else { return nil }
            return HistogramSeries(bounds: bounds)
        }
    }

    /// A histogram of the table, or a gauge where values aren't aggregated.
    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        aggregate ? histogram(label, dimensions) : gauge(label, dimensions)
    }

    /// A histogram of the table, in seconds.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(label, dimensions)
    }

    // MARK: - Forgetting

    private func forget(_ handler: AnyObject) {
        state.withLock { state in
            for name in state.order {
                guard let found = state.families[name]?.series.first(where: { $0.value === handler }) else { continue }
                state.families[name]?.series[found.key] = nil
                return
            }
        }
    }

    /// Shows a counter no longer.
    public func destroyCounter(_ handler: any CounterHandler) { forget(handler) }

    /// Shows a gauge no longer.
    public func destroyMeter(_ handler: any MeterHandler) { forget(handler) }

    /// Shows a recorder no longer.
    public func destroyRecorder(_ handler: any RecorderHandler) { forget(handler) }

    /// Shows a timer no longer.
    public func destroyTimer(_ handler: any TimerHandler) { forget(handler) }
}
