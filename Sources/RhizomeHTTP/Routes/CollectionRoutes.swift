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
                query: Query.viewpoint,
                answers: [.json("The entity", .entity), .notFound("No delta about it is visible")],
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
                .put,
                "/api/\(Path.collection)",
                "Writes an entity, under the id in the body or a new one",
                query: [Query.say],
                bodies: [.json(.object(["properties": .written], optional: ["id": .name]))],
                answers: Self.putAnswers,
                putAny
            ),
            Route(
                .put,
                "/api/\(Path.collection)/\(Path.id)",
                "Writes properties of an entity",
                query: [Query.say],
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
        let reader = try await database.reader(from: request.viewpoint)
        let parts = try await reader.parts(of: request[Path.id], in: request[Path.collection])
        guard let parts else { throw APIError.notFound }
        return try await EntityAnswer.response(parts)
    }

    @Sendable private func history(_ request: APIRequest) async throws -> Response {
        let reader = try await database.reader(from: request.viewpoint)
        return try await HistoryAnswer.response(to: request, page: request.page) { place, limit in
            try await reader.history(of: request[Path.id], after: place, limit: limit)
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
            saysAll: request[Query.say] == .all,
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
            saysAll: request[Query.say] == .all
        )
    }

    /// - Parameter field: where in the body the properties are; none where they are the body.
    private func put(
        _ collection: Text,
        _ id: Text,
        _ properties: JSONObject,
        saysAll: Bool,
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
            let put = try EntityPut(collection: collection, id: id, properties: properties, saysAll: saysAll)
            let reader = try await database.reader(from: Viewpoint())
            let writer = EntityWriter(reader: reader, makeUUID: makeUUID, write: database.write)
            return try await EntityAnswer.response(try await writer.put(put))
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

    /// Properties as a PUT has them; null clears.
    fileprivate static let written = object(others: value).with(
        "maxProperties",
        .integer(Int64(EntityPut.mostProperties))
    )
}
