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
            Route(
                .get,
                "/api/\(Path.collection)/ids",
                "The entities that are referenced under a name",
                query: Query.page + Query.viewpoint,
                answers: [.page("Their ids, ordered by bytes", .ids(.text))],
                ids
            ),
            Route(
                .get,
                "/api/\(Path.collection)/\(Path.id)",
                "An entity as the values of its properties",
                query: [Query.schema, Query.levels, Query.missing] + Query.viewpoint,
                answers: [
                    .json("The entity; through a schema with what it refers to", .either([.entity, .nested])),
                    .notFound("No delta about it is visible, or there is no such schema"), .limit,
                ],
                entity
            ),
            Route(
                .get,
                "/api/\(Path.collection)/\(Path.id)/history",
                "What was said of an entity, one change after the other",
                query: Query.page + Query.viewpoint,
                answers: [
                    .page("Each change, oldest first", .history), .notFound("No delta about the entity is visible"),
                ],
                history
            ),
            Route(
                .get,
                "/api/\(Path.collection)/\(Path.id)/related",
                "The deltas that relate an entity to others",
                query: [Query.about, Query.role, Query.relation, Query.schema] + Query.page + Query.viewpoint,
                answers: [
                    .page("The deltas, oldest first", .related),
                    .notFound("No delta about the entity is visible, or there is no such schema"),
                ],
                related
            ),
            Route(
                .put,
                "/api/\(Path.collection)",
                "Writes an entity, under the id in the body or a new one",
                query: [Query.say, Query.schema],
                bodies: [.json(.object(["properties": .written], optional: ["id": .name]))],
                answers: Self.putAnswers,
                putAny
            ),
            Route(
                .put,
                "/api/\(Path.collection)/\(Path.id)",
                "Writes properties of an entity",
                query: [Query.say, Query.schema],
                bodies: [.json(.written)],
                answers: Self.putAnswers,
                put
            ),
        ]
    }

    private static let putAnswers: [StatedAnswer] = [
        .json("The entity as it is now; what it changes is durable", .entity),
        .error(
            .badRequest,
            "ID Mismatch: the id in the path or body isn't the one among the properties",
            .object(["error": .word(["ID Mismatch"]), "param": .text, "property": .any])
        ),
        .violations("The entity would not be as a schema wants it"),
        .error(
            .conflict,
            "Others gave values that should go, and they alone can take them back",
            .object([
                "error": .word(["others"]), "property": .text, "values": .array(of: .value),
                "creators": .array(of: .did),
            ])
        ),
        .notFound("There is no schema of this name"),
    ]

    // MARK: - Reading

    @Sendable private func ids(_ request: APIRequest) async throws -> Response {
        let name = request[Path.collection]
        let reader = try await database.reader(from: request.viewpoint)
        return try await EntityList.response(to: request, page: request.page) { last, count in
            try await reader.collection(name, after: last, count: count)
        }
    }

    @Sendable private func entity(_ request: APIRequest) async throws -> Response {
        guard request[Query.schema] != nil || request[Query.levels] == nil && request[Query.missing] == nil else {
            throw APIError.badInput("levels and missing go with schema", field: "schema")
        }
        if let schema = request[Query.schema] { return try await nested(request, through: schema) }
        let reader = try await database.reader(from: request.viewpoint)
        let parts = try await reader.parts(of: request[Path.id], in: request[Path.collection])
        guard let parts else { throw APIError.notFound }
        return try await EntityAnswer.response(parts)
    }

    /// An entity as a schema shows it, with what it refers to.
    private func nested(_ request: APIRequest, through name: Text) async throws -> Response {
        let levels = request[Query.levels]
        let view = try await database.reader(from: request.viewpoint).nested(
            request[Path.id],
            in: request[Path.collection],
            through: try await database.schemas(called: name, levels: levels, asOf: request[Query.asOf]),
            levels: levels,
            tellingAllMissing: request[Query.missing] == .all
        )
        guard let view else { throw APIError.notFound }
        return await .json(view.json(own: database.identity), computing: database.views.computing)
    }

    @Sendable private func history(_ request: APIRequest) async throws -> Response {
        let reader = try await database.reader(from: request.viewpoint)
        return try await HistoryAnswer.response(to: request, page: request.page) { place, limit in
            try await reader.history(of: request[Path.id], after: place, limit: limit)
        }
    }

    /// The deltas that relate an entity to others; which relation one is says the collection's own schema, or the one that
    /// is named.
    @Sendable private func related(_ request: APIRequest) async throws -> Response {
        let id = request[Path.id]
        let asOf = request[Query.asOf]
        let schema: SchemaDefinition? =
            if let name = request[Query.schema] {
                try await database.schema(called: name, asOf: asOf).definition.get()
            } else {
                try? await database.definition(
                    called: request[Path.collection],
                    of: SchemaDefinition.self,
                    asOf: asOf
                )?.definition.get()
            }
        let relation = try request[Query.relation].map { name in
            guard let relation = schema?.relation(name) else {
                throw APIError.badInput("the schema has no relation of this name", field: "relation")
            }
            return relation
        }
        let property = request[Query.about]
        let selection = RelatedDeltas.Selection(property: property, role: request[Query.role], relation: relation)
        let reader = try await database.reader(from: request.viewpoint)
        return try await RelatedAnswer.response(to: request, about: id, in: schema, property: property) {
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
            request[Path.collection],
            id ?? Text(makeUUID()),
            properties,
            request,
            field: "properties"
        )
    }

    /// PUT with the id in the path.
    @Sendable private func put(_ request: APIRequest) async throws -> Response {
        let properties = try request.object()
        return try await put(
            request[Path.collection],
            request[Path.id],
            properties,
            request
        )
    }

    /// - Parameter field: where in the body the properties are; none where they are the body.
    private func put(
        _ collection: Text,
        _ id: Text,
        _ properties: JSONObject,
        _ request: APIRequest,
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
                saysAll: request[Query.say] == .all,
                takesLists: true
            )
            var schema: StoredDefinition<SchemaDefinition>?
            if let name = request[Query.schema] {
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

extension JSONSchema {
    /// An entity as its properties' values.
    static let entity = object(["id": text, "properties": properties]).named("Entity")

    fileprivate static let history = object([
        "id": text,
        "history": array(
            of: object([
                "property": text, "value": value, "creator": did, "timeCreated": time, "delta": deltaID,
            ])
        ),
    ]).named("History")

    fileprivate static let related = object([
        "id": text,
        "related": array(
            of: object(
                [
                    "delta": deltaID, "creator": did, "timeCreated": time, "property": text,
                    "roles": object(others: any).meaning("by role a value, {id, property}, or an array of them"),
                ],
                optional: ["relation": text]
            )
        ),
    ]).named("Related")

    /// Properties as a PUT has them; null clears, and arrays are for those that a schema says to have many.
    fileprivate static let written = object(others: either([value, array(of: value)])).with(
        "maxProperties",
        .integer(Int64(EntityPut.mostProperties))
    )
}
