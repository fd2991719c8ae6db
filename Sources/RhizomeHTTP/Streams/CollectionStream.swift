internal import Bytes
internal import RhizomeDatabase
internal import RhizomeViews
internal import StrictJSON

/// What becomes of a collection's entities (spec: streams.md, `/api/:collection/stream`).
///
/// What several deltas in a row do to an entity is told once.
struct CollectionStream: StreamSource {
    let database: Database
    let collection: Text
    /// How many deltas are looked at together.
    ///
    /// Who is cut off in the middle of what they changed is told all of that again: one to begin with, so that each
    /// connection gets further, and more as it lasts.
    private var size = 1

    init(of collection: Text, _ database: Database) {
        self.database = database
        self.collection = collection
    }

    mutating func next(
        after position: Int64,
        as perspective: Perspective
    ) async throws -> (events: [(event: StreamEvent, position: Int64)], position: Int64) {
        let reader = ChangeReader(log: database.log, perspective: perspective)
        let page = try await reader.changes(in: collection, after: position, limit: size)
        size = min(2 * size, ChangeReader.pageDeltas)
        let last = page.changes.count - 1
        let events = page.changes.enumerated().map { number, change in
            (Self.event(change, at: page.position), number == last ? page.position : position)
        }
        return (events, page.position)
    }

    private static func event(_ change: EntityChange, at position: Int64) -> StreamEvent {
        let before = change.before?.properties
        var data: JSONObject = ["id": .text(change.id)]
        if let after = change.after?.properties {
            data.append("properties", .object(after))
            data.append("changed", .array(names(that: after, changes: before ?? JSONObject()).map { .text($0) }))
        }
        data.append("before", before.map { .object($0) } ?? .null)
        data.append("position", .integer(position))
        let kind: StreamEvent.Kind = change.after == nil ? .deleted : before == nil ? .created : .updated
        return StreamEvent(kind: kind, data: data)
    }

    /// The properties whose values differ, those that are left first.
    private static func names(that after: JSONObject, changes before: JSONObject) -> [Text] {
        after.members.filter { before[$0.name] != $0.value }.map(\.name)
            + before.members.filter { after[$0.name] == nil }.map(\.name)
    }
}
