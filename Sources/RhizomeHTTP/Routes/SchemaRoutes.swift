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
        DefinitionRoutes<SchemaDefinition>(
            database: database,
            makeUUID: makeUUID,
            path: "/api/schemas",
            document: .schema,
            shown: .schemaItem
        ) { name, json in
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
            let schemas = try await ReferredSchemas(database, asOf: asOf)
            let cycles = try await SchemaReferences.cycles(from: stored.name.text(own: own)) { name in
                guard let (schema, names) = try await schemas.schema(called: name) else { return [] }
                return schema.referredSchemas.compactMap { names[$0] }
            }
            return stored.item(own: own, more: ["cycles": .array(cycles.map { .array($0.map { .text($0) }) })])
        } export: { stored, asOf in
            _ = try stored.definition.get()
            let schemas = try await ReferredSchemas(database, asOf: asOf)
            let document = try await SchemaExport.document(of: stored.name.text(own: database.identity)) {
                try await schemas.schema(called: $0)
            }
            return JSONValue.object(document).encoded
        }
        .routes
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

extension JSONSchema {
    /// A schema with the circles into which it leads.
    fileprivate static let schemaItem = definitionHead.adding([
        "cycles": array(of: array(of: text)), "definition": schema,
    ]).named("StoredSchema")

    /// A schema (spec: schemas.md, "The document").
    fileprivate static let schema = object(
        [
            "properties": object(others: property).with(
                "maxProperties",
                .integer(Int64(SchemaDefinition.mostProperties))
            )
        ],
        optional: [
            "description": text, "collection": name, "open": boolean,
            "relations": object(others: relation)
                .with("maxProperties", .integer(Int64(SchemaDefinition.mostRelations))),
        ]
    ).named("Schema")

    private static let property = object(optional: [
        "type": word(SchemaProperty.Kind.allCases.map(\.rawValue)), "role": name, "many": boolean,
        "required": boolean, "default": any,
        "resolver": word(StandardResolver.allCases.map(\.rawValue)),
        "min": number, "max": number, "minLength": count, "maxLength": count, "minItems": count, "maxItems": count,
        "pattern": text.meaning("I-Regexp (RFC 9485), at most 256 bytes"),
        "oneOf": array(of: value).with("minItems", 1).with("maxItems", 256),
        "schema": text, "levels": integer(0...8), "inverse": name, "relation": name,
        "derived": any.meaning("a rule of JSON-Logic"), "description": text,
    ]).named("SchemaProperty")

    private static let relation = object(
        [
            "roles": object(
                others: object(optional: [
                    "type": word(SchemaProperty.Kind.allCases.filter { $0 != .relation }.map(\.rawValue)),
                    "context": name, "schema": text, "required": boolean, "many": boolean,
                ])
            )
        ],
        optional: ["description": text]
    ).named("SchemaRelation")
}
