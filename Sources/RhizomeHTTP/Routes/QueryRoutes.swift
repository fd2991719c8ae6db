internal import Bytes
internal import HTTPTypes
internal import HummingbirdCore
internal import RhizomeCore
internal import RhizomeDatabase
internal import RhizomeIdentity
internal import RhizomeQueries
internal import RhizomeViews
internal import SignedStatements
internal import StrictJSON

/// The relational algebra over HTTP, and queries that are kept under names (spec: query.md).
struct QueryRoutes: Sendable {
    private static let path: RoutePath = "/api/queries"
    private static let parameters = OtherParameters(
        name: "parameters",
        meaning: "Values of the query's parameters: JSON where its default isn't a text, else the text itself"
    )

    private let database: Database
    private let makeUUID: @Sendable () -> String
    private let kept: KeptResults

    init(database: Database, makeUUID: @escaping @Sendable () -> String) {
        self.database = database
        self.makeUUID = makeUUID
        kept = KeptResults { [clock = database.clock] in clock.uptime }
    }

    var routes: [Route] {
        [
            Route(
                .post,
                "/api/query",
                "Answers a query of the relational algebra",
                bodies: [RequestBody(type: MediaTypes.json, limitBytes: QueryBounds.text.bytes, schema: .query)],
                answers: Self.answers,
                ask
            ),
            Route(
                .get,
                "\(Self.path)/\(Path.definition)",
                "Answers a query that is kept under a name",
                query: Query.page + Query.viewpoint + [Self.parameters],
                answers: Self.answers + [.notFound("There is none of this name")],
                askKept
            ),
        ]
            + DefinitionRoutes<QueryDefinition>(
                database: database,
                makeUUID: makeUUID,
                path: Self.path,
                document: .keptQuery,
                shown: .keptQuery,
                tellsOne: false,
                limits: QueryBounds.text
            ) { [database] _, json in
                let definition = try Self.definition(json, of: database)
                try definition.checkKept()
                let size = definition.json.encoded.count
                guard size <= QueryDefinition.mostBytes else {
                    throw APIError.badInput(
                        "a query has at most \(QueryDefinition.mostBytes) bytes of JSON where it is kept; this has \(size)"
                    )
                }
                return definition
            } show: { stored, _ in
                _ = try stored.definition.get()
                return stored.encoded
            }
            .routes
    }

    private static var answers: [StatedAnswer] {
        [
            .json("The rows, or a page of them", .rows).with(nextField, nextMeaning)
                .with(.eTag, "Of a kept query, its version"),
            StatedAnswer(
                status: .ok,
                meaning: "A row a line",
                content: [StatedAnswer.Content(type: MediaTypes.jsonLines, schema: nil)]
            ),
            StatedAnswer(
                status: .ok,
                meaning: "A table, where provenance isn't asked for",
                content: [StatedAnswer.Content(type: MediaTypes.table, schema: nil)]
            ),
            .error(
                .gone,
                "What the earlier page relied on has changed: begin anew",
                .object(["error": .word(["changed"]), "what": .word(["epoch", "trust", "context", "query", "forks"])])
            ),
            .error(
                .unprocessableContent,
                "The query takes more than it may",
                .object([
                    "error": .word(["limit"]), "limit": .word(["rows", "bytes", "steps", "pairs", "seconds"]),
                    "most": .count, "at": .text, "message": .text,
                ])
            ),
        ]
    }

    private static let nextMeaning = "Where the next page begins, to be given as after; for those who don't get JSON"

    /// The field that tells where the next page begins.
    private static var nextField: HTTPField.Name {
        guard let name = HTTPField.Name("Query-Next") else { preconditionFailure("this is a field's name") }
        return name
    }

    // MARK: - Asking

    @Sendable private func ask(_ request: APIRequest) async throws -> Response {
        let object = try request.object(within: QueryBounds.text)
        var after: Text?
        var members = JSONObject()
        for member in object.members {
            guard member.name == "after" else {
                members.append(member.name, member.value)
                continue
            }
            guard let text = member.value.text else { throw QueryCursor.invalid }
            after = text
        }
        return try await answer(Self.definition(members, of: database), after: after, request)
    }

    @Sendable private func askKept(_ request: APIRequest) async throws -> Response {
        guard let stored = try await database.definition(called: request[Path.definition], of: QueryDefinition.self)
        else { throw APIError.notFound }
        var definition = try stored.definition.get()
        for (name, text) in request.parameters.others {
            definition.query.parameters[name] = try Self.value(text, like: definition.query.parameters[name], name)
        }
        if let limit = request[Query.limit] { definition.query.limit = limit }
        var response = try await answer(definition, after: request[Query.after], request, stored.delta)
        response.headers[.eTag] = "\"\(stored.delta)\""
        return response
    }

    private static func definition(_ json: JSONObject, of database: Database) throws -> QueryDefinition {
        try QueryDefinition(
            json: json,
            identity: { database.identity(typed: $0) },
            time: { AsOf.moment($0) }
        )
    }

    /// A parameter's value as the query of a URL gives it: of the kind that its default has.
    private static func value(_ text: Text, like standard: JSONValue?, _ name: Text) throws -> JSONValue {
        switch standard {
        case nil, .text: return .text(text)
        default:
            do { return try JSONValue(parsing: Array(text.utf8)) } catch { throw APIError(error, of: name.string) }
        }
    }

    // MARK: - Answering

