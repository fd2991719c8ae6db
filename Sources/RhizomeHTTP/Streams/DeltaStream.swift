internal import Bytes
internal import RhizomeCore
internal import RhizomeDatabase
internal import RhizomeViews
internal import StrictJSON

/// The deltas that are accepted, in this order (spec: streams.md, `/api/deltas/stream`).
///
/// Each by itself, as trust, authors and filters leave it: a delta that is negated later was told.
struct DeltaStream: StreamSource {
    private var batches: DeltaBatches

    init(_ database: Database) { batches = DeltaBatches(database.log) }

    mutating func next(
        after position: Int64,
        as perspective: Perspective
    ) async throws -> (events: [(event: StreamEvent, position: Int64)], position: Int64) {
        let batch = try await batches.next(after: position, upTo: .max)
        let picked = Set(try perspective.picked(among: batch.map { ViewedDelta($0.delta) }).map(\.id))
        let events = batch.filter { picked.contains($0.id) }.map { stored in
            var data: JSONObject = ["position": .integer(stored.position)]
            for member in stored.json.members { data.append(member.name, member.value) }
            return (StreamEvent(kind: .delta, data: data), stored.position)
        }
        return (events, batch.last?.position ?? position)
    }
}
