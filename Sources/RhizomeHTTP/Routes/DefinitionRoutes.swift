internal import Bytes
internal import HTTPTypes
internal import HummingbirdCore
internal import NIOHTTP1
internal import RhizomeCore
internal import RhizomeDatabase
internal import RhizomeIdentity
internal import RhizomeViews
internal import SignedStatements
internal import StrictJSON

/// Definitions of one kind, to be read and written (spec: schemas.md, "Names and storing").
struct DefinitionRoutes<Content: Definition>: Sendable {
    /// Names that a complete list asks for at once.
    private static var batch: Int { 64 }
    /// Versions likewise.
    private static var versionBatch: Int { 256 }

    let database: Database
    let makeUUID: @Sendable () -> String
    /// The path of their list: `/api/contexts`.
    let path: RoutePath
    /// What a definition is, as it is written.
    let document: JSONSchema
    /// What one of them alone is told as.
    let shown: JSONSchema
    /// Whether a GET of a name tells the definition; else another route answers there.
    var tellsOne = true
    /// What a body is read by.
    var limits = JSONLimits(bytes: RequestLimits.jsonBytes)
    /// Reads what a person wrote under a name.
    let read: @Sendable (_ name: Text, JSONObject) throws -> Content
    /// One of them alone, as JSON; as of a moment where it is read so.
    let show: @Sendable (StoredDefinition<Content>, _ asOf: Timestamp?) async throws -> [UInt8]

    var routes: [Route] {
        (tellsOne ? [telling] : []) + [
            Route(
                .get,
                path,
                "All \(Content.kind)s, others' as NAME@did",
                query: Query.page + [Query.asOf],
                answers: [.page("The definitions, by name", .array(of: .definition(document)))],
                all
            ),
            Route(
                .get,
                "\(path)/\(Path.definition)/versions",
                "All versions of a \(Content.kind)",
                query: Query.page,
                answers: [.page("The versions, newest first", .versions), .notFound("There is none of this name")],
                versions
            ),
            Route(
                .put,
                "\(path)/\(Path.definition)",
                "Writes a \(Content.kind); the same again writes nothing",
                headers: Header.conditions,
                bodies: [.json(document)],
                answers: [told("The definition, durable"), Self.changed],
                put
            ),
            Route(
                .delete,
                "\(path)/\(Path.definition)",
                "Takes all versions of a \(Content.kind) back",
                headers: Header.conditions,
                answers: [
                    .json("The deltas that were written", .object(["deltas": .array(of: .deltaID)])),
                    .notFound("There is none of this name"), Self.changed,
                ],
                delete
            ),
        ]
    }

    private var telling: Route {
        Route(
            .get,
            "\(path)/\(Path.definition)",
            "One \(Content.kind)",
            query: [Query.asOf],
            answers: [told("The definition that counts"), .notFound("There is none of this name")],
            one
        )
    }

    private func told(_ meaning: String) -> StatedAnswer {
        .json(meaning, shown).with(.eTag, "Its version: the id of the delta that defines it")
    }

    private static var changed: StatedAnswer {
        .error(
            .preconditionFailed,
            "Another version counts than the one that was relied on",
            .object(["error": .word(["changed"]), "delta": .deltaID.orNull])
        )
    }

    // MARK: - Reading

    /// Names are read ahead, definitions, which can be large, one by one while the answer is written.
    @Sendable private func all(_ request: APIRequest) async throws -> Response {
        let page = request.page
        let definitions = try await database.definitions(of: Content.self, asOf: request[Query.asOf])
        let own = database.identity
        let batch = page.limit ?? Self.batch
        let after = try PageCursor.definition(page.after).map { text in
            guard let name = DefinitionName(text, own: own, identity: PublicKey.init(did:)) else {
                throw PageCursor.invalid
            }
            return name
        }
        let first = try await definitions.names(after: after, count: batch)
        let isComplete = page.limit == nil
        let list = JSONList(encoded: {
            var (names, hasMore) = first
            var index = 0
            return {
                while true {
                    if index == names.count {
                        guard isComplete, hasMore else { return [] }
                        (names, hasMore) = try await definitions.names(after: names.last, count: batch)
                        index = 0
                        if names.isEmpty { return [] }
                    }
                    index += 1
                    // Gone meanwhile where there is none.
                    guard let stored = try await definitions.definition(names[index - 1]) else { continue }
                    return [stored.item(own: own)]
                }
            }
        })
        var response = list.response()
        if let limit = page.limit, first.hasMore, let last = first.names.last {
            response.linkToNext(request.target, limit: limit, after: .definition(last.text(own: own)))
        }
        return response
    }

    @Sendable private func one(_ request: APIRequest) async throws -> Response {
        let name = try name(request)
        let definitions = try await database.definitions(of: Content.self, asOf: request[Query.asOf])
        guard let stored = try await definitions.definition(name) else { throw APIError.notFound }
        return try await answer(stored, asOf: request[Query.asOf])
    }

    /// Read ahead, in pages, while the answer is written.
    @Sendable private func versions(_ request: APIRequest) async throws -> Response {
        let name = try name(request)
        let page = request.page
        let definitions = try await database.definitions(of: Content.self)
        let batch = page.limit ?? Self.versionBatch
        let after = try PageCursor.version(page.after)
        // One more than is shown tells whether there are more.
        let first = try await definitions.versions(of: name, before: after, count: batch + 1)
        guard !first.isEmpty || after != nil else { throw APIError.notFound }
        let isComplete = page.limit == nil
        let list = JSONList(prefix: "{\"versions\":", suffix: "}") {
            var next = first
            return {
                let shown = next.prefix(batch)
                let hasMore = isComplete && next.count > batch
                next = hasMore ? try await definitions.versions(of: name, before: shown.last, count: batch + 1) : []
                return shown.map { version in
                    [
                        "delta": version.id.json, "creator": name.author.json,
                        "timeCreated": .integer(version.timeCreated.microseconds),
                    ]
                }
            }
        }
        var response = list.response()
        if let limit = page.limit, first.count > limit {
            response.linkToNext(request.target, limit: limit, after: .version(first[limit - 1]))
        }
        return response
    }