    /// - Parameter version: the delta that defines a query that is kept.
    private func answer(
        _ definition: QueryDefinition,
        after: Text?,
        _ request: APIRequest,
        _ version: DeltaID? = nil
    ) async throws -> Response {
        let form: QueryRowsAnswer.Form
        switch ContentTypes.preferred(request.headers, among: [MediaTypes.jsonLines, MediaTypes.table]) {
        case MediaTypes.jsonLines: form = .lines
        case MediaTypes.table: form = .table
        default: form = .json
        }
        let query = definition.query
        if case .table = form, query.provenance != .none {
            throw APIError.badInput("a table tells no provenance", field: "provenance")
        }
        let (eyes, basis) = try await eyes(definition, request, version)
        let cursor = try after.map { text throws(APIError) in try QueryCursor(text) }
        if let cursor {
            guard cursor.basis.question == basis.question else { throw QueryCursor.invalid }
            if let what = basis.change(since: cursor.basis) { throw Self.changed(what) }
        }
        var answer = cursor.flatMap { kept.answer($0.key) }
        if answer == nil { answer = try await database.query(query, from: eyes, at: cursor?.position) }
        guard let answer else { preconditionFailure("a query has an answer") }
        func place(after row: Int) -> QueryCursor {
            let forked = answer.forked.sorted().flatMap(\.bytes.array)
            let key = row > 0 ? answer.result.key(ofRow: row - 1) : []
            return QueryCursor(basis, at: answer.position, forked: forked, after: row, key: key)
        }
        var first = 0
        if let cursor {
            guard cursor.row <= answer.result.count else { throw QueryCursor.invalid }
            let here = place(after: cursor.row)
            guard here.forks == cursor.forks else { throw Self.changed("forks") }
            guard here.last == cursor.last else { throw QueryCursor.invalid }
            first = cursor.row
        }
        let end = query.limit.map { min(first + $0, answer.result.count) } ?? answer.result.count
        let next = end < answer.result.count ? place(after: end) : nil
        if let next { kept.keep(answer, next.key) }
        let rows = QueryRowsAnswer(
            answer,
            rows: first..<end,
            next: next?.text,
            tellsCount: query.tellsCount,
            as: form
        )
        var response = try await Response.answering(rows, type: form.type, end: form.end)
        if let next { response.headers[Self.nextField] = next.text }
        return response
    }

    /// Through whose eyes it is looked, and what a later page relies on.
    private func eyes(
        _ definition: QueryDefinition,
        _ request: APIRequest,
        _ version: DeltaID?
    ) async throws -> (Perspective, QueryCursor.Basis) {
        // First: where it changes meanwhile, the next page finds that it has.
        let trust = database.trust.head
        // What a URL says goes on top of what was kept.
        let onTop = version == nil ? Viewpoint() : request.viewpoint
        let context = onTop.context ?? definition.context
        let named = try await Viewpoint(context: context).stored(in: database)
        var eyes = definition.narrow(
            try await Viewpoint(context: context).perspective(of: database),
            petname: database.petname
        )
        eyes = try onTop.narrow(eyes, of: database)
        let basis = QueryCursor.Basis(
            epoch: database.log.epoch,
            trust: trust,
            context: named?.delta,
            definition: version,
            question: version == nil ? Self.question(definition) : Self.question(request)
        )
        return (eyes, basis)
    }

    /// All of a query that says which rows there are.
    private static func question(_ definition: QueryDefinition) -> [UInt8] {
        var definition = definition
        definition.query.limit = nil
        definition.query.tellsCount = false
        definition.query.seconds = QueryBounds.seconds
        return definition.json.encoded
    }

    /// The same of one that is asked by name: what the name means is told apart by its version.
    private static func question(_ request: APIRequest) -> [UInt8] {
        var question = JSONValue.text(request[Path.definition]).encoded
        for (name, text) in request.target.query.sorted(by: { $0.key < $1.key })
        where name != "limit" && name != "after" {
            JSONValue.array([.text(name), .text(text)]).write(to: &question)
        }
        return question
    }

    private static func changed(_ what: String) -> APIError {
        APIError(status: .gone, error: "changed", details: ["what": .string(what)])
    }
}

extension JSONSchema {
    /// A query that is asked (spec: query.md).
    fileprivate static let query = keptQueryFields.adding([:], optional: ["after": text]).named("Query")
    /// A query that is kept under a name.
    fileprivate static let keptQuery = keptQueryFields.named("KeptQuery")

    private static let keptQueryFields = object(
        ["query": expression],
        optional: [
            "let": object(others: expression), "params": object(others: any),
            "context": text, "asOf": either([integer, text]), "authors": either([word(["all"]), array(of: text)]),
            "without": array(of: text), "filter": any.meaning("a rule of JSON-Logic"),
            "provenance": word(RhizomeQueries.Query.Provenance.allCases.map(\.rawValue)), "alternatives": boolean,
            "limit": integer(1...QueryBounds.pageRows), "count": boolean,
            "seconds": integer(1...QueryBounds.mostSeconds),
        ]
    )

    private static let expression = object(others: any).with("minProperties", 1).with("maxProperties", 1)
        .meaning("a relation: one member, the operator, with what it takes").named("Relation")

    fileprivate static let rows = object(
        ["columns": array(of: text), "rows": array(of: object(others: any)), "epoch": hex, "position": count],
        optional: ["next": text, "count": count]
    ).named("Rows")
}
