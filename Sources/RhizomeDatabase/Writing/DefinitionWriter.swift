package import Bytes
internal import Locks
package import RhizomeCore
package import RhizomeViews
package import SignedStatements

/// Writes definitions of one kind under this node's own names (spec: schemas.md, "Names and storing").
package struct DefinitionWriter<Content: Definition>: Sendable {
    /// What somebody who writes relies on (RFC 9110 §13.1).
    package enum Condition: Sendable {
        /// Nothing.
        case none
        /// That one of these versions counts: `If-Match`.
        case version([DeltaID])
        /// That there is any: `If-Match: *`.
        case existing
        /// That there is none: `If-None-Match: *`.
        case absent

        fileprivate func holds(of version: DeltaID?) -> Bool {
            switch self {
            case .none: true
            case .version(let versions): version.map(versions.contains) ?? false
            case .existing: version != nil
            case .absent: version == nil
            }
        }
    }

    /// Thrown where a condition doesn't hold: nothing was written.
    package struct Changed: Error {
        /// The version that counts; none where there is none.
        package let version: DeltaID?
    }

    /// How often it is begun anew where another one writes the same name meanwhile.
    private static var attempts: Int { 16 }
    /// Versions that one transaction takes back.
    private static var batch: Int { 1_024 }

    private let definitions: Definitions<Content>
    private let own: PublicKey
    private let makeUUID: @Sendable () -> String
    private let write: @Sendable (LocalWrite) async throws(WriteError) -> [StoredDelta]

    /// A writer.
    ///
    /// - Parameters:
    ///   - definitions: as the writer sees them now.
    ///   - own: whose they are.
    ///   - makeUUID: gives a text that nothing else has, each time another: transactions' names.
    ///   - write: writes durably, in order, all or none.
    package init(
        _ definitions: Definitions<Content>,
        own: PublicKey,
        makeUUID: @escaping @Sendable () -> String,
        write: @escaping @Sendable (LocalWrite) async throws(WriteError) -> [StoredDelta]
    ) {
        self.definitions = definitions
        self.own = own
        self.makeUUID = makeUUID
        self.write = write
    }

    /// Has a name mean this, and writes where it doesn't yet.
    ///
    /// - Returns: what counts then.
    /// - Throws: ``Changed``, ``WriteError``, and what the log throws. Nothing is written then.
    package func put(
        _ put: DefinitionPut<Content>,
        if condition: Condition = .none
    ) async throws -> StoredDefinition<Content> {
        let name = DefinitionName(put.name, by: own)
        for _ in 0..<Self.attempts {
            let current = try await definitions.definition(name)
            guard condition.holds(of: current?.delta) else { throw Changed(version: current?.delta) }
            guard let planned = put.delta(changing: current) else {
                guard let current else { break }
                return current
            }
            let drafts = [Draft(pointers: planned.pointers, replacing: planned.replacedTime)]
            guard let written = try await write(drafts, of: name, replacing: current?.delta)?.first else { continue }
            if let stored = await definitions.definition(put.name, in: written.delta) { return stored }
        }
        throw Self.contended
    }

    /// Takes back what a name means, and all that it meant before: else an earlier version would count again.
    ///
    /// - Returns: the deltas that take them back; none where nothing was defined.
    /// - Throws: as above. Where there are more than 1,024 versions, what was taken back before stays so.
    package func delete(_ name: Text, if condition: Condition = .none) async throws -> [DeltaID] {
        let name = DefinitionName(name, by: own)
        var condition = condition
        var written: [DeltaID] = []
        for _ in 0..<Self.attempts {
            let versions = try await definitions.versions(of: name, count: Self.batch)
            guard condition.holds(of: versions.first?.id) else { throw Changed(version: versions.first?.id) }
            guard let last = versions.first else { return written }
            let drafts = negations(of: versions.map(\.id))
            guard let stored = try await write(drafts, of: name, replacing: last.id) else { continue }
            written += stored.map(\.delta.id)
            guard versions.count == Self.batch else { return written }
            condition = .none
        }
        throw Self.contended
    }

    private func negations(of ids: [DeltaID]) -> [Draft] {
        guard ids.count > 1 else { return ids.map { Draft(pointers: .negation(of: $0)) } }
        let transaction = Text(makeUUID())
        let membership = Pointer(ControlName.transaction, entity: transaction, targetContext: ControlName.deltas)
        return [Draft(pointers: .transaction(transaction, size: ids.count))]
            + ids.map { Draft(pointers: [membership] + .negation(of: $0)) }
    }

    /// - Returns: `nil` where the name means something else by now.
    private func write(
        _ drafts: [Draft],
        of name: DefinitionName,
        replacing version: DeltaID?
    ) async throws -> [StoredDelta]? {
        let isCurrent = Lock(true)
        let write = LocalWrite(weight: drafts.reduce(0) { $0 + DeltaWeight.writing($1) }) { [definitions] transaction in
            // Where that takes long to look up, it was looked up a moment ago.
            let seen = try transaction.glance { try definitions.version(of: name, in: $0) }
            guard let seen, seen != version else { return drafts }
            isCurrent.withLock { $0 = false }
            return []
        } look: { _ in
        }
        let written = try await self.write(write)
        return isCurrent.withLock { $0 } ? written : nil
    }

    private static var contended: DeltaLogError {
        DeltaLogError(.busy, "others write the same name all the time; try again in a moment")
    }
}
