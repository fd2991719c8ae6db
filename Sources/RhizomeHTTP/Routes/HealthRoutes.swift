internal import Bytes
internal import HTTPTypes
internal import HummingbirdCore
internal import RhizomeDatabase
internal import RhizomeIdentity
internal import StrictJSON

/// Whether the node is well.
struct HealthRoutes {
    let database: Database
    let peers: any PeerReporting
    /// The software's version.
    let version: String

    var routes: [Route] {
        [
            Route(
                .get,
                "/api/health",
                "Whether the node is well",
                answers: [.json("It answers; what keeps writes from working is told", .health)],
                health
            )
        ]
    }

    @Sendable private func health(_ request: APIRequest) async throws -> Response {
        var health: JSONObject = [
            "status": "ok",
            "identity": .string(database.identity.did),
            "peerId": .string(peers.peerID),
            "version": .string(version),
            "uptimeSeconds": .integer(database.uptimeSeconds),
        ]
        // It answers and serves; but what a write would be told is told before one fails.
        if let error = database.writeError {
            health.append(Text(error.code.rawValue), .object(APIError(error).details))
        }
        return .json(.object(health))
    }
}

extension JSONSchema {
    fileprivate static let health = object(
        [
            "status": word(["ok"]), "identity": did, "peerId": text, "version": text, "uptimeSeconds": integer,
        ],
        optional: [
            "clock": object(["message": text], optional: ["writableAt": time]), "disk": object(["message": text]),
        ]
    ).named("Health")
}
