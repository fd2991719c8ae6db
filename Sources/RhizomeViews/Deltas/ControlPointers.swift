public import Bytes
public import RhizomeCore

extension ViewedDelta {
    /// The deltas that this one would negate, each once.
    ///
    /// Targets that aren't ids are left out.
    public var negates: [DeltaID] { pointers.negates }

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
    /// The pointers of the delta that states how many members a transaction has.
    public static func transaction(_ transaction: Text, size: Int) -> [Pointer] {
        [
            Pointer(ControlName.transaction, entity: transaction, targetContext: ControlName.size),
            Pointer(ControlName.size, .integer(Int64(size))),
        ]
    }
}
