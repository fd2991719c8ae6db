internal import Bytes
internal import RhizomeViews

/// What happened to an entity of a collection, by whomever.
public struct CollectionChange<Entity: Sendable>: Sendable {
    /// What happened.
    public enum Event: Sendable {
        /// It is there, as an `Entity`, and wasn't before.
        case created(Entity)
        /// It was there before; at least one property has changed, perhaps one that the type doesn't have.
        case updated(Entity)
        /// It isn't there any more: all properties are cleared, or what was said of it was taken back.
        case deleted
        /// It may have changed, and can't be had as an `Entity`: a peer wrote something else.
        case unreadable(any Error)
    }

    /// The entity's id.
    public let id: String
    /// What happened.
    public let event: Event
    /// Where a new sequence goes on after this one, once it was dealt with.
    ///
    /// Nothing is left out then. What happened together with this change may be told again.
    public let cursor: CollectionCursor

    /// The entity as it is now, where it is there and can be had as such.
    public var entity: Entity? {
        switch event {
        case .created(let entity), .updated(let entity): entity
        case .deleted, .unreadable: nil
        }
    }

    /// The entity, where it is new.
    public var createdEntity: Entity? {
        if case .created(let entity) = event { entity } else { nil }
    }
}

extension CollectionChange where Entity: Decodable {
    /// What a change of the views means to those who see an `Entity` in them.
    ///
    /// - Parameter after: the entity as the type sees it now; `nil` where it isn't there.
    init(_ change: EntityChange, after: EntityView?, cursor: CollectionCursor) {
        id = change.id.string
        self.cursor = cursor
        if let after {
            do {
                let entity = try EntityDecoder.decode(Entity.self, from: after)
                // As a schema showed it then isn't known.
                let wasThere =
                    change.before.map { before in
                        Entity.self is any SchemaNaming.Type
                            || (try? EntityDecoder.decode(Entity.self, from: before)) != nil
                    } ?? false
                event = wasThere ? .updated(entity) : .created(entity)
            } catch {
                event = .unreadable(error)
            }
        } else {
            event = .deleted
        }
    }
}
