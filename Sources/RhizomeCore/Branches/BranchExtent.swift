/// From where to where a branch goes.
package struct BranchExtent: Hashable, Sendable {
    /// The branch.
    package let branch: Int64
    /// The sequence of its first delta.
    package let firstSequence: Int64
    /// That of its last one, which is no less.
    package let lastSequence: Int64

    /// An extent.
    ///
    /// - Throws: ``DeltaLogError`` `corrupt` where the branch ends before it begins.
    package init(branch: Int64, firstSequence: Int64, lastSequence: Int64) throws {
        guard firstSequence <= lastSequence else {
            throw DeltaLogError(.corrupt, "a branch of a log ends before it begins; run rhizome-node audit")
        }
        self.branch = branch
        self.firstSequence = firstSequence
        self.lastSequence = lastSequence
    }
}
