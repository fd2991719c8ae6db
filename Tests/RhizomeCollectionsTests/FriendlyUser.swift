import Bytes
import RhizomeCollections
import RhizomeDatabase
import RhizomeNode
import RhizomeViews

/// What the README shows of types that name their schema.
enum FriendlyUser {
    struct User: Codable, Identifiable, SchemaNaming {
        static let schema = "user"
        var id: String
        var name: String
        var friends: Set<String> = []
    }

    static func define(in node: Node) async throws {
        let user = try SchemaBuilder {
            SchemaPart.property("name", .text).required().length(1...40)
            SchemaPart.reference("friends", to: "user").many()
        }.schema
        try await node.database.define(user, as: "user")
    }
}
