public import Bytes
public import RhizomeCore
internal import RhizomeIdentity
public import RhizomeViews
internal import SignedStatements

extension Database {
    /// A schema that is stored: NAME for one of this node's own, `NAME@did` for another's; `nil` where there is none.
    ///
    /// - Throws: what the log throws.
    public func schema(_ name: Text) async throws -> StoredDefinition<SchemaDefinition>? {
        guard let name = DefinitionName(name, own: identity, identity: { PublicKey(typed: $0) }) else { return nil }
        return try await definitions(of: SchemaDefinition.self).definition(name)
    }

    /// Keeps a schema under a name; where the name means just this already, nothing is written.
    ///
    /// - Returns: the delta that holds it: its version.
    /// - Throws: ``FieldError`` at `name` for one that no schema can have; ``WriteError``, and what the log throws.
    @discardableResult
    public func define(_ schema: SchemaDefinition, as name: Text) async throws -> DeltaID {
        let writer = DefinitionWriter<SchemaDefinition>(
            try await definitions(),
            own: identity,
            makeUUID: UUID.make,
            write: write
        )
        return try await writer.put(DefinitionPut(name: name, definition: schema)).delta
    }
}
