package import Bytes
package import RhizomeCore
package import SignedStatements

extension EntityReader {
    /// What a PUT comes to: through the writer's own schema that is called like the collection, where there is one, and
    /// through one that was named besides.
    ///
    /// - Parameters:
    ///   - own: who writes.
    ///   - transaction: gives a name that no transaction has.
    package func plan(
        _ put: EntityPut,
        by own: PublicKey,
        through schema: StoredDefinition<SchemaDefinition>? = nil,
        transaction: @escaping @Sendable () -> Text
    ) async throws -> PutPlan {
        try await look { [memo = cache?.definitions] lookup in
            try lookup.plan(put, by: own, through: schema, memo: memo, transaction: transaction)
        }
    }

    /// The same in a state that is lent, where that takes little memory.
    ///
    /// - Throws: as well where it takes much.
    package func plan(
        _ put: EntityPut,
        by own: PublicKey,
        through schema: StoredDefinition<SchemaDefinition>? = nil,
        transaction: () -> Text,
        in snapshot: any LogSnapshot
    ) throws -> PutPlan {
        let memo = cache?.definitions
        return try lookup(snapshot).plan(put, by: own, through: schema, memo: memo, transaction: transaction)
    }
}
