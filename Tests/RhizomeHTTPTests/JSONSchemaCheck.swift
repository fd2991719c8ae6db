import Bytes
import StrictJSON

/// Holds JSON against JSON Schema 2020-12: the keywords that the API's description uses, and no others, so that none is
/// taken for checked that isn't.
struct JSONSchemaCheck {
    /// What a reference leads to is looked up in it.
    let document: JSONObject

    /// What is wrong with a value, with the way to it; nothing where it is as the schema says.
    func faults(of value: JSONValue, by schema: JSONValue, at place: String = "") -> [String] {
        guard let schema = schema.object else { return schema == false ? ["\(place): nothing may stand here"] : [] }
        return schema.members.flatMap { keyword in
            faults(of: value, by: keyword.name.string, keyword.value, in: schema, at: place)
        }
    }

    private func faults(
        of value: JSONValue,
        by keyword: String,
        _ operand: JSONValue,
        in schema: JSONObject,
        at place: String
    ) -> [String] {
        func fault(unless holds: Bool?) -> [String] {
            holds != false ? [] : ["\(place): \(value.description.prefix(80)) isn't as \(keyword) \(operand)"]
        }
        switch keyword {
        case "description", "contentMediaType", "format", "$schema", "title", "default": return []
        case "$ref": return faults(of: value, by: target(operand), at: place)
        case "type":
            let types = operand.array ?? [operand]
            return fault(unless: types.contains { $0.text.map { Self.isOf($0.string, value) } ?? false })
        case "enum": return fault(unless: operand.array?.contains(value))
        case "const": return fault(unless: operand == value)
        case "anyOf":
            let tried = (operand.array ?? []).map { faults(of: value, by: $0, at: place) }
            return tried.contains([]) ? [] : ["\(place): none of anyOf: " + tried.joined().joined(separator: "; ")]
        case "not": return fault(unless: !faults(of: value, by: operand, at: place).isEmpty)
        case "minimum": return fault(unless: value.integer.map { $0 >= operand.integer ?? .max })
        case "maximum": return fault(unless: value.integer.map { $0 <= operand.integer ?? .min })
        case "minLength": return fault(unless: value.text.map { Self.length($0) >= operand.integer ?? .max })
        case "maxLength": return fault(unless: value.text.map { Self.length($0) <= operand.integer ?? .min })
        case "pattern":
            guard let text = value.text, let pattern = operand.text else { return [] }
            return fault(unless: (try? Regex(pattern.string).firstMatch(in: text.string)) != nil)
        case "minItems": return fault(unless: value.array.map { Int64($0.count) >= operand.integer ?? .max })
        case "maxItems": return fault(unless: value.array.map { Int64($0.count) <= operand.integer ?? .min })
        case "minProperties": return fault(unless: value.object.map { Int64($0.count) >= operand.integer ?? .max })
        case "maxProperties": return fault(unless: value.object.map { Int64($0.count) <= operand.integer ?? .min })
        case "items":
            return (value.array ?? []).enumerated().flatMap { faults(of: $1, by: operand, at: "\(place)[\($0)]") }
        case "required":
            guard let object = value.object else { return [] }
            return (operand.array ?? []).filter { $0.text.map { object[$0] == nil } ?? true }
                .map { "\(place): there is no \($0)" }
        case "properties":
            return (operand.object?.members ?? []).flatMap { member in
                value.object?[member.name].map { faults(of: $0, by: member.value, at: "\(place).\(member.name)") } ?? []
            }
        case "additionalProperties":
            let known = schema["properties"]?.object
            return (value.object?.members ?? []).filter { known?[$0.name] == nil }
                .flatMap { faults(of: $0.value, by: operand, at: "\(place).\($0.name)") }
        default: return ["the schema has a keyword that isn't checked: \(keyword)"]
        }
    }

    /// What a pointer within the document leads to (RFC 6901); nothing that it leads to has a name with `~` or `/`.
    private func target(_ reference: JSONValue) -> JSONValue {
        let way = reference.text?.string.split(separator: "/").dropFirst() ?? []
        return way.reduce(.object(document)) { $0.object?[Text(String($1))] ?? false }
    }

    private static func length(_ text: Text) -> Int64 { Int64(text.string.unicodeScalars.count) }

    private static func isOf(_ type: String, _ value: JSONValue) -> Bool {
        switch (type, value) {
        case ("null", .null), ("boolean", .bool), ("integer", .integer), ("number", .integer), ("number", .float),
            ("string", .text), ("array", .array), ("object", .object):
            true
        default: false
        }
    }
}
