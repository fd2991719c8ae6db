package import Bytes
internal import IRegexp
package import StrictJSON

/// What entities are as a schema shows them, as JSON Schema 2020-12 (spec: schemas.md, "The document").
///
/// It describes what has no violation and lacks nothing required: what others say may be otherwise, and is told as such.
extension SchemaDefinition {
    /// The properties of one entity.
    ///
    /// - Parameter entity: what an entity is that is referred to through a schema of this name; `nil` of one that is told
    ///   by its id alone.
    package func jsonSchema(entity: (_ schema: Text?) -> JSONValue) -> JSONObject {
        var told = JSONObject()
        for property in properties { told.append(property.name, .object(jsonSchema(of: property, entity))) }
        var json: JSONObject = ["type": "object", "properties": .object(told)]
        let required = properties.filter(\.isRequired).map { JSONValue.text($0.name) }
        if !required.isEmpty { json.append("required", .array(required)) }
        json.append("additionalProperties", .bool(isOpen))
        return json
    }

    private func jsonSchema(of property: SchemaProperty, _ entity: (Text?) -> JSONValue) -> JSONObject {
        var json = JSONObject()
        if let description = property.description { json.append("description", .text(description)) }
        if let value = property.defaultValue { json.append("default", value) }
        var value: JSONObject
        switch property.kind {
        case .relation:
            let relation = relations.first { $0.name == property.relation }
            value = relation.map { $0.jsonSchema(entity) } ?? [:]
        case .reference:
            value = entity(property.reference.flatMap { $0.levels > 0 ? $0.schema : nil }).object ?? [:]
        default: value = property.limits.jsonSchema(of: property.kind)
        }
        if property.isMany || property.kind == .relation {
            value = ["type": "array", "items": .object(value)]
            if let least = property.limits.leastItems { value.append("minItems", .integer(Int64(least))) }
            if let most = property.limits.mostItems { value.append("maxItems", .integer(Int64(most))) }
            if property.isMany { value.append("uniqueItems", true) }
        }
        for member in value.members { json.append(member.name, member.value) }
        return json
    }
}

extension SchemaProperty.Kind {
    /// The types of its values.
    fileprivate var jsonTypes: JSONValue {
        switch self {
        case .any: ["string", "number", "boolean"]
        case .text, .reference: "string"
        case .integer: "integer"
        case .number: "number"
        case .boolean: "boolean"
        case .relation: "object"
        }
    }
}

extension ValueLimits {
    /// A value of a kind within these limits.
    fileprivate func jsonSchema(of kind: SchemaProperty.Kind) -> JSONObject {
        var json: JSONObject = ["type": kind.jsonTypes]
        if let least { json.append("minimum", least) }
        if let most { json.append("maximum", most) }
        if let leastLength { json.append("minLength", .integer(Int64(leastLength))) }
        if let mostLength { json.append("maxLength", .integer(Int64(mostLength))) }
        // The whole value is meant (RFC 9485, section 5.3: how a pattern is handed on to ECMA-262).
        if let pattern { json.append("pattern", .string("^(?:\(pattern.pattern))$")) }
        if let oneOf { json.append("enum", .array(oneOf)) }
        return json
    }
}

extension SchemaRelation {
    /// One delta of the relation, as a composite of its roles.
    fileprivate func jsonSchema(_ entity: (Text?) -> JSONValue) -> JSONObject {
        var told = JSONObject()
        for role in roles {
            let value: JSONValue =
                role.context == nil ? .object(ValueLimits().jsonSchema(of: role.kind)) : entity(role.schema)
            told.append(role.name, role.isMany ? ["type": "array", "items": value] : value)
        }
        var composite: JSONObject = ["type": "object", "properties": .object(told)]
        let required = roles.filter(\.isRequired).map { JSONValue.text($0.name) }
        if !required.isEmpty { composite.append("required", .array(required)) }
        return [
            "type": "object",
            "properties": [
                "delta": ["type": "string"], "creator": ["type": "string"], "timeCreated": ["type": "integer"],
                "roles": .object(composite),
            ],
            "required": ["delta", "creator", "timeCreated", "roles"],
        ]
    }
}
