internal import HTTPTypes
internal import HummingbirdCore
internal import PrometheusMetrics

/// The numbers for Prometheus.
struct MetricsRoutes {
    let node: any NodeService
    let registry: PrometheusRegistry
    /// Measures what the server itself has open.
    let measure: @Sendable () -> Void

    var routes: [Route] { [Route(.get, "/metrics", metrics)] }

    @Sendable private func metrics(_ request: APIRequest) async throws -> Response {
        _ = try ReadParameters(request.target.query, taking: [])
        await node.measure()
        measure()
        return .bytes(Array(registry.text.utf8), type: MediaTypes.metrics)
    }
}
