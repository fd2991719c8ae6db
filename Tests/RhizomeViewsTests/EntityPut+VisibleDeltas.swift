import Bytes
import RhizomeViews

extension EntityPut {
    /// The deltas that make the entity so, where this is all that is visible.
    func deltas(changing visible: VisibleDeltas, transaction: Text) -> [PlannedDelta] {
        let last = visible.assertions(about: id).compactMapValues { assertions in
            assertions.max { $0.delta.moment < $1.delta.moment }
        }
        let current = Current(last: last, isReferenced: visible.isVisible(id, referencedAs: collection))
        return deltas(changing: current, transaction: transaction)
    }
}