    // MARK: - Writing

    @Sendable private func put(_ request: APIRequest) async throws -> Response {
        let name = request[Path.definition]
        guard !ReservedNames.ids.contains(name) else { throw APIError.badInput("this name is reserved", field: "name") }
        let put = try await database.views.computing.run(cost: request.body.count) { [read, limits] in
            try DefinitionPut(name: name, definition: try read(name, try request.object(within: limits)))
        }
        do {
            return try await answer(try await writer().put(put, if: try condition(request)))
        } catch let error as WriteError where error.code == .content {
            let parts = put.definition.json.object?.members ?? []
            let largest = parts.max { $0.value.encoded.count < $1.value.encoded.count }
            throw FieldError(
                .limit,
                field: largest?.name.string ?? "",
                "the definition is too large, most of it this part: \(error.message)"
            )
        } catch let changed as DefinitionWriter<Content>.Changed {
            throw Self.changed(changed.version)
        }
    }

    @Sendable private func delete(_ request: APIRequest) async throws -> Response {
        let name = try name(request)
        guard name.author == database.identity else {
            throw APIError.forbidden("only its author takes back a definition; this one is another's")
        }
        do {
            let negations = try await writer().delete(name.name, if: try condition(request))
            guard !negations.isEmpty else { throw APIError.notFound }
            return .json(["deltas": .array(negations.map(\.json))])
        } catch let changed as DefinitionWriter<Content>.Changed {
            throw Self.changed(changed.version)
        }
    }

    private func writer() async throws -> DefinitionWriter<Content> {
        DefinitionWriter(
            try await database.definitions(),
            own: database.identity,
            makeUUID: makeUUID,
            write: database.write
        )
    }

    /// What the request relies on.
    private func condition(_ request: APIRequest) throws(APIError) -> DefinitionWriter<Content>.Condition {
        switch (request[Header.ifMatch], request[Header.ifNoneMatch]) {
        case (nil, nil): return .none
        case (nil, .some): return .absent
        case (.any, nil): return .existing
        case (.versions(let versions), nil): return .version(versions)
        case (.some, .some): throw .badInput("If-None-Match stands alone", field: "If-None-Match")
        }
    }

    private static func changed(_ version: DeltaID?) -> APIError {
        APIError(status: .preconditionFailed, error: "changed", details: ["delta": version?.json ?? .null])
    }

    // MARK: - Both

    /// The definition that a person means by NAME or `NAME@did`.
    ///
    /// - Throws: 404 where nobody goes by what follows the `@`.
    private func name(_ request: APIRequest) throws(APIError) -> DefinitionName {
        let name = DefinitionName(request[Path.definition], own: database.identity) {
            database.identity(typed: $0)
        }
        guard let name else { throw .notFound }
        return name
    }

    private func answer(_ stored: StoredDefinition<Content>, asOf: Timestamp? = nil) async throws -> Response {
        var response = Response.json(encoded: try await show(stored, asOf))
        response.headers[.eTag] = "\"\(stored.delta)\""
        return response
    }
}

extension JSONSchema {
    /// A definition as it is listed.
    ///
    /// - Parameter document: what it is itself.
    static func definition(_ document: JSONSchema) -> JSONSchema {
        definitionHead.adding(
            ["definition": document.orNull],
            optional: ["error": text.meaning("why it can't be used; definition is null then")]
        )
    }

    /// What is told of a definition beside itself.
    static let definitionHead = object(["name": text, "creator": did, "timeCreated": time, "delta": deltaID])

    fileprivate static let versions = object([
        "versions": array(of: object(["delta": deltaID, "creator": did, "timeCreated": time]))
    ])
}

extension StoredDefinition {
    /// As it is listed; `definition` is null where it can't be used, and `error` says why.
    ///
    /// - Parameter more: other members.
    func item(own: PublicKey, more: JSONObject = [:]) -> [UInt8] {
        var json: JSONObject = [
            "name": .text(name.text(own: own)),
            "creator": name.author.json,
            "timeCreated": .integer(timeCreated.microseconds),
            "delta": delta.json,
        ]
        for member in more.members { json.append(member.name, member.value) }
        guard case .failure(let error) = definition else {
            // It may be large, and was made when it was read: it takes the place of the closing brace.
            return JSONValue.object(json).encoded.dropLast() + Array(",\"definition\":".utf8) + encoded
                + [UInt8(ascii: "}")]
        }
        json.append("definition", .null)
        json.append("error", .string(error.message))
        return JSONValue.object(json).encoded
    }
}

extension Database {
    /// The definition that a person means by NAME, `NAME@did` or `NAME@petname`; `nil` where there is none.
    func definition<Content: Definition>(
        called text: Text,
        of kind: Content.Type = Content.self,
        asOf: Timestamp? = nil
    ) async throws -> StoredDefinition<Content>? {
        guard let name = DefinitionName(text, own: identity, identity: { identity(typed: $0) }) else { return nil }
        return try await definitions(of: kind, asOf: asOf).definition(name)
    }

    /// The identity of a did, or of a petname; a did names somebody whether or not the list does.
    func identity(typed name: String) -> PublicKey? { PublicKey(typed: name) ?? identity(called: name) }
}
