public import Bytes
public import RhizomeCore

/// What a view's steps 1 to 4 leave of a set of deltas, and which of it is negated (spec: views.md).
///
/// The same set gives the same content in the same order, whatever the order in which it is given.
public struct VisibleDeltas: Sendable {
    /// What steps 1 to 3 leave, negated or not, by (timeCreated, id bytes).
    public let deltas: [ViewedDelta]
    /// Those of `deltas` that are negated.
    public let negated: Set<DeltaID>
    /// The entities of which step 3 left out a delta.
    private let incomplete: Set<Text>
    /// Where in `deltas` those about an entity are, in order.
    private let indexes: [Text: [Int]]

    /// Takes the steps.
    ///
    /// Deltas that are given twice count once.
    ///
    /// - Complexity: O(*n* log *n*).
    public init(among given: some Sequence<ViewedDelta>, seenAs perspective: Perspective) {
        var held: [DeltaID: ViewedDelta] = [:]
        for delta in given where perspective.leaves(delta) { held[delta.id] = delta }
        let ledger = TransactionLedger(of: held.values)
        var deltas: [ViewedDelta] = []
        deltas.reserveCapacity(held.count)
        var incomplete: Set<Text> = []
        for delta in held.values {
            if ledger.shows(delta) {
                deltas.append(delta)
            } else {
                incomplete.formUnion(delta.pointers.compactMap { $0.entity?.id })
            }
        }
        deltas.sort { $0.moment < $1.moment }
        negated = Negations.negated(among: deltas, moderators: perspective.moderators)
        var indexes: [Text: [Int]] = [:]
        for (index, delta) in deltas.enumerated() {
            for entity in Set(delta.pointers.lazy.compactMap { $0.entity?.id }) {
                indexes[entity, default: []].append(index)
            }
        }
        self.deltas = deltas
        self.incomplete = incomplete
        self.indexes = indexes
    }

    /// The deltas about an entity that are in force, by (timeCreated, id bytes).
    public func deltas(about entity: Text) -> [ViewedDelta] {
        (indexes[entity] ?? []).lazy.map { deltas[$0] }.filter { !negated.contains($0.id) }
    }

    /// Whether a delta about the entity is in force.
    public func isVisible(_ entity: Text) -> Bool {
        (indexes[entity] ?? []).contains { !negated.contains(deltas[$0].id) }
    }

    /// Whether a delta in force refers to the entity by this local context.
    public func isVisible(_ entity: Text, referencedAs localContext: Text) -> Bool {
        (indexes[entity] ?? []).contains { index in
            let delta = deltas[index]
            return !negated.contains(delta.id)
                && delta.pointers.contains { $0.localContext == localContext && $0.entity?.id == entity }
        }
    }

    /// Whether no delta about the entity waits for the rest of its transaction.
    public func isComplete(_ entity: Text) -> Bool { !incomplete.contains(entity) }

    /// What the deltas in force say of an entity, property by property, oldest first; properties without a value are
    /// absent.
    public func assertions(about entity: Text) -> [Text: [Assertion]] {
        var assertions: [Text: [Assertion]] = [:]
        for delta in deltas(about: entity) {
            for property in delta.properties(of: entity) {
                guard let value = delta.value(of: property, entity: entity) else { continue }
                assertions[property, default: []].append(Assertion(value: value, delta: delta))
            }
        }
        return assertions
    }
}
