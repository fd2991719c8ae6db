package import SignedStatements

/// What is noted of authors and their branches, for those who append to their logs.
package protocol BranchRecords {
    /// What is noted of an author; `nil` where nothing of it is held.
    func author(_ key: PublicKey) throws -> BranchBook.Author?

    /// The greatest number of an author; 0 where there is none.
    func greatestAuthor() throws -> Int64

    /// What is noted of a branch.
    func branch(_ key: BranchBook.BranchKey) throws -> BranchBook.Branch?
}
