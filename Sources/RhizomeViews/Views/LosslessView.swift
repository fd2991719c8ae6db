public import Bytes
public import RhizomeCore
public import StrictJSON

/// Every delta about an entity, property by property, negated ones marked (spec: views.md, "Lossless").
public struct LosslessView: Sendable {
    /// The deltas about one property.
    private struct Property {
        let name: Text
        /// By (timeCreated, id bytes).
        var deltas: [ViewedDelta] = []
    }

    /// The entity's id.
    public let id: Text
    /// The local contexts under which deltas of the view refer to the entity, by their bytes.
    public let referencedAs: [Text]
    /// Whether no delta about the entity waits for the rest of its transaction.
    public let isComplete: Bool
    /// By the bytes of their names.
    private let properties: [Property]
    private let negated: Set<DeltaID>

    /// The view of an entity, or `nil` where there is nothing about it, not even an unfinished transaction.
    public init?(of id: Text, in visible: VisibleDeltas) {
        let deltas = visible.allDeltas(about: id)
        isComplete = visible.isComplete(id)
        guard !deltas.isEmpty || !isComplete else { return nil }
        self.id = id
        negated = visible.negated
        var contexts: Set<Text> = []
        var properties: [Text: Property] = [:]
        for delta in deltas {
            for pointer in delta.pointers where pointer.entity?.id == id { contexts.insert(pointer.localContext) }
            for name in delta.properties(of: id) {
                properties[name, default: Property(name: name)].deltas.append(delta)
            }
        }
        referencedAs = contexts.sorted()
        self.properties = properties.values.sorted { $0.name < $1.name }
    }

    /// The ids of all deltas that the view shows.
    public var deltas: Set<DeltaID> { Set(properties.flatMap { $0.deltas.map(\.id) }) }

    /// `{"referencedAs", "properties", "isComplete"}` (spec: http.md).
    ///
    /// - Parameter fields: a delta's fields in its JSON form; its pointers are told here, collapsed to
    ///   `{localContext: target}`.
    public func json(_ fields: (ViewedDelta) -> JSONObject = { $0.json }) -> JSONValue {
        var properties = JSONObject()
        for property in self.properties {
            properties.append(property.name, .array(property.deltas.map { .object(told($0, fields($0))) }))
        }
        return [
            "referencedAs": .array(referencedAs.map { .text($0) }), "properties": .object(properties),
            "isComplete": .bool(isComplete),
        ]
    }

    private func told(_ delta: ViewedDelta, _ fields: JSONObject) -> JSONObject {
        var told = JSONObject()
        for field in fields.members where field.name != "pointers" { told.append(field.name, field.value) }
        told.append("pointers", .array(delta.pointers.map(\.collapsed)))
        if negated.contains(delta.id) { told.append("negated", true) }
        return told
    }
}

extension Pointer {
    /// `{localContext: target}`: what it says of the delta's own, without where it points from there.
    fileprivate var collapsed: JSONValue {
        var object = JSONObject()
        switch target {
        case .value(let value): object.append(localContext, value.json)
        case .entity(let id, _): object.append(localContext, .text(id))
        }
        return .object(object)
    }
}
