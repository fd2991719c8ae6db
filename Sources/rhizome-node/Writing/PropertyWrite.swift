import Bytes
import CommandSupport
import Locks
import RhizomeCore
import RhizomeDatabase
import RhizomeHTTP
import RhizomeIdentity
import RhizomeStore
import RhizomeViews
import StrictJSON

/// A write of an entity's properties, and what it changed: one delta for each property.
struct PropertyWrite {
    private struct Change {
        let property: Text
        let value: Value
        let delta: DeltaID
    }

    let entity: EntityArgument
    let properties: JSONObject
    let saysAll: Bool
    let options: WriteOptions

    /// Writes, and prints what changed.
    func run() async throws {
        let put = try checked()
        let changes = try await options.write { client in
            try await write(put, through: client)
        } toStore: { database in
            try await Self.write(put, to: database)
        }
        if options.isJSON {
            let json: JSONObject = [
                "format": 1, "id": .text(entity.id), "collection": .text(entity.collection),
                "changed": .array(
                    changes.map {
                        ["property": .text($0.property), "value": $0.value.json, "delta": $0.delta.json]
                    }
                ),
            ]
            try CommandLineTool.show(JSONValue.object(json).description)
            return
        }
        if changes.isEmpty { CommandLineTool.note("nothing changes: \(entity) is so already") }
        let rows = changes.map { change in
            [
                TerminalText.escaped(change.property.string, limitBytes: 64),
                change.value == .null ? "cleared" : ValueText.column(change.value.json), change.delta.description,
            ]
        }
        for line in TerminalText.aligned(rows) { try CommandLineTool.show(line) }
    }

    private func checked() throws -> EntityPut {
        do throws(FieldError) {
            return try EntityPut(
                collection: entity.collection,
                id: entity.id,
                properties: properties,
                saysAll: saysAll
            )
        } catch { throw CommandFailure(error, at: error.field) }
    }

    /// What deltas by this write say, one of each property.
    private static func changes(_ deltas: [StoredDelta], of put: EntityPut) -> [Change] {
        put.properties.compactMap { property in
            let delta = deltas.first { stored in
                let pointers = stored.delta.body.pointers
                let isNamed = pointers.contains { pointer in
                    pointer == Pointer(put.collection, entity: put.id, targetContext: property.name)
                }
                // A schema may name another role for the value than the property's name.
                return isNamed && pointers.contains { $0.targetValue == property.value }
            }
            return delta.map { Change(property: property.name, value: property.value, delta: $0.id) }
        }
    }

    private static func write(_ put: EntityPut, to database: Database) async throws -> [Change] {
        let written = Lock<[StoredDelta]>([])
        let writer = EntityWriter(reader: try await database.reader(), by: database.identity) {
            write throws(WriteError) in
            let deltas = try await database.write(write)
            written.withLock { $0 += deltas }
            return deltas
        }
        do {
            _ = try await writer.put(put)
        } catch let error as FieldError {
            throw CommandFailure(error, at: error.field)
        }
        return changes(written.withLock { $0 }, of: put)
    }

    /// The node tells what the entity is then; which deltas made it so, its store does.
    private func write(_ put: EntityPut, through client: APIClient) async throws -> [Change] {
        let (_, log, trust) = try await options.home.openStore()
        let before = try await log.count()
        try await client.put(properties, of: put.id, in: put.collection, saysAll: saysAll).check()
        var query = Timeline.Query()
        query.author = trust.owner
        query.entity = put.id
        var deltas: [StoredDelta] = []
        // The newest first: our own log only grows in time, so that what was there before ends it.
        for try await stored in try await log.state().timeline(query) {
            guard stored.position > before else { break }
            deltas.append(stored)
        }
        return Self.changes(deltas, of: put)
    }
}
