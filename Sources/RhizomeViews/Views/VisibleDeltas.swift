public import Bytes
public import RhizomeCore

/// What a view's steps leave of a set of deltas, and which of it is negated (spec: views.md).
///
/// The same set gives the same content in the same order, whatever the order in which it is given.
public struct VisibleDeltas: Sendable {
    /// What the steps leave, negated or not, by (timeCreated, id bytes).
    public let deltas: [ViewedDelta]
    /// What is negated among that which steps 1 to 3 leave.
    public let negated: Set<DeltaID>
    /// The entities of which step 3 left out a delta.
    private let incomplete: Set<Text>
    /// Where in `deltas` those about an entity are, in order.
    private let indexes: [Text: [Int]]

    /// Takes the steps 1 to 5; ``filtered(by:)`` takes the sixth.
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
        let negated = Negations.negated(
            among: deltas,
            moderators: perspective.moderators.subtracting(perspective.without)
        )
        deltas.removeAll { !perspective.picks($0.author) }
        self.init(deltas: deltas, negated: negated, incomplete: incomplete)
    }

    /// What was worked out elsewhere.
    ///
    /// - Parameter deltas: each once, by (timeCreated, id bytes).
    init(deltas: [ViewedDelta], negated: Set<DeltaID>, incomplete: Set<Text>) {
        var indexes: [Text: [Int]] = [:]
        for (index, delta) in deltas.enumerated() {
            for entity in Set(delta.pointers.lazy.compactMap { $0.entity?.id }) {
                indexes[entity, default: []].append(index)
            }
        }
        self.deltas = deltas
        self.negated = negated
        self.incomplete = incomplete
        self.indexes = indexes
    }

    /// Takes step 6: what passes all filters.
    ///
    /// - Throws: ``JSONLogicError`` where a rule costs too much.
    public func filtered(by filters: [DeltaFilter]) throws(JSONLogicError) -> VisibleDeltas {
        guard !filters.isEmpty else { return self }
        var deltas = deltas
        for filter in filters { deltas = try filter.passing(deltas) }
        return VisibleDeltas(deltas: deltas, negated: negated, incomplete: incomplete)
    }

    /// The deltas about an entity, negated or not, by (timeCreated, id bytes).
    func allDeltas(about entity: Text) -> [ViewedDelta] { (indexes[entity] ?? []).map { deltas[$0] } }

    /// The deltas about an entity that are in force, by (timeCreated, id bytes).
    public func deltas(about entity: Text) -> [ViewedDelta] {
        allDeltas(about: entity).filter { !negated.contains($0.id) }
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
            for statement in delta.statements(of: entity) {
                guard let value = statement.value else { continue }
                assertions[statement.property, default: []].append(Assertion(value: value, delta: delta))
            }
        }
        return assertions
    }
}
