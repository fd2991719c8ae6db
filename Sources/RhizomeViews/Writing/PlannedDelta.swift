public import Bytes
public import RhizomeCore

/// A delta that is to be written: what it says, and what it has to be later than.
public struct PlannedDelta: Hashable, Sendable {
    /// What it says.
    public let pointers: [Pointer]
    /// The `timeCreated` of the delta that it replaces in the writer's view, if there is one.
    ///
    /// The new delta's has to be greater, so that the writer sees its own write win (spec: admission.md, "Clocks").
    public let replacedTime: Timestamp?

    /// A delta to write.
    public init(pointers: [Pointer], replacedTime: Timestamp? = nil) {
        self.pointers = pointers
        self.replacedTime = replacedTime
    }
}

extension [PlannedDelta] {
    /// The same as one transaction, its size delta first, where there are more than one.
    ///
    /// - Parameter transaction: a name that no transaction has, taken where one is needed.
    func together(in transaction: @autoclosure () -> Text) -> [PlannedDelta] {
        guard count > 1 else { return self }
        let transaction = transaction()
        let membership = Pointer(ControlName.transaction, entity: transaction, targetContext: ControlName.deltas)
        return [PlannedDelta(pointers: .transaction(transaction, size: count))]
            + map { PlannedDelta(pointers: [membership] + $0.pointers, replacedTime: $0.replacedTime) }
    }
}
