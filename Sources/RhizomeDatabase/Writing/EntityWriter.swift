internal import Bytes
package import RhizomeCore
package import RhizomeViews

/// Makes entities what somebody wants them to be, as a PUT does (spec: http.md).
package struct EntityWriter: Sendable {
    private let reader: EntityReader
    private let makeUUID: @Sendable () -> String
    private let write: @Sendable ([Draft]) async throws(WriteError) -> [StoredDelta]

    /// A writer.
    ///
    /// - Parameters:
    ///   - reader: shows what the writer sees now.
    ///   - makeUUID: gives a text that nothing else has, each time another: transactions' names.
    ///   - write: writes drafts durably, in order, all or none.
    package init(
        reader: EntityReader,
        makeUUID: @escaping @Sendable () -> String = UUID.make,
        write: @escaping @Sendable ([Draft]) async throws(WriteError) -> [StoredDelta]
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
        let current = try await reader.current(for: put)
        let planned = put.deltas(changing: current, transaction: Text(makeUUID()))
        if !planned.isEmpty {
            do throws(WriteError) {
                _ = try await write(planned.map { Draft(pointers: $0.pointers, replacing: $0.replacedTime) })
            } catch {
                // Names were checked before, so it is the value; its pointer is the last one, named like the property.
                guard error.code == .content, let draft = error.draft, let pointer = planned[draft].pointers.last else {
                    throw error
                }
                throw FieldError(.limit, field: pointer.localContext.string, "the value is too large: \(error.message)")
            }
        }
        return try await reader.parts(of: put.id) ?? EntityParts(EntityView(absent: put.id))
    }
}
