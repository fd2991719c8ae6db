internal import Bytes
internal import StrictJSON

/// What a JSON value may be, as JSON Schema 2020-12 says it: what routes state of parameters, bodies and answers.
///
/// Objects are closed: a member that isn't stated is a mistake, in what is sent as in what is answered.
struct JSONSchema: Sendable {
    /// Where the named ones stand in the description of the API.
    static let place = "#/components/schemas/"

    /// The schema as it stands where it is used; one that has a name is a reference to it.
    let json: JSONObject
    /// Those with names to which it refers, itself among them.
    let named: [Text: JSONObject]

    init(_ json: JSONObject, named: [Text: JSONObject] = [:]) {
        self.json = json
        self.named = named
    }

    // MARK: - Kinds

    /// Whatever is JSON.
    static let any = JSONSchema([:])
    static let text = JSONSchema(["type": "string"])
    /// An Int64.
    static let integer = JSONSchema(["type": "integer"])
    static let number = JSONSchema(["type": "number"])
    static let boolean = JSONSchema(["type": "boolean"])
    static let null = JSONSchema(["type": "null"])

    /// A text that a regular expression describes, as ECMA-262 reads it.
    static func text(matching pattern: String) -> JSONSchema { text.with("pattern", .string(pattern)) }

    /// An integer within bounds, both included.
    static func integer(_ range: ClosedRange<Int>) -> JSONSchema {
        integer.with("minimum", .integer(Int64(range.lowerBound))).with("maximum", .integer(Int64(range.upperBound)))
    }

    /// One of these texts.
    static func word(_ words: some Sequence<String>) -> JSONSchema {
        text.with("enum", .array(words.map { .string($0) }))
    }

    /// An array of items that are alike.
    static func array(of item: JSONSchema) -> JSONSchema {
        JSONSchema(["type": "array", "items": .object(item.json)], named: item.named)
    }

    /// An object with these members.
    ///
    /// - Parameters:
    ///   - required: members that it always has.
    ///   - optional: members that it may have.
    ///   - others: what members of other names are; there are none of them where `nil`.
    static func object(
        _ required: KeyValuePairs<Text, JSONSchema> = [:],
        optional: KeyValuePairs<Text, JSONSchema> = [:],
        others: JSONSchema? = nil
    ) -> JSONSchema {
        var properties = JSONObject()
        for (name, schema) in Array(required) + Array(optional) { properties.append(name, .object(schema.json)) }
        var json: JSONObject = ["type": "object", "properties": .object(properties)]
        if !required.isEmpty { json.append("required", .array(required.map { .text($0.key) })) }
        json.append("additionalProperties", others.map { .object($0.json) } ?? false)
        let parts = (required.map(\.value) + optional.map(\.value) + [others].compactMap(\.self))
        return JSONSchema(json, named: Self.names(of: parts))
    }

    /// Any of these.
    static func either(_ schemas: [JSONSchema]) -> JSONSchema {
        guard schemas.count != 1 else { return schemas[0] }
        return JSONSchema(["anyOf": .array(schemas.map { .object($0.json) })], named: names(of: schemas))
    }

    private static func names(of schemas: [JSONSchema]) -> [Text: JSONObject] {
        schemas.reduce(into: [:]) { $0.merge($1.named) { first, _ in first } }
    }

    // MARK: - Changes

    /// Null as well.
    var orNull: JSONSchema { .either([self, .null]) }

    /// The same with another keyword.
    func with(_ keyword: Text, _ value: JSONValue) -> JSONSchema {
        var json = json
        json.append(keyword, value)
        return JSONSchema(json, named: named)
    }

    /// The same with a sentence on what it means.
    func meaning(_ sentence: String) -> JSONSchema { with("description", .string(sentence)) }

    /// The same with further members.
    func adding(_ more: KeyValuePairs<Text, JSONSchema>, optional: KeyValuePairs<Text, JSONSchema> = [:]) -> JSONSchema
    {
        var properties = json["properties"]?.object ?? JSONObject()
        for (name, schema) in Array(more) + Array(optional) { properties.append(name, .object(schema.json)) }
        let required = (json["required"]?.array ?? []) + more.map { .text($0.key) }
        var changed = JSONObject()
        for member in json.members where member.name != "properties" && member.name != "required" {
            changed.append(member.name, member.value)
        }
        changed.append("properties", .object(properties))
        changed.append("required", .array(required))
        return JSONSchema(changed, named: Self.names(of: [self] + more.map(\.value) + optional.map(\.value)))
    }

    /// The same under a name, by which others refer to it.
    func named(_ name: Text) -> JSONSchema {
        var named = named
        named[name] = json
        return JSONSchema(["$ref": .string(Self.place + name.string)], named: named)
    }
}
