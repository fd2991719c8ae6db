internal import Bytes
internal import HTTPTypes
internal import HummingbirdCore
internal import RhizomeCore
internal import RhizomeDatabase
internal import RhizomeViews
internal import StrictJSON

/// Entities as their properties' values, by collection.
struct CollectionRoutes {
    let database: Database
    /// Makes ids and transactions' names that nothing else has.
    let makeUUID: @Sendable () -> String

    var routes: [Route] {
        [
            Route(.get, "/api/:collection/ids", query: [.page, .viewpoint], ids),
            Route(.get, "/api/:collection/:id", query: [.viewpoint, .nested], entity),
            Route(.get, "/api/:collection/:id/history", query: [.page, .viewpoint], history),
            Route(.get, "/api/:collection/:id/related", query: [.page, .viewpoint, .related], related),
            Route(.put, "/api/:collection", query: [.say, .schema], contentTypes: [MediaTypes.json], putAny),
            Route(.put, "/api/:collection/:id", query: [.say, .schema], contentTypes: [MediaTypes.json], put),
        ]
    }

    // MARK: - Reading

    @Sendable private func ids(_ request: APIRequest) async throws -> Response {
        let name = request.parameter("collection")
        let reader = try await database.reader(from: request.query.viewpoint)
        return try await EntityList.response(to: request, page: request.query.page) { last, count in
            try await reader.collection(name, after: last, count: count)
        }
    }

    @Sendable private func entity(_ request: APIRequest) async throws -> Response {
        if let schema = request.query.schema { return try await nested(request, through: schema) }
        let reader = try await database.reader(from: request.query.viewpoint)
        let parts = try await reader.parts(of: request.parameter("id"), in: request.parameter("collection"))
        guard let parts else { throw APIError.notFound }
        return try await EntityAnswer.response(parts)
    }

    /// An entity as a schema shows it, with what it refers to.
    private func nested(_ request: APIRequest, through name: Text) async throws -> Response {
        let query = request.query
        let view = try await database.reader(from: query.viewpoint).nested(
            request.parameter("id"),
            in: request.parameter("collection"),
            through: try await database.schemas(called: name, levels: query.levels, asOf: query.viewpoint.asOf),
            levels: query.levels,
            tellingAllMissing: query.tellsAllMissing
        )
        guard let view else { throw APIError.notFound }
        return await .json(view.json(own: database.identity), computing: database.views.computing)
    }

    @Sendable private func history(_ request: APIRequest) async throws -> Response {
        let reader = try await database.reader(from: request.query.viewpoint)
        return try await HistoryAnswer.response(to: request, page: request.query.page) { place, limit in
            try await reader.history(of: request.parameter("id"), after: place, limit: limit)
        }
    }

    /// The deltas that relate an entity to others; which relation one is says the collection's own schema, or the one that
    /// is named.
    @Sendable private func related(_ request: APIRequest) async throws -> Response {
        let query = request.query
        let id = request.parameter("id")
        let asOf = query.viewpoint.asOf
        let schema: SchemaDefinition? =
            if let name = query.schema {
                try await database.schema(called: name, asOf: asOf).definition.get()
            } else {
                try? await database.definition(
                    called: request.parameter("collection"),
                    of: SchemaDefinition.self,
                    asOf: asOf
                )?.definition.get()
            }
        let relation = try query.relation.map { name in
            guard let relation = schema?.relation(name) else {
                throw APIError.badInput("the schema has no relation of this name", field: "relation")
            }
            return relation
        }
        let selection = RelatedDeltas.Selection(property: query.property, role: query.role, relation: relation)
        let reader = try await database.reader(from: query.viewpoint)
        return try await RelatedAnswer.response(to: request, about: id, in: schema, property: query.property) {
            place,
            limit in
            try await reader.related(to: id, selection, after: place, limit: limit)
        }
    }

    // MARK: - Writing

    /// PUT with the id in the body, or without one.
    @Sendable private func putAny(_ request: APIRequest) async throws -> Response {
        let body = try request.object()
        for member in body.members where member.name != "id" && member.name != "properties" {
            throw FieldError(.unknown, field: member.name.string, "there is no such field; a PUT has id and properties")
        }
        guard let json = body["properties"] else {
            throw FieldError(.missing, field: "properties", "a PUT names properties")
        }
        guard let properties = json.object else {
            throw FieldError(.type, field: "properties", "properties are an object")
        }
        var id: Text?
        if let given = body["id"] {
            guard let text = given.text else { throw FieldError(.type, field: "id", "an id is a text") }
            id = text
        } else if let property = properties["id"] {
            guard let text = property.text else { throw FieldError(.type, field: "properties.id", "an id is a text") }
            id = text
        }
        return try await put(
            request.parameter("collection"),
            id ?? Text(makeUUID()),
            properties,
            request.query,
            field: "properties"
        )
    }

    /// PUT with the id in the path.
    @Sendable private func put(_ request: APIRequest) async throws -> Response {
        let properties = try request.object()
        return try await put(
            request.parameter("collection"),
            request.parameter("id"),
            properties,
            request.query
        )
    }

    /// - Parameter field: where in the body the properties are; none where they are the body.
    private func put(
        _ collection: Text,
        _ id: Text,
        _ properties: JSONObject,
        _ query: ReadParameters,
        field: String? = nil
    ) async throws -> Response {
        if let property = properties["id"], property != .text(id) {
            throw APIError(
                status: .badRequest,
                error: "ID Mismatch",
                details: ["param": .text(id), "property": property]
            )
        }
        do {
            let put = try EntityPut(
                collection: collection,
                id: id,
                properties: properties,
                saysAll: query.saysAll,
                takesLists: true
            )
            var schema: StoredDefinition<SchemaDefinition>?
            if let name = query.schema {
                schema = try await database.schema(called: name)
                _ = try schema?.definition.get()
            }
            let writer = EntityWriter(
                reader: try await database.reader(),
                by: database.identity,
                makeUUID: makeUUID,
                write: database.write
            )
            return try await EntityAnswer.response(try await writer.put(put, through: schema))
        } catch let error as FieldError {
            guard let field, error.code != .count, properties[Text(error.field)] != nil else { throw error }
            throw error.inside(field)
        }
    }
}
