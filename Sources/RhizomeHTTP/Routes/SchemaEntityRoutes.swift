internal import Bytes
internal import HTTPTypes
internal import HummingbirdCore
internal import RhizomeCore
internal import RhizomeDatabase
internal import RhizomeViews
internal import SignedStatements
internal import StrictJSON

/// What is read and written by a schema as a whole (spec: schemas.md).
struct SchemaEntityRoutes {
    let database: Database

    var routes: [Route] {
        [
            Route(
                .get,
                "/api/schemas/\(Path.definition)/violations",
                "What was said of a schema's entities that isn't as it wants it",
                query: Query.page + Query.viewpoint,
                answers: [
                    .page("What is wrong, by entity; limit counts entities, and so do the counts", .entityViolations),
                    .notFound("There is no schema of this name"),
                ],
                violations
            ),
            Route(
                .post,
                "/api/schemas/\(Path.definition)/relations/\(Path.relation)",
                "Writes a delta that relates entities",
                bodies: [.json(.object(others: .either([.value, .array(of: .value)])))],
                answers: [
                    .json("It is durable", .delta, status: .created).with(.location, "Where the delta is told"),
                    .violations("The delta would not be as the relation wants it"),
                    .notFound("There is no such schema, or it has no such relation"),
                ],
                relate
            ),
            Route(
                .post,
                "/api/schemas/\(Path.definition)/query",
                "The entities of a schema for which a rule holds",
                query: Query.viewpoint,
                bodies: [.json(.query)],
                answers: [
                    .json("The entities with what they refer to", .found),
                    .notFound("There is no schema of this name"), .limit,
                ],
                query
            ),
        ]
    }

    /// What was said of the entities of the schema's collection that isn't as the schema wants it.
    @Sendable private func violations(_ request: APIRequest) async throws -> Response {
        let page = request.page
        let stored = try await database.schema(called: request[Path.definition], asOf: request[Query.asOf])
        let schema = try stored.definition.get()
        let reader = try await database.reader(from: request.viewpoint)
        let collection = stored.collection
        let first = try await reader.violations(
            of: schema,
            in: collection,
            after: try PageCursor.entity(page.after),
            count: page.limit ?? ViolationsAnswer.batch
        )
        let answer = ViolationsAnswer(first) { last in
            guard page.limit == nil else { return nil }
            return try await reader.violations(of: schema, in: collection, after: last, count: ViolationsAnswer.batch)
        }
        var response = try await Response.answering(answer)
        if let limit = page.limit, let last = first.last {
            response.linkToNext(request.target, limit: limit, after: .entity(last))
        }
        return response
    }

    /// Writes a delta of a relation.
    @Sendable private func relate(_ request: APIRequest) async throws -> Response {
        let stored = try await database.schema(called: request[Path.definition])
        guard let relation = try stored.definition.get().relation(request[Path.relation]) else {
            throw APIError.notFound
        }
        return .created(try await database.write(relation, of: stored, try request.object()))
    }
}

extension SchemaEntityRoutes {
    /// The schema's entities for which a rule holds, with what they refer to.
    @Sendable private func query(_ request: APIRequest) async throws -> Response {
        let graph = try await database.schemas(called: request[Path.definition], asOf: request[Query.asOf])
        let query = try Self.query(try request.object(), of: graph.schema, epoch: database.log.epoch)
        let found = try await database.reader(from: request.viewpoint).query(query, through: graph)
        return try await .answering(
            QueryAnswer(found, own: database.identity, epoch: database.log.epoch)
        )
    }

    private static func query(
        _ body: JSONObject,
        of schema: SchemaDefinition,
        epoch: [UInt8]
    ) throws -> SchemaQuery {
        var query = SchemaQuery()
        for member in body.members {
            switch member.name {
            case "filter":
                do { query.filter = try JSONLogicRule(member.value) } catch {
                    guard let name = error.unknownOperator else { throw error }
                    throw APIError.badInput(
                        "Invalid query operator: \(name)",
                        field: "filter",
                        details: ["pointer": .string(error.pointer)]
                    )
                }
            case "limit":
                guard let limit = member.value.integer, (1...Int64(RequestLimits.pageItems)).contains(limit) else {
                    throw APIError.badInput("limit is a number from 1 to \(RequestLimits.pageItems)", field: "limit")
                }
                query.limit = Int(limit)
            case "after":
                guard let text = member.value.text else { throw PageCursor.invalid }
                query.after = try PageCursor.found(text, epoch: epoch)
            case "order": query.order = try order(member.value, of: schema)
            default:
                throw FieldError(
                    .unknown,
                    field: member.name.string,
                    "there is no such field; a query has filter, limit, after and order"
                )
            }
        }
        return query
    }

    /// `[{"by": property, "descending"?: bool}, …]`.
    private static func order(_ json: JSONValue, of schema: SchemaDefinition) throws -> [SchemaQuery.Order] {
        let message = "order is [{\"by\": a property of the schema or id, \"descending\"?: true or false}], at most 16"
        guard let items = json.array, items.count <= 16 else { throw FieldError(.type, field: "order", message) }
        return try items.enumerated().map { index, item in
            let field = "order[\(index)]"
            guard let object = item.object, let name = object["by"]?.text,
                object.members.allSatisfy({ $0.name == "by" || $0.name == "descending" })
            else { throw FieldError(.type, field: field, message) }
            guard name == EntityPut.idProperty || schema[name] != nil else {
                throw FieldError(.unknown, field: "\(field).by", "the schema has no property of this name")
            }
            guard let isDescending = object["descending"].map(\.bool) ?? false else {
                throw FieldError(.type, field: "\(field).descending", "descending is true or false")
            }
            return SchemaQuery.Order(by: name, descending: isDescending)
        }
    }
}

