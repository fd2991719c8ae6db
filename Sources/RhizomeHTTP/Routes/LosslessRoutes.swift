internal import Bytes
internal import HTTPTypes
internal import HummingbirdCore
internal import RhizomeCore
internal import RhizomeDatabase
internal import RhizomeViews
internal import StrictJSON

/// Everything that was said of an entity or a transaction, delta by delta.
struct LosslessRoutes {
    let database: Database

    var routes: [Route] {
        ["lossless", "hyperview"].flatMap { name in
            [
                Route(.get, "/api/\(name)/ids", query: [.page, .viewpoint], ids),
                Route(.get, "/api/\(name)/:entity", query: [.page, .viewpoint], entity),
            ]
        } + [
            Route(.get, "/api/transaction/ids", query: [.page, .viewpoint], transactions),
            Route(.get, "/api/transaction/:entity", query: [.page, .viewpoint], transaction),
        ]
    }

    @Sendable private func ids(_ request: APIRequest) async throws -> Response {
        let reader = try await database.reader(from: request.query.viewpoint)
        return try await EntityList.response(to: request, page: request.query.page) { last, count in
            try await reader.entities(after: last, count: count)
        }
    }

    @Sendable private func transactions(_ request: APIRequest) async throws -> Response {
        let reader = try await database.reader(from: request.query.viewpoint)
        return try await EntityList.response(to: request, page: request.query.page) { last, count in
            try await reader.collection(ControlName.transaction, after: last, count: count)
        }
    }

    @Sendable private func entity(_ request: APIRequest) async throws -> Response {
        try await view(request) { _ in }
    }

    @Sendable private func transaction(_ request: APIRequest) async throws -> Response {
        try await view(request) { view in
            guard try await view.isReferenced(as: ControlName.transaction) else {
                throw APIError(
                    status: .badRequest,
                    error: "Entity is not a transaction",
                    details: ["id": .text(view.id)]
                )
            }
        }
    }

    private func view(
        _ request: APIRequest,
        _ check: (LosslessView) async throws -> Void
    ) async throws -> Response {
        let reader = try await database.reader(from: request.query.viewpoint)
        let id = request.parameter("entity")
        return try await LosslessAnswer.response(to: request, page: request.query.page, of: database) { place, limit in
            guard let view = try await reader.lossless(id, after: place, limit: limit) else { throw APIError.notFound }
            try await check(view)
            return view
        }
    }
}
