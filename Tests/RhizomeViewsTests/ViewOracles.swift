import Bytes
import RhizomeCore
import StrictJSON

@testable import RhizomeViews

// What the answers that are read bit by bit have to be, from all deltas at once; and such answers, gathered.

extension ViewedDelta {
    /// The properties of an entity that the delta is about, each once, in the order of its pointers.
    func properties(of entity: Text) -> [Text] {
        var seen: Set<Text> = []
        return pointers.compactMap { pointer in
            guard let (id, property) = pointer.entity, id == entity, seen.insert(property).inserted else { return nil }
            return property
        }
    }
}

extension VisibleDeltas {
    /// What was said of an entity, oldest first; `nil` where it isn't visible.
    func changes(of id: Text) -> [EntityHistory.Change]? {
        isVisible(id) ? deltas(about: id).flatMap { $0.changes(of: id) } : nil
    }
}

/// The lossless view by its definition.
struct LosslessOracle {
    let referencedAs: [Text]
    let isComplete: Bool
    private let properties: [Text: [ViewedDelta]]
    private let negated: Set<DeltaID>

    /// `nil` where there is nothing about the entity, not even an unfinished transaction.
    init?(of id: Text, in visible: VisibleDeltas) {
        let deltas = visible.allDeltas(about: id)
        isComplete = visible.isComplete(id)
        guard !deltas.isEmpty || !isComplete else { return nil }
        negated = visible.negated
        referencedAs = Set(deltas.flatMap(\.pointers).filter { $0.entity?.id == id }.map(\.localContext)).sorted()
        var properties: [Text: [ViewedDelta]] = [:]
        for delta in deltas {
            for name in delta.properties(of: id) { properties[name, default: []].append(delta) }
        }
        self.properties = properties
    }

    var deltas: Set<DeltaID> { Set(properties.values.joined().map(\.id)) }

    var json: JSONValue {
        var object = JSONObject()
        for (name, deltas) in properties.sorted(by: { $0.key < $1.key }) {
            object.append(
                name,
                .array(
                    deltas.map {
                        .object($0.json.lossless($0.pointers, isNegated: negated.contains($0.id)))
                    }
                )
            )
        }
        return [
            "referencedAs": .array(referencedAs.map { .text($0) }), "properties": .object(object),
            "isComplete": .bool(isComplete),
        ]
    }
}

/// A page of a lossless view, gathered.
struct LosslessPage {
    var referencedAs: [Text] = []
    var isComplete = true
    var items: [LosslessView.Item] = []
    var end: LosslessView.Place?

    init(_ view: LosslessView) async throws {
        var names = view.referencedAs
        referencedAs = names.names
        while names.hasMore, let last = referencedAs.last {
            names = try await view.referencedAs(after: last)
            referencedAs += names.names
        }
        isComplete = view.isComplete
        end = view.end
        for try await item in view { items.append(item) }
    }

    /// As it is told, but for what only the signed delta says.
    func json(_ log: any DeltaLog) async throws -> JSONValue {
        let stored = try await log.deltas(items.map(\.delta))
        let deltas = Dictionary(stored.map { ($0.id, ViewedDelta($0.delta)) }) { first, _ in first }
        var properties: [(name: Text, deltas: [JSONValue])] = []
        for item in items {
            guard let delta = deltas[item.delta] else { continue }
            if properties.last?.name != item.property { properties.append((item.property, [])) }
            let told = delta.json.lossless(delta.pointers, isNegated: item.isNegated)
            properties[properties.count - 1].deltas.append(.object(told))
        }
        var object = JSONObject()
        for (name, deltas) in properties { object.append(name, .array(deltas)) }
        return [
            "referencedAs": .array(referencedAs.map { .text($0) }), "properties": .object(object),
            "isComplete": .bool(isComplete),
        ]
    }
}

extension EntityReader {
    /// A history, gathered.
    func changes(
        of id: Text,
        after place: EntityHistory.Place? = nil,
        limit: Int? = nil
    ) async throws -> [EntityHistory.Change]? {
        guard let history = try await history(of: id, after: place, limit: limit) else { return nil }
        var changes: [EntityHistory.Change] = []
        for try await change in history { changes.append(change) }
        return changes
    }

    /// A history as it is told, gathered.
    func historyJSON(of id: Text) async throws -> JSONValue {
        guard let changes = try await changes(of: id) else { return .null }
        return ["id": .text(id), "history": .array(changes.map(\.json))]
    }

    /// A lossless view, or a page of it, gathered.
    func losslessPage(
        _ id: Text,
        after place: LosslessView.Place? = nil,
        limit: Int? = nil
    ) async throws -> LosslessPage? {
        guard let view = try await lossless(id, after: place, limit: limit) else { return nil }
        return try await LosslessPage(view)
    }
}
