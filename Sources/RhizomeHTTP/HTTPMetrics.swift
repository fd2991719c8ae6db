internal import CoreMetrics
public import PrometheusMetrics

/// What the server counts, made once, by the names under which `/metrics` shows it.
final class HTTPMetrics: Sendable {
    /// Requests that were answered, by the class of the status.
    private let answers: [Int: Counter]
    /// Connections that were cut, by the deadline that passed.
    private let expired: [ConnectionDeadlines.Expiry: Counter]
    private let evicted: Counter
    private let connections: Meter

    init(_ factory: any MetricsFactory) {
        func cut(_ reason: String) -> Counter {
            Counter(label: "rhizome_http_connections_cut_total", dimensions: [("reason", reason)], factory: factory)
        }
        var answers: [Int: Counter] = [:]
        for hundred in [2, 4, 5] {
            answers[hundred] = Counter(
                label: "rhizome_http_requests_total",
                dimensions: [("status", "\(hundred)xx")],
                factory: factory
            )
        }
        self.answers = answers
        var expired: [ConnectionDeadlines.Expiry: Counter] = [:]
        for expiry in ConnectionDeadlines.Expiry.allCases { expired[expiry] = cut(expiry.rawValue) }
        self.expired = expired
        evicted = cut("evicted")
        connections = Meter(label: "rhizome_http_connections", factory: factory)
    }

    /// Counts an answer.
    func answered(_ status: Int) { answers[status / 100]?.increment() }

    /// Counts a connection whose deadline passed.
    func expired(_ expiry: ConnectionDeadlines.Expiry) { expired[expiry]?.increment() }

    /// Counts a connection that made room for another.
    func evictedOne() { evicted.increment() }

    /// Notes how many connections are open.
    func open(_ count: Int) { connections.set(count) }
}

extension HTTPAPI {
    /// The table of what the server counts and measures: unit and meaning of each.
    public static let metricTable: [MetricDefinition] = [
        .init(
            "rhizome_http_requests_total",
            .counter,
            labels: ["status"],
            unit: "requests",
            "HTTP requests that were answered, by status class."
        ),
        .init("rhizome_http_connections", .gauge, unit: "connections", "Open HTTP connections."),
        .init(
            "rhizome_http_connections_cut_total",
            .counter,
            labels: ["reason"],
            unit: "connections",
            "HTTP connections that were cut, by the deadline that passed, or for want of room."
        ),
    ]
}
