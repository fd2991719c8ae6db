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
        (["/api/lossless", "/api/hyperview"] as [RoutePath]).flatMap { path -> [Route] in
            [
                Route(
                    .get,
                    "\(path)/ids",
                    "All entities",
                    query: Query.page + Query.viewpoint,
                    answers: [.page("The ids of those of which anything is visible", .ids(.text))],
                    ids
                ),
                Route(
                    .get,
                    "\(path)/\(Path.entity)",
                    "Everything that was said of an entity",
                    query: Query.page + Query.viewpoint,
                    answers: [
                        .page("Delta by delta, under each property", .lossless),
                        .notFound("No delta about it is visible"),
                    ],
                    entity
                ),
            ]
        } + [
            Route(
                .get,
                "/api/transaction/ids",
                "All transactions",
                query: Query.page + Query.viewpoint,
                answers: [.page("Their ids", .ids(.text))],
                transactions
            ),
            Route(
                .get,
                "/api/transaction/\(Path.entity)",
                "Everything that was said in a transaction",
                query: Query.page + Query.viewpoint,
                answers: [
                    .page("Delta by delta, under each property", .lossless),
                    .error(
                        .badRequest,
                        "The entity is no transaction",
                        .object(["error": .word(["Entity is not a transaction"]), "id": .text])
                    ),
                    .notFound("No delta about it is visible"),
                ],
                transaction
            ),
        ]
    }

    @Sendable private func ids(_ request: APIRequest) async throws -> Response {
        let reader = try await database.reader(from: request.viewpoint)
        return try await EntityList.response(to: request, page: request.page) { last, count in
            try await reader.entities(after: last, count: count)
        }
    }

    @Sendable private func transactions(_ request: APIRequest) async throws -> Response {
        let reader = try await database.reader(from: request.viewpoint)
        return try await EntityList.response(to: request, page: request.page) { last, count in
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
        let reader = try await database.reader(from: request.viewpoint)
        let id = request[Path.entity]
        return try await LosslessAnswer.response(to: request, page: request.page, of: database) { place, limit in
            guard let view = try await reader.lossless(id, after: place, limit: limit) else { throw APIError.notFound }
            try await check(view)
            return view
        }
    }
}

extension JSONSchema {
    fileprivate static let lossless = object([
        "referencedAs": array(of: text), "properties": object(others: array(of: told)), "isComplete": boolean,
    ]).named("LosslessView")

    /// A delta as lossless views tell it, each pointer collapsed to `{localContext: target}`.
    private static let told = deltaHead.adding(
        ["signature": text, "timeReceived": time, "pointers": array(of: object(others: value))],
        optional: ["receivedFrom": did, "negated": boolean]
    ).named("ToldDelta")
}
