internal import Bytes
internal import HTTPTypes
internal import RhizomeViews
internal import StrictJSON

/// The description of the API by its routes, as OpenAPI 3.1 has it.
///
/// It says nothing that the routes don't state: by the same statements requests are checked and read.
struct OpenAPIDocument: Sendable {
    let routes: [Route]
    /// The software's version.
    let version: String

    /// The document.
    var json: JSONObject {
        var paths = JSONObject()
        for template in templates {
            var item = JSONObject()
            for route in routes where route.path.template == template {
                item.append(Text(route.method.rawValue.lowercased()), .object(operation(route)))
            }
            paths.append(Text(template), .object(item))
        }
        var schemas = JSONObject()
        for (name, json) in named.sorted(by: { $0.key < $1.key }) { schemas.append(name, .object(json)) }
        return [
            "openapi": "3.1.1",
            "info": [
                "title": "Rhizome",
                "version": .string(version),
                "description": """
                A node's deltas, and the entities, histories and contexts that are computed of them. Every GET is \
                answered to HEAD too.
                """,
            ],
            "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
            "servers": [["url": "/"]],
            // Who needs the token depends on who asks, and on the node's settings.
            "security": [[:], ["token": []]],
            "paths": .object(paths),
            "components": [
                "schemas": .object(schemas),
                "securitySchemes": ["token": ["type": "http", "scheme": "bearer"]],
            ],
        ]
    }

    /// The paths, in the order of the table.
    private var templates: [String] {
        var seen: Set<String> = []
        return routes.map(\.path.template).filter { seen.insert($0).inserted }
    }

    /// The schemas with names.
    private var named: [Text: JSONObject] {
        var named: [Text: JSONObject] = [:]
        func add(_ schema: JSONSchema?) {
            named.merge(schema?.named ?? [:]) { first, second in
                precondition(first == second, "two schemas have one name")
                return first
            }
        }
        for route in routes {
            for parameter in route.path.parameters + route.parameters { add(parameter.schema) }
            for body in route.bodies { add(body.schema) }
            for answer in route.answers { for content in answer.content { add(content.schema) } }
        }
        return named
    }

    private func operation(_ route: Route) -> JSONObject {
        var json: JSONObject = ["operationId": .string(Self.operationID(route)), "summary": .string(route.summary)]
        let parameters = route.path.parameters + route.parameters
        if !parameters.isEmpty { json.append("parameters", .array(parameters.map { .object(Self.json($0)) })) }
        if !route.bodies.isEmpty {
            let content = route.bodies.map { StatedAnswer.Content(type: $0.type, schema: $0.schema) }
            json.append("requestBody", ["required": true, "content": .object(Self.json(content))])
        }
        json.append("responses", .object(Self.responses(route.answers)))
        return json
    }

    /// `getCollectionIdHistory`.
    private static func operationID(_ route: Route) -> String {
        route.path.parts.reduce(into: route.method.rawValue.lowercased()) { id, part in
            let word =
                switch part {
                case .literal(let text): text == "api" ? "" : text.string
                case .parameter(let parameter, _): parameter.name.string
                }
            id += word.split(separator: ".").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        }
    }

    private static func json(_ parameter: any StatedParameter) -> JSONObject {
        var json: JSONObject = [
            "name": .text(parameter.name), "in": .string(parameter.location.rawValue),
            "required": .bool(parameter.location == .path), "description": .string(parameter.meaning),
            "schema": .object(parameter.schema.json),
        ]
        // Each member of the object is a parameter by itself.
        if parameter.takesOthers {
            json.append("style", "form")
            json.append("explode", true)
        }
        return json
    }

    /// By status: answers that have the same one are its several forms.
    private static func responses(_ answers: [StatedAnswer]) -> JSONObject {
        var responses = JSONObject()
        for status in Set(answers.map(\.status.code)).sorted() {
            let answers = answers.filter { $0.status.code == status }
            var response: JSONObject = [
                "description": .string(answers.map(\.meaning).joined(separator: "; or: ")),
                "content": .object(json(answers.flatMap(\.content))),
            ]
            let fields = answers.flatMap(\.fields)
            if !fields.isEmpty {
                var headers = JSONObject()
                for field in fields {
                    headers.append(
                        Text(field.name.rawName),
                        ["description": .string(field.meaning), "schema": .object(JSONSchema.text.json)]
                    )
                }
                response.append("headers", .object(headers))
            }
            responses.append(Text("\(status)"), .object(response))
        }
        return responses
    }

    private static func json(_ contents: [StatedAnswer.Content]) -> JSONObject {
        var json = JSONObject()
        var seen: Set<String> = []
        for type in contents.map(\.type) where seen.insert(type).inserted {
            let schemas = contents.filter { $0.type == type }.compactMap(\.schema).reduce(into: [JSONSchema]()) {
                schemas,
                schema in
                if !schemas.contains(where: { $0.json == schema.json }) { schemas.append(schema) }
            }
            json.append(Text(type), schemas.isEmpty ? [:] : ["schema": .object(JSONSchema.either(schemas).json)])
        }
        return json
    }
}
