import Bytes
import RhizomeCollections
import RhizomeCore
import RhizomeDatabase
import RhizomeNode
import RhizomeTesting
import RhizomeViews
import Testing

@Suite struct TypedCollectionTests {
    @Test("what was put is had back, and stands among the ids")
    func putAndGet() async throws {
        try await HomedNode.running { node in
            let users = TypedCollection<User>("user", in: node.database)
            #expect(try await users.get("taliesin-1") == nil)
            let user = User(id: "taliesin-1", name: "Taliesin", age: 42)
            try await users.put(user)
            #expect(try await users.get("taliesin-1") == user)
            try await users.put(User(id: "arthur", name: "Arthur"))
            #expect(try await users.ids() == ["arthur", "taliesin-1"])
            #expect(try await users.ids(after: "arthur") == ["taliesin-1"])
            #expect(try await users.ids(limit: 1) == ["arthur"])
            #expect(try await TypedCollection<User>("film", in: node.database).ids() == [])
        }
    }

    @Test("only what changes is written: one delta for one property, more as a transaction with its size first")
    func writing() async throws {
        try await HomedNode.running { node in
            let users = TypedCollection<User>("user", in: node.database)
            var user = User(id: "u", name: "Ann", age: 30)
            try await users.put(user)
            let written = try await node.database.log.deltas(after: 0, limit: 10).map(\.delta.body.pointers)
            #expect(written.count == 3)
            #expect(written.first?.last == Pointer("size", .integer(2)))
            #expect(!written.joined().contains { $0.localContext == "id" || $0.entity?.targetContext == "id" })
            try await users.put(user)
            #expect(try await node.database.log.count() == 3)
            user.age = nil
            try await users.put(user)
            #expect(try await node.database.log.count() == 4)
            #expect(try await users.get("u") == user)
        }
    }

    @Test("what is visible under another name alone is written under this one; what is to be said again is")
    func sayingAll() async throws {
        try await HomedNode.running { node in
            let user = User(id: "u", name: "Ann")
            try await TypedCollection<User>("user", in: node.database).put(user)
            let members = TypedCollection<User>("member", in: node.database)
            try await members.put(user)
            #expect(try await members.ids() == ["u"])
            let count = try await node.database.log.count()
            try await members.put(user)
            #expect(try await node.database.log.count() == count)
            try await members.put(user, sayingAll: true)
            let said = try await node.database.log.deltas(after: count, limit: 10).map(\.delta.body.pointers)
            #expect(said.map { $0.last?.value } == [.integer(2), .text("Ann"), .null])
        }
    }

    @Test("properties that the type doesn't have stay as they are")
    func otherProperties() async throws {
        struct Shoes: Codable, Identifiable { var id: String, shoes: Int }
        try await HomedNode.running { node in
            try await TypedCollection<Shoes>("user", in: node.database).put(Shoes(id: "u", shoes: 42))
            try await TypedCollection<User>("user", in: node.database).put(User(id: "u", name: "Ann"))
            #expect(try await TypedCollection<Shoes>("user", in: node.database).get("u")?.shoes == 42)
        }
    }

    @Test("what was deleted isn't there, keeps its history, and comes back when it is put again")
    func delete() async throws {
        try await HomedNode.running { node in
            let users = TypedCollection<User>("user", in: node.database)
            let user = User(id: "u", name: "Ann", age: 30)
            try await users.put(user)
            try await users.put(User(id: "v", name: "Bea"))
            try await users.delete("u")
            #expect(try await users.get("u") == nil)
            #expect(try await users.ids() == ["v"])
            let history = try #require(try await EntityReader(log: node.database.log).history(of: "u"))
            var changes: [EntityHistory.Change] = []
            for try await change in history { changes.append(change) }
            #expect(changes.count == 4)
            let count = try await node.database.log.count()
            try await users.delete("u")
            try await users.delete("never")
            #expect(try await node.database.log.count() == count)
            try await users.put(user)
            #expect(try await users.get("u") == user)
            #expect(try await users.ids() == ["u", "v"])
        }
    }

