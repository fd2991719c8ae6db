internal import Bytes
internal import HTTPTypes
internal import HummingbirdCore
internal import RhizomeIdentity
internal import RhizomeNode
internal import StrictJSON

/// Whether the node is well.
struct HealthRoutes {
    let node: any NodeService
    /// The software's version.
    let version: String

    var routes: [Route] {
        [Route(.get, "/api/health", health)]
    }

    @Sendable private func health(_ request: APIRequest) async throws -> Response {
        _ = try ReadParameters(request.target.query, taking: [])
        var health: JSONObject = [
            "status": "ok",
            "identity": .string(node.identity.did),
            "peerId": .string(node.peerID),
            "version": .string(version),
            "uptimeSeconds": .integer(node.uptimeSeconds),
        ]
        // It answers and serves; but what a write would be told is told before one fails.
        if let error = node.writeError { health.append(Text(error.code.rawValue), .object(APIError(error).details)) }
        return .json(.object(health))
    }
}
