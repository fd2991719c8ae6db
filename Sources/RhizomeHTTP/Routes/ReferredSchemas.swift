internal import Bytes
internal import RhizomeCore
internal import RhizomeDatabase
internal import RhizomeIdentity
internal import RhizomeViews
internal import SignedStatements

/// Schemas by the names by which this node calls them, each with those to which it refers.
struct ReferredSchemas {
    private let database: Database
    private let definitions: Definitions<SchemaDefinition>

    init(_ database: Database, asOf: Timestamp?) async throws {
        self.database = database
        definitions = try await database.definitions(of: SchemaDefinition.self, asOf: asOf)
    }

    /// The schema of a name, and what this node calls those to which it refers, by the names that it uses itself.
    ///
    /// Where its author's own names stand for another's, that is whose they are.
    ///
    /// - Returns: `nil` where there is none, or it can't be used.
    func schema(called text: Text) async throws -> (schema: SchemaDefinition, names: [Text: Text])? {
        let own = database.identity
        guard let name = DefinitionName(text, own: own, identity: { database.identity(typed: $0) }),
            let stored = try await definitions.definition(name), case .success(let schema) = stored.definition
        else { return nil }
        var names: [Text: Text] = [:]
        for referred in schema.referredSchemas {
            let name = DefinitionName(referred, own: name.author) { database.identity(typed: $0) }
            names[referred] = name?.text(own: own)
        }
        return (schema, names)
    }
}
