/// Rows of one author's log in one state of it: what its branches are walked by.
///
/// A branch is a chain in which each delta names the one before it as a previous; all other links are crossings (see
/// ``BranchBook``). What is computed by branches is written once for all logs that keep them: a log gives its rows,
/// part by part, by this protocol and those that build on it, and each part needs no rows but its own. Calls block.
package protocol BranchRows {
    /// The author's number.
    var number: Int64 { get }

    /// The place of a delta; `nil` where it isn't held, or is another author's.
    func place(of id: DeltaID) throws -> Place?

    /// Runs through the branches, in any order.
    func forEachBranch(_ body: (BranchExtent) throws -> Void) throws

    /// The sequence with which a branch begins.
    func firstSequence(of branch: Int64) throws -> Int64?

    /// Runs through the crossings whose child has a sequence of at most `top` and above another one, the greatest first.
    ///
    /// - Parameter body: whether to go on after a crossing.
    func forEachCrossing(from top: Int64, downTo sequence: Int64, _ body: (Crossing) throws -> Bool) throws
}

extension BranchRows {
    /// What these reach in their own branches, as far as they are held of this log: nothing has been followed.
    func reach(_ ids: [DeltaID]) throws -> BranchReach {
        var reach = BranchReach()
        for id in ids { if let place = try place(of: id) { reach.add(place) } }
        return reach
    }
}
