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
                    query: [Query.schema, Query.levels] + Query.page + Query.viewpoint,
                    answers: [
                        .page(
                            "Delta by delta, under each property; through a schema with what it refers to",
                            .either([.lossless, .nestedLossless])
                        ),
                        .notFound("No delta about it is visible, or there is no such schema"), .limit,
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
        if let name = request[Query.schema] {
            guard request.page == PageRequest(limit: nil, after: nil) else {
                throw APIError.badInput("what is shown through a schema has no pages", field: "limit")
            }
            let levels = request[Query.levels]
            let view = try await database.reader(from: request.viewpoint).nestedLossless(
                request[Path.entity],
                through: try await database.schemas(called: name, levels: levels, asOf: request[Query.asOf]),
                levels: levels
            )
            guard let view else { throw APIError.notFound }
            return try await NestedLosslessAnswer.response(view, of: database)
        }
        guard request[Query.levels] == nil else { throw APIError.badInput("levels goes with schema", field: "levels") }
        return try await view(request) { _ in }
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
