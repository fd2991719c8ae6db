internal import Bytes
internal import RhizomeCore

/// The lossy view of an entity, kept up to date by each new delta instead of being computed anew.
///
/// One resolver serves all properties. Gives what ``EntityView`` gives of all deltas together.
struct LiveView<Reduction: Resolver>: Sendable {
    private let id: Text
    private let resolver: Reduction
    private var isVisible = false
    private var states: [Text: Reduction.State] = [:]

    /// The view of nothing.
    init(of id: Text, by resolver: Reduction) {
        self.id = id
        self.resolver = resolver
    }

    /// Takes in deltas that have nothing to do with those before: see ``EntityDeltas/Growth/isIndependent``.
    mutating func add(_ deltas: some Sequence<ViewedDelta>, seenAs perspective: Perspective) {
        let visible = VisibleDeltas(among: deltas, seenAs: perspective)
        isVisible = isVisible || visible.isVisible(id)
        for (property, assertions) in visible.assertions(about: id) {
            for assertion in assertions {
                let state = resolver.state(of: assertion)
                states[property] = states[property].map { resolver.combine($0, state) } ?? state
            }
        }
    }

    /// The view, or `nil` where the entity isn't visible.
    var view: EntityView? {
        guard isVisible else { return nil }
        return EntityView(id: id, values: states.compactMapValues { resolver.value(of: $0) })
    }
}
