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
            Route(.get, "/api/schemas/:name/violations", query: [.page, .viewpoint], violations),
            Route(
                .post,
                "/api/schemas/:name/relations/:relation",
                contentTypes: [MediaTypes.json],
                relate
            ),
            Route(
                .post,
                "/api/schemas/:name/query",
                query: .viewpoint,
                contentTypes: [MediaTypes.json],
                query
            ),
        ]
    }

    /// What was said of the entities of the schema's collection that isn't as the schema wants it.
    @Sendable private func violations(_ request: APIRequest) async throws -> Response {
        let query = request.query
        let stored = try await database.schema(called: request.parameter("name"), asOf: query.viewpoint.asOf)
        let schema = try stored.definition.get()
        let reader = try await database.reader(from: query.viewpoint)
        let collection = stored.collection
        let first = try await reader.violations(
            of: schema,
            in: collection,
            after: try PageCursor.entity(query.page.after),
            count: query.page.limit ?? ViolationsAnswer.batch
        )
        let answer = ViolationsAnswer(first) { last in
            guard query.page.limit == nil else { return nil }
            return try await reader.violations(of: schema, in: collection, after: last, count: ViolationsAnswer.batch)
        }
        var response = try await Response.answering(answer)
        if let limit = query.page.limit, let last = first.last {
            response.linkToNext(request.target, limit: limit, after: .entity(last))
        }
        return response
    }

    /// Writes a delta of a relation.
    @Sendable private func relate(_ request: APIRequest) async throws -> Response {
        let stored = try await database.schema(called: request.parameter("name"))
        guard let relation = try stored.definition.get().relation(request.parameter("relation")) else {
            throw APIError.notFound
        }
        return .created(try await database.write(relation, of: stored, try request.object()))
    }
}

extension SchemaEntityRoutes {
    /// The schema's entities for which a rule holds, with what they refer to.
    @Sendable private func query(_ request: APIRequest) async throws -> Response {
        let viewpoint = request.query.viewpoint
        let graph = try await database.schemas(called: request.parameter("name"), asOf: viewpoint.asOf)
        let query = try Self.query(try request.object(), of: graph.schema, epoch: database.log.epoch)
        let found = try await database.reader(from: viewpoint).query(query, through: graph)
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
