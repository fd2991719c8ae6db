internal import Bytes
internal import RhizomeViews
internal import StrictJSON

/// A schema as JSON Schema 2020-12 of the tree that `?schema=` answers (spec: schemas.md, "The document").
enum SchemaExport {
    /// Schemas that stand in one export; an entity through a further one is told with any properties.
    private static let most = 256

    /// The JSON Schema of the tree below an entity.
    ///
    /// - Parameters:
    ///   - start: the schema's name.
    ///   - definition: the schema of a name with what those are called here to which it refers, by the names that it uses;
    ///     `nil` where there is none.
    static func document(
        of start: Text,
        _ definition: (Text) async throws -> (schema: SchemaDefinition, names: [Text: Text])?
    ) async throws -> JSONObject {
        var definitions = JSONObject()
        var description: Text?
        var names = [start]
        var next = 0
        while next < names.count {
            let name = names[next]
            next += 1
            guard let (schema, referred) = try await definition(name) else {
                definitions.append(name, ["type": "object"])
                continue
            }
            if name == start { description = schema.description }
            for name in schema.referredSchemas {
                guard let name = referred[name], names.count < most, !names.contains(name) else { continue }
                names.append(name)
            }
            let known = Set(names)
            let json = schema.jsonSchema { name in
                .object(entity(name.flatMap { referred[$0] }.flatMap { known.contains($0) ? $0 : nil }, name == nil))
            }
            definitions.append(name, .object(json))
        }
        return [
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": .text(start),
            "description": .text(description ?? Text("What \(start) shows of an entity, where nothing is wrong")),
            "type": "object",
            "properties": [
                "id": text, "schema": ["type": "object"], "properties": reference(start),
                "missing": list, "defaulted": list, "violations": list,
            ],
            "required": ["id", "properties"],
            "$defs": .object(definitions),
        ]
    }

    private static let text: JSONValue = ["type": "string"]
    private static let list: JSONValue = ["type": "array"]

    /// - Parameter isPlain: whether it is told by its id alone.
    private static func entity(_ schema: Text?, _ isPlain: Bool) -> JSONObject {
        var properties: JSONObject = ["id": text, "dangling": ["const": true], "cycle": ["const": true]]
        if !isPlain { properties.append("properties", schema.map { reference($0) } ?? ["type": "object"]) }
        return [
            "type": "object", "properties": .object(properties), "required": ["id"], "additionalProperties": false,
        ]
    }

    /// Names have no `~` and no `/`, but for petnames, which are never told (RFC 6901, RFC 3986 section 3.5).
    private static func reference(_ name: Text) -> JSONValue { ["$ref": .string("#/$defs/\(name)")] }
}
