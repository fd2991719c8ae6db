internal import Bytes
internal import HTTPTypes
internal import HummingbirdCore
internal import RhizomeCore
internal import RhizomeViews
internal import StrictJSON

/// `{"id", "related": […]}` (spec: schemas.md, "Relationships").
enum RelatedAnswer {
    /// The answer to a request for related deltas or a page of them.
    ///
    /// - Parameters:
    ///   - schema: whose relations are told by their names.
    ///   - property: about which the deltas are; of each the first where `nil`.
    ///   - read: gives the deltas after a place, so many at most; `nil` where the entity isn't visible.
    static func response(
        to request: APIRequest,
        about id: Text,
        in schema: SchemaDefinition?,
        property: Text?,
        _ read: (_ place: Moment?, _ limit: Int?) async throws -> RelatedDeltas?
    ) async throws -> Response {
        let page = request.page
        // One more tells whether another page follows.
        let after = try PageCursor.related(page.after)
        guard let related = try await read(after, page.limit.map { $0 + 1 }) else { throw APIError.notFound }
        let prefix = "{\"id\":\(JSONValue.text(id)),\"related\":"
        func list(_ related: RelatedDeltas) -> Response {
            JSONList(prefix: prefix, suffix: "}") {
                var rest = related
                var left = page.limit ?? .max
                return {
                    guard left > 0 else { return [] }
                    let part = try await rest.next().prefix(left)
                    left -= part.count
                    return part.map { $0.related(to: id, in: schema, property: property) }
                }
            }.response()
        }
        var response = list(related)
        guard let limit = page.limit else { return response }
        // Where the page ends stands in the header: it is looked through before it is written.
        var survey = related
        var count = 0
        var last: Moment?
        while case let part = try await survey.next(), !part.isEmpty {
            if count < limit { last = part.prefix(limit - count).last?.moment }
            count += part.count
        }
        if count > limit, let last { response.linkToNext(request.target, limit: limit, after: .related(last)) }
        return response
    }
}

extension ViewedDelta {
    /// `{"delta", "creator", "timeCreated", "property", "relation"?, "roles"}`, the entity itself left out of the roles.
    fileprivate func related(to id: Text, in schema: SchemaDefinition?, property: Text?) -> JSONValue {
        let about = pointers.first { $0.entity?.id == id && (property == nil || $0.entity?.targetContext == property) }
        var json: JSONObject = [
            "delta": .string(self.id.description), "creator": author.json,
            "timeCreated": .integer(timeCreated.microseconds),
            "property": .text(about?.entity?.targetContext ?? ""),
        ]
        if let relation = schema?.relations.first(where: { $0.has(id, in: self) }) {
            json.append("relation", .text(relation.name))
        }
        var order: [Text] = []
        var roles: [Text: [JSONValue]] = [:]
        for pointer in pointers where pointer.entity?.id != id && !ControlName.isReserved(pointer.localContext) {
            let told: JSONValue =
                switch pointer.target {
                case .value(let value): value.json
                case .entity(let other, let context): ["id": .text(other), "property": .text(context)]
                }
            if roles[pointer.localContext] == nil { order.append(pointer.localContext) }
            roles[pointer.localContext, default: []].append(told)
        }
        var told = JSONObject()
        for role in order {
            guard let values = roles[role], let first = values.first else { continue }
            told.append(role, values.count == 1 ? first : .array(values))
        }
        json.append("roles", .object(told))
        return .object(json)
    }
}
