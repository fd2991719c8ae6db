import Bytes
import RhizomeCollections
import RhizomeCore
import RhizomeDatabase
import RhizomeNode
import RhizomeTesting
import RhizomeViews
import StrictJSON
import Testing

/// Values of types that name their schema.
@Suite struct SchemaCollectionTests {
    private struct Person: Codable, Identifiable, Equatable, SchemaNaming {
        static let schema = "person"
        var id: String
        var name: String
        var kind: String = "plain"
        var tags: [String] = []
        var friends: Set<String> = []
        var boss: String?
        var length: Int?
    }

    private static func person() throws -> SchemaDefinition {
        try SchemaBuilder(collection: "people", isOpen: false, description: "people") {
            SchemaPart.property("name", .text).required().length(2...9)
            SchemaPart.property("kind", .text).standing(in: "plain").oneOf(["plain", "odd"])
            SchemaPart.property("tags", .text).many(0...2).pattern("[a-z]+")
            SchemaPart.reference("friends", to: "person", levels: 2).many()
            SchemaPart.reference("boss", inverse: "leads").role("is")
            SchemaPart.property("length", .integer).derived(["+": [["var": "name.length"], 0]]).description(
                "of the name"
            )
            SchemaPart.relation("parts", "casting")
            SchemaPart.roles(
                of: "casting",
                [.entity("actor", context: "parts").required(), .entity("film").many(), .value("salary", .integer)]
            )
        }.schema
    }

    @Test("the builder writes the document, and refuses what a document can't say")
    func builder() throws {
        let expected: JSONValue = [
            "description": "people", "collection": "people", "open": false,
            "properties": [
                "name": ["type": "text", "required": true, "minLength": 2, "maxLength": 9],
                "kind": ["type": "text", "default": "plain", "oneOf": ["plain", "odd"]],
                "tags": ["type": "text", "many": true, "minItems": 0, "maxItems": 2, "pattern": "[a-z]+"],
                "friends": ["type": "reference", "schema": "person", "levels": 2, "many": true],
                "boss": ["type": "reference", "inverse": "leads", "role": "is"],
                "length": [
                    "type": "integer", "derived": ["+": [["var": "name.length"], 0]], "description": "of the name",
                ],
                "parts": ["type": "relation", "relation": "casting"],
            ],
            "relations": [
                "casting": [
                    "roles": [
                        "actor": ["type": "reference", "context": "parts", "required": true],
                        "film": ["type": "reference", "many": true], "salary": ["type": "integer"],
                    ]
                ]
            ],
        ]
        #expect(try Self.person().json == expected)
        #expect(throws: FieldError.self) {
            try SchemaBuilder { SchemaPart.property("a", .text).required().standing(in: "x") }.schema
        }
    }

    @Test("values are written and read through the schema that their type names")
    func values() async throws {
        try await HomedNode.running { node in
            let people = TypedCollection<Person>("people", in: node.database)
            await #expect(throws: CollectionError.self) { try await people.get("a") }
            let version = try await node.database.define(try Self.person(), as: "person")
            #expect(try await node.database.define(try Self.person(), as: "person") == version)
            #expect(try await people.get("a") == nil)
            var ann = Person(id: "a", name: "Ann", tags: ["x", "y"], friends: ["b", "c"], boss: "b")
            try await people.put(ann)
            // What is derived is read; what stands in isn't written.
            ann.length = 3
            #expect(try await people.get("a") == ann)
            let count = try await node.database.log.count()
            #expect(count == 2 + 6)
            try await people.put(ann)
            #expect(try await node.database.log.count() == count)
            ann.tags = ["y"]
            ann.friends = []
            ann.boss = nil
            try await people.put(ann)
            #expect(try await people.get("a") == ann)
            ann.name = "A"
            ann.tags = ["1", "2", "3"]
            let error = await #expect(throws: SchemaViolations.self) { try await people.put(ann) }
            #expect(error?.items.map(\.property) == ["name", "tags", "tags", "tags", "tags"])
            #expect(try await people.ids() == ["a"])
            try await people.delete("a")
            #expect(try await people.ids() == [])
        }
    }

    @Test("the type and the schema that the README shows go together")
    func readme() async throws {
        try await HomedNode.running { node in
            try await FriendlyUser.define(in: node)
            let users = TypedCollection<FriendlyUser.User>("user", in: node.database)
            try await users.put(FriendlyUser.User(id: "ann", name: "Ann", friends: ["bob", "carol"]))
            #expect(try await users.get("ann")?.friends == ["bob", "carol"])
            await #expect(throws: SchemaViolations.self) { try await users.put(FriendlyUser.User(id: "x", name: "")) }
        }
    }

    @Test("what happens is told of such types too")
    func changes() async throws {
        try await HomedNode.running { node in
            try await node.database.define(try Self.person(), as: "person")
            let people = TypedCollection<Person>("people", in: node.database)
            let cursor = people.cursor
            try await people.put(Person(id: "a", name: "Ann", tags: ["x", "y"]))
            var changes = people.changes(since: cursor).makeAsyncIterator()
            let change = try #require(try await changes.next())
            #expect(change.createdEntity == Person(id: "a", name: "Ann", tags: ["x", "y"], length: 3))
        }
    }
}
