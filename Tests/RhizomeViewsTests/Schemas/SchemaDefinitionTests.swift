import Bytes
import StrictJSON
import Testing

@testable import RhizomeViews

/// Documents of schemas: what they may say, and what is refused (spec: schemas.md, "The document").
@Suite struct SchemaDefinitionTests {
    private static func schema(_ json: String) throws -> SchemaDefinition {
        try SchemaDefinition(stored: Text(json))
    }

    @Test("a document with every member is read, and kept as it was written")
    func whole() throws {
        let json = """
            {"description":"a person","collection":"user","open":false,"properties":{\
            "name":{"type":"text","required":true,"minLength":1,"maxLength":80,"pattern":"\\\\p{L}.*"},\
            "age":{"type":"integer","min":0,"max":150,"resolver":"max"},\
            "nick":{"type":"text","default":"none","role":"alias"},\
            "mood":{"oneOf":["good",1,true]},\
            "tags":{"type":"text","many":true,"minItems":1,"maxItems":3},\
            "friends":{"type":"reference","many":true,"schema":"user","levels":2,"inverse":"friend_of"},\
            "casts":{"type":"relation","relation":"casting"},\
            "double":{"type":"number","derived":{"*":[2,{"var":"age"}]},"description":"twice"}},\
            "relations":{"casting":{"roles":{"film":{"schema":"film@did:key:z6Mk"},"actor":{"context":"roles","required":true},\
            "salary":{"type":"number","many":true}},"description":"who plays where"}}}
            """
        let schema = try Self.schema(json)
        #expect(String(decoding: schema.json.encoded, as: UTF8.self) == json)
        #expect(schema.collection == "user" && !schema.isOpen)
        #expect(schema.properties.map(\.name) == ["name", "age", "nick", "mood", "tags", "friends", "casts", "double"])
        #expect(schema["nick"]?.role == "alias" && schema["name"]?.role == "name")
        #expect(schema["tags"]?.resolver == .all && schema["age"]?.resolver == .max && schema["name"]?.resolver == nil)
        #expect(schema["friends"]?.reference == .init(schema: "user", levels: 2, inverse: "friend_of"))
        let roles = try #require(schema.relations.first).roles
        #expect(roles.map(\.context) == ["film.casting", "roles", nil])
        #expect(roles.map(\.kind) == [.reference, .reference, .number])
        #expect(schema.referredSchemas == ["user", "film@did:key:z6Mk"])
        #expect(try Self.schema(#"{"properties":{}}"#).isOpen)
    }

