internal import Bytes
internal import HTTPTypes
internal import HummingbirdCore
internal import RhizomeIdentity
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
        return .json([
            "status": "ok",
            "identity": .string(node.identity.did),
            "peerId": .string(node.peerID),
            "version": .string(version),
            "uptimeSeconds": .integer(node.uptimeSeconds),
        ])
    }
}
