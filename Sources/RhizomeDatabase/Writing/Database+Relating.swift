public import Bytes
public import RhizomeCore
package import RhizomeViews
internal import SignedStatements
public import StrictJSON

extension Database {
    /// Writes a delta by which entities are related, as a schema's relation has it (spec: schemas.md, "Relationships").
    ///
    ///     try await database.relate("casting", of: "film", ["actor": "keanu", "film": "the_matrix", "base_salary": 1_000_000])
    ///
    /// - Parameters:
    ///   - relation: its name.
    ///   - schema: the schema's: NAME for one of this node's own, `NAME@did` for another's.
    ///   - roles: by role an entity's id, a plain value, or an array of them where the role may have several.
    /// - Returns: the delta, once it is durable.
    /// - Throws: ``SchemaViolations`` where it isn't as the relation wants it; ``FieldError`` `unknown` where there is no
    ///   such schema or relation, and for ids that can't be one; ``DefinitionError`` where the schema can't be used;
    ///   ``WriteError``, and what the log throws.
    @discardableResult
    public func relate(_ relation: Text, of schema: Text, _ roles: JSONObject) async throws -> StoredDelta {
        guard let stored = try await self.schema(schema) else {
            throw FieldError(.unknown, field: "schema", "there is no schema of this name")
        }
        guard let found = try stored.definition.get().relation(relation) else {
            throw FieldError(.unknown, field: "relation", "the schema has no relation of this name")
        }
        return try await write(found, of: stored, roles)
    }

    /// Writes a delta of a relation.
    package func write(
        _ relation: SchemaRelation,
        of schema: StoredDefinition<SchemaDefinition>,
        _ roles: JSONObject
    ) async throws -> StoredDelta {
        let pointers = try relation.pointers(roles, of: schema.name.text(own: identity))
        guard let delta = try await write([Draft(pointers: pointers)]).first else {
            preconditionFailure("a draft that was written gives a delta")
        }
        return delta
    }

    /// Makes an entity that relates two others, in one transaction.
    ///
    /// It has `source`, `target` and `type`, and properties of its own. Both others find it under the property that is called
    /// like the type.
    ///
    /// - Returns: its id, once it is durable.
    /// - Throws: ``FieldError`` for names, ids and values that a PUT refuses, and for the three properties;
    ///   ``WriteError``.
    @discardableResult
    public func relate(
        from source: Text,
        to target: Text,
        type: Text,
        properties: JSONObject = [:]
    ) async throws -> Text {
        let id = Text(UUID.make())
        let put = try RelationshipPut(id: id, from: source, to: target, type: type, properties: properties)
        let planned = put.deltas(transaction: Text(UUID.make()))
        _ = try await write(planned.map { Draft(pointers: $0.pointers, replacing: $0.replacedTime) })
        return id
    }
}