    @Test(
        "what the page doesn't allow is refused, with the way to it",
        arguments: [
            ("[]", "", .type), ("{}", "properties", .missing), (#"{"properties":[]}"#, "properties", .type),
            (#"{"properties":{},"x":1}"#, "x", .unknown), (#"{"properties":{},"open":1}"#, "open", .type),
            (#"{"properties":{},"collection":""}"#, "collection", .value),
            (#"{"properties":{"a":{"typ":"text"}}}"#, "properties.a.typ", .unknown),
            (#"{"properties":{"a":1}}"#, "properties.a", .type), (#"{"properties":{"":{}}}"#, "properties.", .value),
            (#"{"properties":{"_a":{}}}"#, "properties._a", .reserved),
            (#"{"properties":{"id":{}}}"#, "properties.id", .reserved),
            (#"{"properties":{"a":{"type":"string"}}}"#, "properties.a.type", .type),
            (#"{"properties":{"a":{"type":"text","min":1}}}"#, "properties.a.min", .value),
            (#"{"properties":{"a":{"type":"integer","pattern":"a"}}}"#, "properties.a.pattern", .value),
            (#"{"properties":{"a":{"min":"1"}}}"#, "properties.a.min", .type),
            (#"{"properties":{"a":{"min":2,"max":1}}}"#, "properties.a.max", .value),
            (#"{"properties":{"a":{"minLength":-1}}}"#, "properties.a.minLength", .value),
            (#"{"properties":{"a":{"minLength":3,"maxLength":2}}}"#, "properties.a.maxLength", .value),
            (#"{"properties":{"a":{"minItems":1}}}"#, "properties.a.minItems", .value),
            (#"{"properties":{"a":{"pattern":"(a"}}}"#, "properties.a.pattern", .value),
            (#"{"properties":{"a":{"oneOf":[]}}}"#, "properties.a.oneOf", .count),
            (#"{"properties":{"a":{"type":"text","oneOf":["b",1]}}}"#, "properties.a.oneOf[1]", .type),
            (#"{"properties":{"a":{"resolver":"mode"}}}"#, "properties.a.resolver", .value),
            (#"{"properties":{"a":{"many":true,"resolver":"max"}}}"#, "properties.a.resolver", .value),
            (#"{"properties":{"a":{"required":true,"default":1}}}"#, "properties.a.default", .value),
            (#"{"properties":{"a":{"type":"text","default":1}}}"#, "properties.a.default", .value),
            (#"{"properties":{"a":{"max":3,"default":4}}}"#, "properties.a.default", .value),
            (#"{"properties":{"a":{"schema":"b"}}}"#, "properties.a.schema", .value),
            (#"{"properties":{"a":{"type":"reference","schema":"b c"}}}"#, "properties.a.schema", .value),
            (#"{"properties":{"a":{"type":"reference","levels":9}}}"#, "properties.a.levels", .value),
            (#"{"properties":{"a":{"type":"relation"}}}"#, "properties.a.relation", .missing),
            (#"{"properties":{"a":{"type":"relation","relation":"b"}}}"#, "properties.a.relation", .value),
            (#"{"properties":{"a":{"type":"relation","relation":"b","many":true}}}"#, "properties.a.many", .value),
            (#"{"properties":{"a":{"derived":1,"required":true}}}"#, "properties.a.required", .value),
            (#"{"properties":{"a":{"derived":{"foo":1}}}}"#, "properties.a.derived", .value),
            (#"{"properties":{"a":{"derived":{"var":{"var":"b"}}}}}"#, "properties.a.derived", .value),
            (#"{"properties":{"a":{"derived":{"var":""}}}}"#, "properties.a.derived", .value),
            (#"{"properties":{"a":{"derived":{"var":"a"}}}}"#, "properties.a.derived", .value),
            (#"{"properties":{},"relations":{"r":{}}}"#, "relations.r.roles", .missing),
            (
                #"{"properties":{},"relations":{"r":{"roles":{"a":{"type":"text","context":"b"}}}}}"#,
                "relations.r.roles.a.type", .value
            ),
            (#"{"properties":{},"relations":{"r":{"roles":{"a":{"role":1}}}}}"#, "relations.r.roles.a.role", .unknown),
        ] as [(String, String, FieldError.Code)]
    )
    func refused(json: String, field: String, code: FieldError.Code) throws {
        let error = try #require(throws: FieldError.self) { try Self.schema(json) }
        #expect(error.field == field && error.code == code, "\(error)")
    }

    @Test("more properties, relations, roles and bytes than there may be are refused")
    func tooMany() throws {
        func many(_ count: Int, _ value: String) -> String {
            "{" + (0..<count).map { "\"p\($0)\":\(value)" }.joined(separator: ",") + "}"
        }
        _ = try Self.schema("{\"properties\":\(many(256, "{}"))}")
        let role = #"{"roles":{"a":{}}}"#
        for json in [
            "{\"properties\":\(many(257, "{}"))}", "{\"properties\":{},\"relations\":\(many(65, role))}",
            "{\"properties\":{},\"relations\":{\"r\":{\"roles\":\(many(65, "{}"))}}}",
        ] {
            #expect(try #require(throws: FieldError.self) { try Self.schema(json) }.code == .count)
        }
        let long = "{\"properties\":{},\"description\":\"\(String(repeating: "a", count: 64 << 10))\"}"
        #expect(try #require(throws: FieldError.self) { try Self.schema(long) }.code == .limit)
    }

    @Test("derived properties are computed after those that they read; a circle is named")
    func derived() throws {
        let schema = try Self.schema(
            """
            {"properties":{"c":{"derived":{"+":[{"var":"b"},{"var":["x",{"var":"a"}]}]}},"b":{"derived":{"var":"a.0"}},
            "a":{"derived":{"map":[{"var":"list"},{"var":"c"}]}},"list":{"many":true}}}
            """
        )
        #expect(schema.derivationOrder.map { schema.properties[$0].name } == ["a", "b", "c"])
        let circle: JSONValue = [
            "properties": [
                "x": ["derived": ["var": "a"]], "a": ["derived": ["var": "b"]], "b": ["derived": ["missing": ["a"]]],
            ]
        ]
        #expect(throws: SchemaError.cycle(["a", "b", "a"])) { try SchemaDefinition(json: circle) }
        // As long as it may be.
        let last: (Text, JSONValue) = ("p255", ["derived": ["var": "p0"]])
        let chain = (0..<255).map { (Text("p\($0)"), ["derived": ["var": .string("p\($0 + 1)")]] as JSONValue) }
        var properties = JSONObject()
        for (name, value) in chain + [last] { properties.append(name, value) }
        let error = #expect(throws: SchemaError.self) {
            try SchemaDefinition(json: ["properties": .object(properties)])
        }
        guard case .cycle(let names) = error else { throw Failure() }
        #expect(names.count == 257 && names.first == names.last)
    }

    private struct Failure: Error {}

    @Test("names are letters, digits, dots, underscores and hyphens, up to 64")
    func names() throws {
        for name in ["a", "user-profile", "A.b_9", Text(String(repeating: "n", count: 64))] as [Text] {
            try SchemaDefinition.checkName(name)
        }
        for name in ["", "a b", "é", "a@b", "a/b", Text(String(repeating: "n", count: 65))] as [Text] {
            #expect(throws: FieldError.self) { try SchemaDefinition.checkName(name) }
        }
    }

    @Test(
        "circles of schemas are named as they are met, each reference once",
        arguments: [
            (["a": ["b"], "b": ["c"], "c": ["a"]], [["a", "b", "c", "a"]]),
            (["a": ["a"]], [["a", "a"]]), (["a": ["b"], "b": []], []), (["a": ["gone"]], []),
            (["a": ["b"], "b": ["c"], "c": ["b"]], [["b", "c", "b"]]),
            (["a": ["b", "c"], "b": ["a"], "c": ["b", "a"]], [["a", "b", "a"], ["a", "c", "a"]]),
        ] as [([Text: [Text]], [[Text]])]
    )
    func cycles(references: [Text: [Text]], expected: [[Text]]) async throws {
        #expect(await SchemaReferences.cycles(from: "a") { references[$0] ?? [] } == expected)
    }
}
