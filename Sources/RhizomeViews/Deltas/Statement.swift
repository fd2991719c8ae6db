internal import Bytes
internal import RhizomeCore

/// What a delta says of one property of an entity.
struct Statement: Hashable, Sendable {
    /// The property: the target context of a pointer to the entity.
    let property: Text
    /// The local context of the first such pointer.
    let localContext: Text
    /// The value that the delta gives the property (spec: views.md, "Lossy"); `nil` where it gives none.
    let value: Value?
}

extension ViewedDelta {
    /// Up to how many pointers looking through them takes less than a table.
    static let fewPointers = 16

    /// Whether it has more.
    var isWide: Bool { pointers.count > Self.fewPointers }

    /// What the delta says of an entity, property by property, in the order of its pointers.
    ///
    /// - Complexity: O(*n*) in the pointers, however many properties they name.
    func statements(of entity: Text) -> [Statement] {
        isWide ? statementsOfMany(of: entity) : statementsOfFew(of: entity)
    }

    /// What the delta says of one property; `nil` where it says nothing.
    func statement(of property: Text, entity: Text) -> Statement? {
        pointers.first { $0.target == .entity(entity, targetContext: property) }.map { pointer in
            Statement(
                property: property,
                localContext: pointer.localContext,
                value: value(of: property, entity: entity)
            )
        }
    }

    private func statementsOfFew(of entity: Text) -> [Statement] {
        var statements: [Statement] = []
        for pointer in pointers {
            guard case .entity(entity, let property) = pointer.target,
                !statements.contains(where: { $0.property == property })
            else { continue }
            let value = value(of: property, entity: entity)
            statements.append(Statement(property: property, localContext: pointer.localContext, value: value))
        }
        return statements
    }

    private func statementsOfMany(of entity: Text) -> [Statement] {
        var values: [Text: Value] = [:]
        var seen: Set<Text> = []
        var named: [(property: Text, localContext: Text)] = []
        for pointer in pointers {
            if case .entity(entity, let property) = pointer.target {
                if seen.insert(property).inserted { named.append((property, pointer.localContext)) }
                // So a property may be called as its collection.
                if property == pointer.localContext { continue }
            }
            if values[pointer.localContext] == nil { values[pointer.localContext] = pointer.targetValue }
        }
        return named.map { Statement(property: $0.property, localContext: $0.localContext, value: values[$0.property]) }
    }
}
