public import Bytes
public import RhizomeCore

/// The names of pointers that steer views instead of describing entities (spec: views.md, "Negation", "Transactions").
public enum ControlName {
    /// The local context of a pointer to a negated delta.
    public static let negates: Text = "_negates"
    /// The target context of a pointer to a negated delta.
    public static let negatedBy: Text = "negated_by"
    /// The local context of a pointer to a transaction.
    public static let transaction: Text = "_transaction"
    /// The target context of a member's pointer to its transaction.
    public static let deltas: Text = "deltas"
    /// The target context of a size delta's pointer to its transaction, and the local context of the size.
    public static let size: Text = "size"

    /// The local context of a definition's pointer to the context that it defines.
    public static let context: Text = "_context"
    /// The target context of that pointer, and the local context of the definition's text.
    public static let definition: Text = "definition"

    /// Whether a name begins with `_` and so is kept for control deltas.
    public static func isReserved(_ name: Text) -> Bool { name.utf8.first == UInt8(ascii: "_") }
}

extension ViewedDelta {
    /// The deltas that this one would negate.
    ///
    /// Targets that aren't ids are left out.
    public var negates: [DeltaID] {
        pointers.compactMap { pointer in
            guard pointer.localContext == ControlName.negates, let (id, context) = pointer.entity,
                context == ControlName.negatedBy
            else { return nil }
            return DeltaID(hex: id.string)
        }
    }

    /// The transactions of which this delta is a member.
    public var transactions: [Text] { transactions(as: ControlName.deltas) }

    /// The transactions whose size this delta states, right or wrong.
    var sizedTransactions: [Text] { transactions(as: ControlName.size) }

    /// The transactions that the delta has to do with, as a member or by stating the size.
    var allTransactions: [Text] { transactions + sizedTransactions }

    private func transactions(as targetContext: Text) -> [Text] {
        pointers.compactMap { pointer in
            guard pointer.localContext == ControlName.transaction, let (id, context) = pointer.entity,
                context == targetContext
            else { return nil }
            return id
        }
    }
}

extension [Pointer] {
    /// The pointers of a delta that negates another.
    public static func negation(of delta: DeltaID) -> [Pointer] {
        [Pointer(ControlName.negates, entity: Text(delta.description), targetContext: ControlName.negatedBy)]
    }

    /// The pointers of the delta that states how many members a transaction has.
    public static func transaction(_ transaction: Text, size: Int) -> [Pointer] {
        [
            Pointer(ControlName.transaction, entity: transaction, targetContext: ControlName.size),
            Pointer(ControlName.size, .integer(Int64(size))),
        ]
    }
}
