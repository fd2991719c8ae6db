internal import Bytes
internal import RhizomeCore
internal import StrictJSON

/// A delta that says how several entities are related, as a schema's relation reads it (spec: schemas.md, "The document").
struct RelationDelta: Sendable {
    let delta: ViewedDelta
    /// What it says in each role, by the role's place in the relation; nothing of those that it doesn't have.
    let targets: [[Pointer.Target]]
}

extension SchemaRelation {
    /// Reads a delta; `nil` where it lacks a required role.
    ///
    /// A role with a target context is had by pointers to entities with that context, another by plain values.
    ///
    /// - Complexity: O(pointers).
    func read(_ delta: ViewedDelta) -> RelationDelta? {
        var targets = [[Pointer.Target]](repeating: [], count: roles.count)
        for pointer in delta.pointers {
            guard let place = places[pointer.localContext] else { continue }
            let role = roles[place]
            switch pointer.target {
            case .entity(_, let context) where context == role.context: break
            case .value where role.context == nil: break
            default: continue
            }
            if role.isMany || targets[place].isEmpty { targets[place].append(pointer.target) }
        }
        for (place, role) in roles.enumerated() where role.isRequired && targets[place].isEmpty { return nil }
        return RelationDelta(delta: delta, targets: targets)
    }

    /// The roles in which an entity has to stand to find deltas of the relation under a property: those whose target
    /// context is the property; all that entities can have where there is none.
    func roles(showing property: Text) -> [Role] {
        let named = roles.filter { $0.context == property }
        return named.isEmpty ? roles.filter { $0.context != nil } : named
    }
}
