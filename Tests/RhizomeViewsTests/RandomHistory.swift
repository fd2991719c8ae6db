import Bytes
import RhizomeCore
import RhizomeTesting
import RhizomeViews

/// Random deltas about a few entities, with negations of any of them and transactions that may never be complete.
enum RandomHistory {
    /// Up to 40 deltas by three authors, one of them called `mod`; each is a first, so they can be appended in any order.
    ///
    /// - Parameter inSeveral: whether a delta may be a member of two transactions.
    static func deltas(
        about entities: [Text],
        inSeveral: Bool = true,
        using random: inout SeededGenerator
    ) throws -> [AdmittedDelta] {
        var maker = DeltaMaker()
        var deltas: [AdmittedDelta] = []
        for index in 0..<Int.random(in: 1..<40, using: &random) {
            var pointers: [Pointer] = []
            let transaction: Text = Bool.random(using: &random) ? "T" : "U"
            switch Int.random(in: 0..<5, using: &random) {
            case 0: pointers = .transaction(transaction, size: .random(in: 0..<4, using: &random))
            case 1, 2:
                for target in deltas.shuffled(using: &random).prefix(Int.random(in: 1..<3, using: &random)) {
                    pointers += .negation(of: target.delta.id)
                }
            default: break
            }
            if pointers.isEmpty || Int.random(in: 0..<5, using: &random) == 0 {
                let property: Text = Bool.random(using: &random) ? "name" : "age"
                pointers += [
                    Pointer("user", entity: entities.randomElement(using: &random) ?? "e", targetContext: property),
                    Pointer(property, .integer(Int64(index))),
                ]
            }
            if Int.random(in: 0..<3, using: &random) == 0 {
                pointers.append(Pointer("_transaction", entity: transaction, targetContext: "deltas"))
                if inSeveral, Bool.random(using: &random) {
                    let other: Text = transaction == "T" ? "U" : "T"
                    pointers.append(Pointer("_transaction", entity: other, targetContext: "deltas"))
                }
            }
            deltas.append(try maker.delta(["ann", "bob", "mod"].randomElement(using: &random) ?? "", pointers))
        }
        return deltas
    }
}
