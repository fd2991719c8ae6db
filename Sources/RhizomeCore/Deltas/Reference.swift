public import Bytes

/// How a delta refers to an entity: by which of its pointers' names, and whether it says something by that.
public struct Reference: Hashable, Sendable {
    /// The entity.
    public let entity: Text
    /// The pointer's local context: the collection in which the entity stands by it.
    public let localContext: Text
    /// The pointer's target context: the entity's property that the delta is about.
    public let property: Text
    /// Whether the delta gives that property a value, null too.
    public let hasValue: Bool
}

extension DeltaBody {
    /// How the delta refers to entities, each way once, in the order of its pointers.
    ///
    /// - Complexity: O(*n*) in the pointers.
    public var references: [Reference] {
        var places: [Text: [Int]] = [:]
        for (place, pointer) in pointers.enumerated() { places[pointer.localContext, default: []].append(place) }
        var seen: Set<Reference> = []
        return pointers.compactMap { pointer in
            guard let (entity, property) = pointer.entity else { return nil }
            let reference = Reference(
                entity: entity,
                localContext: pointer.localContext,
                property: property,
                hasValue: (places[property] ?? []).contains { pointers[$0].gives(property, of: entity) }
            )
            return seen.insert(reference).inserted ? reference : nil
        }
    }
}

extension [Pointer] {
    /// What these say of an entity's property (spec: views.md, "Lossy").
    ///
    /// The target of the first pointer whose local context is the property, not counting pointers that target the entity
    /// with that property as target context; an entity's id where that pointer targets one. `nil` where there is none.
    public func value(of property: Text, entity: Text) -> Value? {
        first { $0.gives(property, of: entity) }.map { pointer in
            switch pointer.target {
            case .value(let value): value
            case .entity(let id, _): .text(id)
            }
        }
    }
}

extension Pointer {
    /// Whether the target is a value of the entity's property.
    fileprivate func gives(_ property: Text, of entity: Text) -> Bool {
        localContext == property && target != .entity(entity, targetContext: property)
    }
}
