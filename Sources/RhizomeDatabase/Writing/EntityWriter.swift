internal import Bytes
internal import Locks
package import RhizomeCore
package import RhizomeViews
package import SignedStatements

/// Makes entities what somebody wants them to be, as a PUT does (spec: http.md).
package struct EntityWriter: Sendable {
    private let reader: EntityReader
    private let own: PublicKey
    private let makeUUID: @Sendable () -> String
    private let write: @Sendable (LocalWrite) async throws(WriteError) -> [StoredDelta]

    /// What a transaction has shown of the entity.
    private struct Seen {
        /// What is to be written, or why nothing is; not known where that takes long to look up.
        var plan: PutPlan?
        /// The entity as it is then; not known where that takes long to look up.
        var glimpse: EntityReader.Glimpse?
    }

    /// A writer.
    ///
    /// - Parameters:
    ///   - reader: shows what the writer sees now.
    ///   - own: who writes.
    ///   - makeUUID: gives a text that nothing else has, each time another: transactions' names.
    ///   - write: writes durably, in order, all or none.
    package init(
        reader: EntityReader,
        by own: PublicKey,
        makeUUID: @escaping @Sendable () -> String = UUID.make,
        write: @escaping @Sendable (LocalWrite) async throws(WriteError) -> [StoredDelta]
    ) {
        self.reader = reader
        self.own = own
        self.makeUUID = makeUUID
        self.write = write
    }

    /// Writes what changes, if anything does.
    ///
    /// Of two at the same time that change the same property the later one counts, as among peers. It goes through the
    /// writer's own schema that is called like the collection, where there is one.
    ///
    /// - Parameter schema: another schema through which it goes besides.
    /// - Returns: the entity as the writer sees it then.
    /// - Throws: ``FieldError`` `limit` for a property that is too large for a delta, `type` for an array where no schema
    ///   says that the property has many values; ``SchemaViolations``, ``OthersValues``, ``WriteError``, and what the log
    ///   throws. Nothing is written then.
    package func put(
        _ put: EntityPut,
        through schema: StoredDefinition<SchemaDefinition>? = nil
    ) async throws -> EntityParts {
        let seen = Lock(Seen())
        let name: @Sendable () -> Text = { [makeUUID] in Text(makeUUID()) }
        let weight = put.properties.count + put.lists.reduce(1) { $0 + $1.values.count }
        let write = LocalWrite(weight: weight) { [self] transaction in
            let plan = try transaction.glance {
                try reader.plan(put, by: own, through: schema, transaction: name, in: $0)
            }
            seen.withLock { $0 = Seen(plan: plan) }
            return plan?.deltas.map { Draft($0) } ?? []
        } look: { [self] transaction in
            guard case .write = seen.withLock({ $0.plan }) else { return }
            let glimpse = try transaction.glance { try reader.glimpse(of: put.id, in: $0) }
            seen.withLock { $0.glimpse = glimpse }
        }
        try await self.write(write, of: put) { seen.withLock { $0.plan?.deltas } ?? [] }
        let (plan, glimpse) = seen.withLock { ($0.plan, $0.glimpse) }
        if case .refused(let error) = plan { throw error }
        if let glimpse {
            reader.keep(glimpse)
            return EntityParts(glimpse.view ?? EntityView(absent: put.id))
        }
        if plan == nil {
            switch try await reader.plan(put, by: own, through: schema, transaction: name) {
            case .refused(let error): throw error
            case .write(let planned):
                let write = LocalWrite(planned.map { Draft($0) })
                if !planned.isEmpty { try await self.write(write, of: put) { planned } }
            }
        }
        return try await reader.parts(of: put.id) ?? EntityParts(EntityView(absent: put.id))
    }

    /// Writes, and tells of a value that is too large by its property.
    ///
    /// - Parameter planned: what was to be written.
    private func write(_ write: LocalWrite, of put: EntityPut, _ planned: () -> [PlannedDelta]) async throws {
        do throws(WriteError) {
            _ = try await self.write(write)
        } catch {
            // Names were checked before, so it is the value.
            guard error.code == .content, let draft = error.draft, let property = put.property(of: planned()[draft])
            else { throw error }
            throw FieldError(.limit, field: property.string, "the value is too large: \(error.message)")
        }
    }
}

extension Draft {
    /// What a PUT is to write.
    fileprivate init(_ planned: PlannedDelta) {
        self.init(pointers: planned.pointers, replacing: planned.replacedTime)
    }
}