    @Test("an entity that was given a property by a reserved name is deleted all the same")
    func reservedProperty() async throws {
        try await HomedNode.running { node in
            let users = TypedCollection<User>("user", in: node.database)
            try await users.put(User(id: "u", name: "Ann"))
            let odd: [Pointer] = [Pointer("user", entity: "u", targetContext: "_odd"), Pointer("_odd", .integer(1))]
            _ = try await node.database.write([Draft(pointers: odd)])
            try await users.delete("u")
            #expect(try await users.get("u") == nil)
        }
    }

    @Test(
        "names and ids that a PUT refuses are refused here",
        arguments: [
            ("_user", "u", "collection"), ("trust", "u", "collection"), ("", "u", "collection"), ("user", "", "id"),
            ("user", "ids", "id"),
        ]
    )
    func reserved(_ name: String, _ id: String, _ field: String) async throws {
        try await HomedNode.running { node in
            let users = TypedCollection<User>(name, in: node.database)
            let put = await #expect(throws: FieldError.self) { try await users.put(User(id: id, name: "Ann")) }
            #expect(put?.field == field)
            let delete = await #expect(throws: FieldError.self) { try await users.delete(id) }
            #expect(delete?.field == field)
            let count = try await node.database.log.count()
            #expect(count == 0)
        }
    }

    @Test("what can't be a property is refused, and nothing is written")
    func unwritable() async throws {
        struct Tagged: Codable, Identifiable { var id: String, name: String, tags: [String] }
        struct Hidden: Codable, Identifiable { var id: String, _name: String }
        struct Other: Codable, Identifiable {
            var key: String
            var id: String { "other" }
            private enum CodingKeys: String, CodingKey { case key = "id" }
        }
        try await HomedNode.running { node in
            await #expect(throws: EncodingError.self) {
                try await TypedCollection<Tagged>("user", in: node.database).put(Tagged(id: "u", name: "Ann", tags: []))
            }
            await #expect(throws: EncodingError.self) {
                try await TypedCollection<Other>("user", in: node.database).put(Other(key: "u"))
            }
            await #expect(throws: FieldError(.reserved, field: "", "")) {
                try await TypedCollection<Hidden>("user", in: node.database).put(Hidden(id: "u", _name: "Ann"))
            }
            let count = try await node.database.log.count()
            #expect(count == 0)
        }
    }

    @Test("more properties than a PUT takes are refused, and an entity that has more is deleted all the same")
    func manyProperties() async throws {
        struct Bag: Codable, Identifiable {
            var id: String
            var values: [String: Int]
            func encode(to encoder: any Encoder) throws { try values.encode(to: encoder) }
        }
        try await HomedNode.running { node in
            let bags = TypedCollection<Bag>("bag", in: node.database)
            let values = Dictionary(uniqueKeysWithValues: (0..<1_025).map { ("p\($0)", $0) })
            await #expect(throws: FieldError(.count, field: "", "")) {
                try await bags.put(Bag(id: "b", values: values))
            }
            #expect(try await node.database.log.count() == 0)
            _ = try await node.database.write(
                values.map { name, value in
                    Draft(pointers: [
                        Pointer("bag", entity: "b", targetContext: Text(name)),
                        Pointer(Text(name), .integer(Int64(value))),
                    ])
                }
            )
            #expect(try await bags.ids() == ["b"])
            try await bags.delete("b")
            #expect(try await bags.ids() == [])
        }
    }

    @Test("what a peer wrote that isn't such a value is an error that names the property")
    func undecodable() async throws {
        struct Named: Codable, Identifiable { var id: String, name: Int }
        try await HomedNode.running { node in
            try await TypedCollection<Named>("user", in: node.database).put(Named(id: "u", name: 5))
            let error = await #expect(throws: DecodingError.self) {
                try await TypedCollection<User>("user", in: node.database).get("u")
            }
            #expect("\(error as Any)".contains("name"))
        }
    }

    @Test("all ids are had, however many pages they are")
    func manyIDs() async throws {
        try await HomedNode.running { node in
            let ids = (0..<1_500).map { "u\(10_000 + $0)" }
            _ = try await node.database.write(
                ids.map { id in
                    Draft(pointers: [
                        Pointer("user", entity: Text(id), targetContext: "name"), Pointer("name", .text("x")),
                    ])
                }
            )
            let users = TypedCollection<User>("user", in: node.database)
            #expect(try await users.ids() == ids)
            #expect(try await users.ids(limit: 1_200) == Array(ids[..<1_200]))
        }
    }
}