/// `{"entities": [tree, …], "total", "limited", "next"?, "epoch", "position"}`, tree by tree.
private struct QueryAnswer: StreamedAnswer {
    private let found: SchemaQueryResult
    private let own: PublicKey
    private let epoch: [UInt8]
    /// How many were told; `nil` once it is over.
    private var told: Int? = 0

    init(_ found: SchemaQueryResult, own: PublicKey, epoch: [UInt8]) {
        self.found = found
        self.own = own
        self.epoch = epoch
    }

    var heldBytes: Int { AnswerBytes.part + found.ids.reduce(0) { $0 + 100 + $1.count } }

    mutating func next() async throws -> [UInt8] {
        guard var index = told else { return [] }
        var bytes: [UInt8] = index == 0 ? Array("{\"entities\":[".utf8) : []
        while index < found.ids.count, bytes.count < AnswerBytes.part {
            guard let view = try await found.view(of: found.ids[index]) else {
                preconditionFailure("what a query found is visible at the same position")
            }
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes.append(json: .object(view.json(own: own)))
            index += 1
        }
        told = index
        guard index == found.ids.count else { return bytes }
        told = nil
        var rest: JSONObject = [
            "total": .integer(Int64(found.total)), "limited": .bool(found.ids.count < found.total),
        ]
        if let next = found.next { rest.append("next", .string(PageCursor.found(next, epoch: epoch).text)) }
        rest.append("epoch", .string(Hex.encode(epoch)))
        rest.append("position", .integer(found.position))
        bytes.append(UInt8(ascii: "]"))
        bytes.append(UInt8(ascii: ","))
        return bytes + JSONValue.object(rest).encoded.dropFirst()
    }
}

/// `{"violations": […], "checked", "valid", "invalid"}`, entity by entity.
private struct ViolationsAnswer: StreamedAnswer {
    /// Entities that a complete answer looks at together.
    static let batch = 256

    private var page: ViolationPage?
    private let next: @Sendable (_ last: Text) async throws -> ViolationPage?
    private var (isBegun, hasItems) = (false, false)
    private var (checked, invalid) = (0, 0)

    /// - Parameters:
    ///   - first: what was read already.
    ///   - next: gives what follows an entity; `nil` where it isn't asked for.
    init(_ first: ViolationPage, next: @escaping @Sendable (_ last: Text) async throws -> ViolationPage?) {
        page = first
        self.next = next
    }

    var heldBytes: Int { AnswerBytes.part + (page?.bytes ?? 0) }

    mutating func next() async throws -> [UInt8] {
        guard let page else { return [] }
        var bytes: [UInt8] = isBegun ? [] : Array("{\"violations\":[".utf8)
        isBegun = true
        for violation in page.violations {
            if hasItems { bytes.append(UInt8(ascii: ",")) }
            bytes.append(json: violation.json)
            hasItems = true
        }
        checked += page.checked
        invalid += page.invalid
        if let last = page.last, let following = try await next(last) {
            self.page = following
            // Nothing would be taken for the end.
            return bytes.isEmpty ? [UInt8(ascii: " ")] : bytes
        }
        self.page = nil
        return bytes + Array("],\"checked\":\(checked),\"valid\":\(checked - invalid),\"invalid\":\(invalid)}".utf8)
    }
}

extension StatedAnswer {
    /// More would be shown than any answer may.
    static let limit = StatedAnswer.error(
        .unprocessableContent,
        "There would be too much to show: nothing of it is",
        .object(["error": .word(["limit"]), "limit": .text, "most": .count, "message": .text])
    )

    /// What isn't as a schema wants it.
    static func violations(_ meaning: String) -> StatedAnswer {
        .error(
            .badRequest,
            meaning,
            .object([
                "error": .word(["schema"]), "schema": .text,
                "violations": .array(of: .object(["property": .text]).adding(JSONSchema.violation)),
            ])
        )
    }
}

extension JSONSchema {
    /// What is wrong with a value.
    fileprivate static let violation: KeyValuePairs<Text, JSONSchema> = ["rule": text, "value": any, "expected": any]

    private static let way = array(of: text)

    /// A property without a value.
    static let missing = object(["at": way, "type": text, "required": boolean])

    /// An entity as a schema shows it.
    static let nested = object([
        "id": text, "schema": object(["name": text, "delta": deltaID]), "properties": properties,
        "missing": array(of: missing),
        "defaulted": array(of: way), "violations": array(of: object(["at": way]).adding(violation)),
    ]).named("NestedEntity")

    fileprivate static let entityViolations = object([
        "violations": array(
            of: object(["entity": text, "property": text]).adding(violation).adding([
                "delta": deltaID.orNull, "creator": did.orNull, "timeCreated": time.orNull,
            ])
        ), "checked": count, "valid": count, "invalid": count,
    ]).named("Violations")

    fileprivate static let query = object(
        optional: [
            "filter": any.meaning("a rule of JSON-Logic that sees id, _referencedAs and the properties"),
            "limit": integer(1...RequestLimits.pageItems), "after": text,
            "order": array(of: object(["by": text], optional: ["descending": boolean])),
        ]
    )

    fileprivate static let found = object(
        ["entities": array(of: nested), "total": count, "limited": boolean, "epoch": hex, "position": count],
        optional: ["next": text.meaning("where to go on, as after")]
    ).named("FoundEntities")
}
