internal import Bytes
internal import Locks
package import RhizomeCore
package import RhizomeViews

/// Makes entities what somebody wants them to be, as a PUT does (spec: http.md).
package struct EntityWriter: Sendable {
    private let reader: EntityReader
    private let makeUUID: @Sendable () -> String
    private let write: @Sendable (LocalWrite) async throws(WriteError) -> [StoredDelta]

    /// What a transaction has shown of the entity.
    private struct Seen {
        /// What is to be written; not known where that takes long to look up.
        var planned: [PlannedDelta]?
        /// The entity as it is then; not known where that takes long to look up.
        var glimpse: EntityReader.Glimpse?
    }

    /// A writer.
    ///
    /// - Parameters:
    ///   - reader: shows what the writer sees now.
    ///   - makeUUID: gives a text that nothing else has, each time another: transactions' names.
    ///   - write: writes durably, in order, all or none.
    package init(
        reader: EntityReader,
        makeUUID: @escaping @Sendable () -> String = UUID.make,
        write: @escaping @Sendable (LocalWrite) async throws(WriteError) -> [StoredDelta]
    ) {
        self.reader = reader
        self.makeUUID = makeUUID
        self.write = write
    }

    /// Writes what changes, if anything does.
    ///
    /// Of two at the same time that change the same property the later one counts, as among peers.
    ///
    /// - Returns: the entity as the writer sees it then.
    /// - Throws: ``FieldError`` `limit` for a property that is too large for a delta, ``WriteError``, and
    ///   what the log throws. Nothing is written then.
    package func put(_ put: EntityPut) async throws -> EntityParts {
        let seen = Lock(Seen())
        let write = LocalWrite(weight: put.properties.count + 1) { [self] transaction in
            let current = try transaction.glance { try reader.current(for: put, in: $0) }
            let planned = current.map { put.deltas(changing: $0, transaction: Text(makeUUID())) }
            seen.withLock { $0 = Seen(planned: planned) }
            return planned?.map { Draft($0) } ?? []
        } look: { [self] transaction in
            guard seen.withLock({ $0.planned }) != nil else { return }
            let glimpse = try transaction.glance { try reader.glimpse(of: put.id, in: $0) }
            seen.withLock { $0.glimpse = glimpse }
        }
        try await self.write(write) { seen.withLock { $0.planned } ?? [] }
        let (planned, glimpse) = seen.withLock { ($0.planned, $0.glimpse) }
        if let glimpse {
            reader.keep(glimpse)
            return EntityParts(glimpse.view ?? EntityView(absent: put.id))
        }
        if planned == nil {
            let current = try await reader.current(for: put)
            let planned = put.deltas(changing: current, transaction: Text(makeUUID()))
            if !planned.isEmpty { try await self.write(LocalWrite(planned.map { Draft($0) })) { planned } }
        }
        return try await reader.parts(of: put.id) ?? EntityParts(EntityView(absent: put.id))
    }

    /// Writes, and tells of a value that is too large by its property.
    ///
    /// - Parameter planned: what was to be written.
    private func write(_ write: LocalWrite, _ planned: () -> [PlannedDelta]) async throws {
        do throws(WriteError) {
            _ = try await self.write(write)
        } catch {
            // Names were checked before, so it is the value; its pointer is the last one, named like the property.
            guard error.code == .content, let draft = error.draft, let pointer = planned()[draft].pointers.last else {
                throw error
            }
            throw FieldError(.limit, field: pointer.localContext.string, "the value is too large: \(error.message)")
        }
    }
}

extension Draft {
    /// What a PUT is to write.
    fileprivate init(_ planned: PlannedDelta) {
        self.init(pointers: planned.pointers, replacing: planned.replacedTime)
    }
}
