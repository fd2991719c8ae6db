internal import Bytes
internal import HummingbirdCore
internal import RhizomeCore
internal import RhizomeDatabase
internal import RhizomeViews
internal import StrictJSON

/// `{"id", "referencedAs", "properties", "isComplete", "missing"}`, entities below in the place of their ids (spec: schemas.md,
/// "Nested views").
struct NestedLosslessAnswer {
    /// Deltas that are read from the log at once.
    private static let batch = 256

    private let view: NestedLossless
    private let deltas: [DeltaID: StoredDelta]

    /// The answer that tells it.
    static func response(_ view: NestedLossless, of database: Database) async throws -> Response {
        var deltas: [DeltaID: StoredDelta] = [:]
        for ids in Array(view.deltas).chunks(of: batch) {
            for stored in try await database.log.deltas(Array(ids)) { deltas[stored.id] = stored }
            // As deltas, as their fields, and as JSON.
            try await AnswerMemory.current?.carry(3 * deltas.values.reduce(0) { $0 + $1.delta.bytes.count })
        }
        guard deltas.count == view.deltas.count else {
            throw DeltaLogError(.corrupt, "a delta that the store's index names isn't there; run rhizome-node audit")
        }
        let answer = NestedLosslessAnswer(view: view, deltas: deltas)
        let bytes = deltas.values.reduce(0) { $0 + $1.delta.bytes.count }
        let encoded = await database.views.computing.run(cost: 3 * bytes / Response.bytesPerMicrosecond) {
            var json = answer.json(view.root)
            json.append("missing", .array(view.missing.map(\.json)))
            return JSONValue.object(json).encoded
        }
        return .json(encoded: encoded)
    }

    /// An entity; levels are bounded, so that it calls itself eight times at most.
    private func json(_ node: NestedLossless.Node) -> JSONObject {
        var properties = JSONObject()
        for (name, items) in node.properties { properties.append(name, .array(items.map(json))) }
        return [
            "id": .text(node.id), "referencedAs": .array(node.referencedAs.map { .text($0) }),
            "properties": .object(properties), "isComplete": .bool(node.isComplete),
        ]
    }

    private func json(_ item: NestedLossless.Item) -> JSONValue {
        guard let stored = deltas[item.delta] else { preconditionFailure("all deltas that are shown were read") }
        let shown = item.shown.mapValues { shown -> JSONValue in
            switch shown {
            case .entity(let node): .object(json(node))
            case .cycle(let id): ["id": .text(id), "cycle": true]
            case .dangling(let id): ["id": .text(id), "dangling": true]
            }
        }
        return .object(
            stored.json.lossless(stored.delta.body.pointers, isNegated: item.isNegated, showing: shown)
        )
    }
}

extension JSONSchema {
    /// All that was said of an entity and of what it refers to.
    static let nestedLossless = object([
        "id": text, "referencedAs": array(of: text), "properties": object(others: array(of: object(others: any))),
        "isComplete": boolean, "missing": array(of: missing),
    ]).named("NestedLossless")
}
