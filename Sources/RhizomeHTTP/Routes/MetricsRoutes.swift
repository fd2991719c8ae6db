internal import HTTPTypes
internal import HummingbirdCore
internal import PrometheusMetrics
internal import RhizomeDatabase

/// The numbers for Prometheus.
struct MetricsRoutes {
    let database: Database
    let peers: any PeerReporting
    let registry: PrometheusRegistry
    /// Measures what the server itself has open.
    let measure: @Sendable () -> Void

    var routes: [Route] {
        [
            Route(
                .get,
                "/metrics",
                "What the node counts and measures",
                answers: [.bytes("The Prometheus text format", type: MediaTypes.metrics)],
                metrics
            )
        ]
    }

    @Sendable private func metrics(_ request: APIRequest) async throws -> Response {
        await database.measure()
        await peers.measure()
        measure()
        return .bytes(Array(registry.text.utf8), type: MediaTypes.metrics)
    }
}
