internal import HTTPTypes
internal import HummingbirdCore

/// The numbers for Prometheus.
struct MetricsRoutes {
    let node: any NodeService
    /// What the server itself counts.
    let server: @Sendable () -> [MetricSample]

    var routes: [Route] { [Route(.get, "/metrics", metrics)] }

    @Sendable private func metrics(_ request: APIRequest) async throws -> Response {
        _ = try ReadParameters(request.target.query, taking: [])
        let samples = await node.metrics() + server()
        return .bytes(Array(PrometheusText(samples).text.utf8), type: MediaTypes.metrics)
    }
}
