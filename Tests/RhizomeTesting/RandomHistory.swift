package import Bytes
package import RhizomeCore

/// Random deltas about a few entities, with negations of any of them and transactions that may never be complete.
package enum RandomHistory {
    /// Up to 40 deltas by three authors, one of them called `mod`; each is a first, so they can be appended in any order.
    ///
    /// - Parameters:
    ///   - inSeveral: whether a delta may be a member of two transactions.
    ///   - isChained: whether each follows its author's last one, or now and then an earlier one, which forks.
    package static func deltas(
        about entities: [Text],
        inSeveral: Bool = true,
        isChained: Bool = false,
        using random: inout SeededGenerator
    ) throws -> [AdmittedDelta] {
        var maker = DeltaMaker()
        var deltas: [AdmittedDelta] = []
        var logs: [String: [AdmittedDelta]] = [:]
        for index in 0..<Int.random(in: 1..<40, using: &random) {
            var pointers: [Pointer] = []
            let transaction: Text = Bool.random(using: &random) ? "T" : "U"
            switch Int.random(in: 0..<5, using: &random) {
            case 0:
                pointers = [
                    Pointer("_transaction", entity: transaction, targetContext: "size"),
                    Pointer("size", .integer(.random(in: 0..<4, using: &random))),
                ]
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
            let author = ["ann", "bob", "mod"].randomElement(using: &random) ?? ""
            var previous: [AdmittedDelta] = []
            if isChained, let log = logs[author], let last = log.last {
                let isFork = Int.random(in: 0..<20, using: &random) == 0
                previous = [isFork ? log.randomElement(using: &random) ?? last : last]
            }
            deltas.append(try maker.delta(author, pointers, after: previous))
            logs[author, default: []] += deltas.suffix(1)
        }
        return deltas
    }
}
