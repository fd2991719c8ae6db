internal import Bytes
internal import HTTPTypes
internal import HummingbirdCore
internal import RhizomeCore
internal import RhizomeViews
internal import StrictJSON

/// Everything that was said of an entity or a transaction, delta by delta.
struct LosslessRoutes {
    let node: any NodeService

    var routes: [Route] {
        ["lossless", "hyperview"].flatMap { name in
            [Route(.get, "/api/\(name)/ids", ids), Route(.get, "/api/\(name)/:entity", entity)]
        } + [
            Route(.get, "/api/transaction/ids", transactions),
            Route(.get, "/api/transaction/:entity", transaction),
        ]
    }

    @Sendable private func ids(_ request: APIRequest) async throws -> Response {
        let parameters = try ReadParameters(request.target.query, taking: [.page, .viewpoint])
        let reader = try await node.reader(from: parameters.viewpoint)
        return try await EntityList.response(to: request, page: parameters.page) { last, count in
            try await reader.entities(after: last, count: count)
        }
    }

    @Sendable private func transactions(_ request: APIRequest) async throws -> Response {
        let parameters = try ReadParameters(request.target.query, taking: [.page, .viewpoint])
        let reader = try await node.reader(from: parameters.viewpoint)
        return try await EntityList.response(to: request, page: parameters.page) { last, count in
            try await reader.collection(ControlName.transaction, after: last, count: count)
        }
    }

    @Sendable private func entity(_ request: APIRequest) async throws -> Response {
        try await answer(try await view(request))
    }

    @Sendable private func transaction(_ request: APIRequest) async throws -> Response {
        let view = try await view(request)
        guard view.referencedAs.contains(ControlName.transaction) else {
            throw APIError(
                status: .badRequest,
                error: "Entity is not a transaction",
                details: ["id": .text(view.id)]
            )
        }
        return try await answer(view)
    }

    private func view(_ request: APIRequest) async throws -> LosslessView {
        let parameters = try ReadParameters(request.target.query, taking: .viewpoint)
        let reader = try await node.reader(from: parameters.viewpoint)
        guard let view = try await reader.lossless(request.parameter("entity")) else { throw APIError.notFound }
        return view
    }

    /// The view with all fields that its deltas have in the store.
    private func answer(_ view: LosslessView) async throws -> Response {
        let stored = try await node.log.deltas(Array(view.deltas))
        let json = await node.views.computing.run(cost: stored.count) {
            let fields = Dictionary(uniqueKeysWithValues: stored.map { ($0.id, $0.json) })
            return view.json { fields[$0.id] ?? $0.json }.encoded
        }
        return .json(encoded: json)
    }
}
