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
    /// Up to how many pointers looking through them takes less than a table.
    private static let few = 16

    /// How the delta refers to entities, each way once, in the order of its pointers.
    ///
    /// - Complexity: O(*n*) in the pointers.
    public var references: [Reference] {
        pointers.count > Self.few ? referencesOfMany : referencesOfFew
    }

    private var referencesOfFew: [Reference] {
        var references: [Reference] = []
        for pointer in pointers {
            let reference = pointer.reference { property, entity in
                pointers.contains { $0.gives(property, as: property, of: entity) }
            }
            guard let reference, !references.contains(reference) else { continue }
            references.append(reference)
        }
        return references
    }

    private var referencesOfMany: [Reference] {
        var places: [Text: [Int]] = [:]
        for (place, pointer) in pointers.enumerated() { places[pointer.localContext, default: []].append(place) }
        var seen: Set<Reference> = []
        return pointers.compactMap { pointer in
            let reference = pointer.reference { property, entity in
                (places[property] ?? []).contains { pointers[$0].gives(property, as: property, of: entity) }
            }
            guard let reference, seen.insert(reference).inserted else { return nil }
            return reference
        }
    }
}

extension [Pointer] {
    /// What these say of an entity's property (spec: views.md, "Lossy").
    ///
    /// The target of the first pointer whose local context is the property, not counting pointers that target the entity
    /// with that property as target context; an entity's id where that pointer targets one. `nil` where there is none.
    ///
    /// - Parameter role: the local context of that pointer where a schema names another one than the property's name.
    public func value(of property: Text, as role: Text? = nil, entity: Text) -> Value? {
        let role = role ?? property
        return first { $0.gives(property, as: role, of: entity) }?.targetValue
    }
}

extension Pointer {
    /// The target as a value; an entity's id where it is one.
    public var targetValue: Value {
        switch target {
        case .value(let value): value
        case .entity(let id, _): .text(id)
        }
    }

    /// Whether the target is a value of the entity's property.
    fileprivate func gives(_ property: Text, as role: Text, of entity: Text) -> Bool {
        localContext == role && target != .entity(entity, targetContext: property)
    }

    fileprivate func reference(hasValue: (_ property: Text, _ entity: Text) -> Bool) -> Reference? {
        guard let (entity, property) = entity else { return nil }
        return Reference(
            entity: entity,
            localContext: localContext,
            property: property,
            hasValue: hasValue(property, entity)
        )
    }
}
