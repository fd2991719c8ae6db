import Bytes
import RhizomeCore
import RhizomeTesting
import RhizomeViews
import SignedStatements
import StrictJSON

/// Authors and deltas without signatures: views don't look at them.
enum Fixture {
    /// An author that is the same for the same label; no real key.
    static func author(_ label: String) -> PublicKey { PublicKey(bytes(label)) }

    /// An id that is the same for the same label.
    static func id(_ label: String) -> DeltaID { DeltaID(bytes(label)) }

    private static func bytes(_ label: String) -> Bytes32 {
        let utf8 = Array(label.utf8)
        precondition(utf8.count <= Bytes32.count)
        guard let bytes = Bytes32(utf8 + [UInt8](repeating: 0, count: Bytes32.count - utf8.count)) else {
            return Bytes32(repeating: 0)
        }
        return bytes
    }

    /// A delta.
    static func delta(
        _ label: String,
        by author: String = "ann",
        at time: Timestamp,
        _ pointers: [Pointer]
    ) -> ViewedDelta {
        ViewedDelta(id: id(label), author: Self.author(author), timeCreated: time, pointers: pointers)
    }

    /// A delta that gives a property of the entity `e` a value, perhaps as a member of transactions.
    static func write(
        _ label: String,
        by author: String = "ann",
        at time: Timestamp,
        _ property: Text = "name",
        _ value: Value,
        in transactions: [Text] = []
    ) -> ViewedDelta {
        delta(
            label,
            by: author,
            at: time,
            transactions.map { Pointer("_transaction", entity: $0, targetContext: "deltas") }
                + [Pointer("user", entity: "e", targetContext: property), Pointer(property, value)]
        )
    }

    /// A delta that states a transaction's size.
    static func size(
        _ label: String,
        by author: String = "ann",
        at time: Timestamp,
        of transaction: Text,
        _ size: Value
    ) -> ViewedDelta {
        delta(
            label,
            by: author,
            at: time,
            [Pointer("_transaction", entity: transaction, targetContext: "size"), Pointer("size", size)]
        )
    }

    /// A delta that negates others.
    static func negation(
        _ label: String,
        by author: String = "ann",
        at time: Timestamp,
        of targets: String...
    ) -> ViewedDelta {
        delta(label, by: author, at: time, targets.flatMap { [Pointer].negation(of: id($0)) })
    }
}

/// The lossy view of an entity as JSON text, `nil` where it isn't visible.
func lossy(_ deltas: [ViewedDelta], as perspective: Perspective = Perspective(), of entity: Text = "e") -> String? {
    EntityView(of: entity, in: VisibleDeltas(among: deltas, seenAs: perspective))?.json.description
}
