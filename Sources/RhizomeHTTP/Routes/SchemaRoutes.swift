internal import Bytes
internal import HTTPTypes
internal import RhizomeDatabase
internal import RhizomeIdentity
internal import RhizomeViews
internal import SignedStatements
internal import StrictJSON

/// Ways of reading that are written down, to be read and written (spec: schemas.md, "Names and storing").
enum SchemaRoutes {
    static func routes(_ database: Database, makeUUID: @escaping @Sendable () -> String) -> [Route] {
        DefinitionRoutes<SchemaDefinition>(database: database, makeUUID: makeUUID, path: "/api/schemas") { name, json in
            let json = JSONValue.object(json)
            let size = json.encoded.count
            guard size <= SchemaDefinition.mostBytes else {
                throw APIError.badInput(
                    "a schema has at most \(SchemaDefinition.mostBytes) bytes of JSON; this has \(size)"
                )
            }
            do { return try SchemaDefinition(json: json) } catch let error as SchemaError {
                throw APIError(error, in: name)
            }
        } show: { stored, asOf in
            _ = try stored.definition.get()
            let own = database.identity
            let definitions = try await database.definitions(of: SchemaDefinition.self, asOf: asOf)
            let cycles = try await SchemaReferences.cycles(from: stored.name.text(own: own)) { name in
                // Where its author's own names stand for another's, that is whose they are.
                guard let name = DefinitionName(name, own: own, identity: { database.identity(typed: $0) }),
                    let schema = try await definitions.definition(name)
                else { return [] }
                return try schema.referredSchemas(own: own) { database.identity(typed: $0) }
            }
            return stored.item(own: own, more: ["cycles": .array(cycles.map { .array($0.map { .text($0) }) })])
        }
        .routes
    }
}

extension StoredDefinition<SchemaDefinition> {
    /// The schemas to which it refers, as this node calls them; none where it can't be used.
    ///
    /// - Parameter identity: the author that a text names.
    fileprivate func referredSchemas(own: PublicKey, identity: (String) -> PublicKey?) throws -> [Text] {
        guard case .success(let schema) = definition else { return [] }
        return schema.referredSchemas.compactMap {
            DefinitionName($0, own: name.author, identity: identity)?.text(own: own)
        }
    }
}

extension Database {
    /// The schema that a query names.
    ///
    /// - Throws: 404 where there is none.
    func schema(called name: Text, asOf: Timestamp? = nil) async throws -> StoredDefinition<SchemaDefinition> {
        guard let stored = try await definition(called: name, of: SchemaDefinition.self, asOf: asOf) else {
            throw APIError(status: .notFound, error: "Not Found", details: ["schema": .text(name)])
        }
        return stored
    }

    /// The same with those to which it leads.
    ///
    /// - Parameter levels: how far below an entity is shown at most.
    /// - Throws: as above; ``DefinitionError`` where it can't be used; ``ReadLimit``.
    func schemas(called name: Text, levels: Int? = nil, asOf: Timestamp? = nil) async throws -> SchemaGraph {
        let stored = try await schema(called: name, asOf: asOf)
        return try await definitions(of: SchemaDefinition.self, asOf: asOf).graph(
            of: stored,
            levels: levels ?? NestedView.mostLevels
        ) { identity(typed: $0) }
    }
}

extension APIError {
    /// What is wrong with a schema, in the words of schemas.md.
    fileprivate init(_ error: SchemaError, in name: Text) {
        let field = FieldError(error)
        switch error {
        case .unknownType(let property):
            self = .badInput("Unknown schema type at \(name).\(property)", field: field.field)
        case .cycle(let names):
            self = .badInput("cycle", field: field.field, details: ["cycle": .array(names.map { .text($0) })])
        }
    }
}
