internal import Bytes
internal import RhizomeCore
internal import SignedStatements

/// Which transactions are complete among the deltas that steps 1 and 2 leave (spec: views.md, "Transactions").
struct TransactionLedger {
    /// A transaction groups deltas of one author: the same name by another is another transaction.
    private struct Key: Hashable {
        let author: PublicKey
        let name: Text
    }

    private struct Entry {
        var members = 0
        var size: (moment: Moment, value: Int64?)?

        var isComplete: Bool {
            guard let count = size?.value else { return false }
            return count >= 0 && Int64(members) >= count
        }
    }

    private var entries: [Key: Entry] = [:]

    /// Counts deltas, each of which is given once.
    init(of deltas: some Sequence<ViewedDelta>) {
        for delta in deltas {
            for name in Set(delta.transactions) {
                entries[Key(author: delta.author, name: name), default: Entry()].members += 1
            }
            for name in delta.sizedTransactions {
                let key = Key(author: delta.author, name: name)
                if let last = entries[key]?.size, last.moment >= delta.moment { continue }
                let size: Int64? =
                    if case .integer(let size) = delta.value(of: ControlName.size, entity: name) { size } else { nil }
                entries[key, default: Entry()].size = (delta.moment, size)
            }
        }
    }

    /// Whether all transactions of which the delta is a member are complete.
    func shows(_ delta: ViewedDelta) -> Bool {
        delta.transactions.allSatisfy { entries[Key(author: delta.author, name: $0)]?.isComplete ?? false }
    }
}
