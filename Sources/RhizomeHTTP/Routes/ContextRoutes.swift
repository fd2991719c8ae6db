internal import Bytes
internal import HTTPTypes
internal import HummingbirdCore
internal import RhizomeCore
internal import RhizomeDatabase
internal import RhizomeIdentity
internal import RhizomeViews
internal import SignedStatements
internal import StrictJSON

/// Named ways of looking, to be read and written (spec: http.md, `/api/contexts`).
struct ContextRoutes {
    /// Names that a complete list asks for at once.
    private static let batch = 64

    let database: Database

    var routes: [Route] {
        [
            Route(.get, "/api/contexts", query: .page, all),
            Route(.get, "/api/contexts/:name", context),
            Route(.put, "/api/contexts/:name", contentTypes: [MediaTypes.json], put),
        ]
    }

    // MARK: - Reading

    /// Names are read ahead, definitions, which can be large, one by one while the answer is written.
    @Sendable private func all(_ request: APIRequest) async throws -> Response {
        let page = request.query.page
        let contexts = try await database.contexts()
        let own = database.identity
        let batch = page.limit ?? Self.batch
        let after = try PageCursor.context(page.after).map { text in
            guard let name = ContextName(text, own: own, identity: PublicKey.init(did:)) else {
                throw PageCursor.invalid
            }
            return name
        }
        let first = try await contexts.names(after: after, count: batch)
        let isComplete = page.limit == nil
        let list = JSONList(encoded: {
            var (names, hasMore) = first
            var index = 0
            return {
                while true {
                    if index == names.count {
                        guard isComplete, hasMore else { return [] }
                        (names, hasMore) = try await contexts.names(after: names.last, count: batch)
                        index = 0
                        if names.isEmpty { return [] }
                    }
                    index += 1
                    // Gone meanwhile where there is none.
                    guard let context = try await contexts.context(names[index - 1]) else { continue }
                    return [context.item(own: own)]
                }
            }
        })
        var response = list.response()
        if let limit = page.limit, first.hasMore, let last = first.names.last {
            response.linkToNext(request.target, limit: limit, after: .context(last.text(own: own)))
        }
        return response
    }

    @Sendable private func context(_ request: APIRequest) async throws -> Response {
        guard let context = try await database.context(called: request.parameter("name")) else {
            throw APIError.notFound
        }
        _ = try context.definition.get()
        return .json(encoded: context.encoded)
    }

    // MARK: - Writing

    @Sendable private func put(_ request: APIRequest) async throws -> Response {
        let name = request.parameter("name")
        guard !ReservedNames.ids.contains(name) else { throw APIError.badInput("this name is reserved", field: "name") }
        let put = try await database.views.computing.run(cost: request.body.count) { [database] in
            try ContextPut(
                name: name,
                definition: try ContextDefinition(
                    json: .object(try request.object()),
                    identity: { database.identity(typed: $0) },
                    time: { AsOf.moment($0) }
                )
            )
        }
        let current = try await database.contexts().context(ContextName(name, by: database.identity))
        if let planned = put.delta(changing: current) {
            do throws(WriteError) {
                _ = try await database.write([Draft(pointers: planned.pointers, replacing: planned.replacedTime)])
            } catch {
                guard error.code == .content else { throw error }
                let parts = put.definition.json.object?.members ?? []
                let largest = parts.max { $0.value.encoded.count < $1.value.encoded.count }
                throw FieldError(
                    .limit,
                    field: largest?.name.string ?? "",
                    "the definition is too large, most of it this part: \(error.message)"
                )
            }
        }
        return .json(encoded: put.encoded)
    }
}

extension StoredContext {
    /// An item of the list as JSON; `definition` is null where it can't be used, and `error` says why.
    fileprivate func item(own: PublicKey) -> [UInt8] {
        var json: JSONObject = [
            "name": .text(name.text(own: own)),
            "creator": name.author.json,
            "timeCreated": .integer(timeCreated.microseconds),
            "delta": delta.json,
        ]
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
    /// The context that a person means by NAME or `NAME@did`; `nil` where there is none.
    func context(called text: Text) async throws -> StoredContext? {
        guard let name = ContextName(text, own: identity, identity: { identity(typed: $0) }) else { return nil }
        return try await contexts().context(name)
    }

    /// The identity of a did, or of a petname; a did names somebody whether or not the list does.
    func identity(typed name: String) -> PublicKey? { PublicKey(typed: name) ?? identity(called: name) }
}
