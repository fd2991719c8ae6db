internal import Bytes
internal import RhizomeCore
internal import SignedStatements

/// What the writer remembers of the tables from one batch to the next, bounded.
///
/// It holds as long as the store stands where the last append left it: ``validate(at:)`` forgets it else, so that a
/// transaction that failed leaves nothing behind.
struct AppendCaches: Sendable {
    /// That an author refers to an entity by a local context.
    struct Reference: Hashable, Sendable {
        let context: Int64
        let author: Int64
        let entity: Int64
    }

    /// Through whom a delta came.
    struct Origin: Hashable, Sendable {
        let receivedFrom: PublicKey?
        let trustStatement: Bytes32?
    }

    private static let limit = 20_000

    private var position: Int64 = -1
    private(set) var entities: [Text: Int64] = [:]
    private(set) var contexts: [Text: Int64] = [:]
    private(set) var origins: [Origin: Int64] = [:]
    private(set) var references: Set<Reference> = []

    /// Forgets everything unless the store stands at this position.
    mutating func validate(at position: Int64) {
        if self.position != position { self = AppendCaches() }
        self.position = position
    }

    /// What is remembered now belongs to this position, once the transaction commits.
    mutating func advance(to position: Int64) { self.position = position }

    mutating func remember(entity: Text, as number: Int64) {
        if entities.count >= Self.limit { entities.removeAll(keepingCapacity: true) }
        entities[entity] = number
    }

    mutating func remember(context: Text, as number: Int64) {
        if contexts.count >= Self.limit { contexts.removeAll(keepingCapacity: true) }
        contexts[context] = number
    }

    mutating func remember(origin: Origin, as number: Int64) {
        if origins.count >= Self.limit { origins.removeAll(keepingCapacity: true) }
        origins[origin] = number
    }

    /// Whether the reference is new here.
    mutating func remember(_ reference: Reference) -> Bool {
        // Each pair of author and entity is remembered for itself, too.
        if references.count >= 2 * Self.limit { references.removeAll(keepingCapacity: true) }
        return references.insert(reference).inserted
    }
}
