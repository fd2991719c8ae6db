import RhizomeCore
import SignedStatements

/// Authors, branches and crossings in memory, as plain as can be.
struct MemoryBranches: BranchRecords, Sendable {
    /// By position, from 1 on.
    private(set) var deltas: [SignedDelta] = []
    private(set) var places: [DeltaID: Place] = [:]
    private(set) var positions: [Place: Int] = [:]
    private(set) var authors: [PublicKey: BranchBook.Author] = [:]
    private(set) var branches: [BranchBook.BranchKey: BranchBook.Branch] = [:]
    /// By (child's sequence, …).
    private(set) var crossings: [Crossing] = []

    /// Appends a delta whose previous ones were appended.
    mutating func add(_ delta: SignedDelta) throws {
        deltas.append(delta)
        var book = BranchBook()
        let previous = delta.header.previous.compactMap { places[$0] }
        let place = try book.place(delta, after: previous, position: Int64(deltas.count), in: self)
        places[delta.id] = place
        positions[place] = deltas.count
        authors.merge(book.authors) { _, new in new }
        for (key, branch) in book.changedBranches { branches[key] = branch }
        for crossing in book.crossings {
            let index = crossings.lastIndex { $0.child.sequence <= crossing.child.sequence }.map { $0 + 1 } ?? 0
            crossings.insert(crossing, at: index)
        }
    }

    func author(_ key: PublicKey) throws -> BranchBook.Author? { authors[key] }

    func greatestAuthor() throws -> Int64 { authors.values.map(\.number).max() ?? 0 }

    func branch(_ key: BranchBook.BranchKey) throws -> BranchBook.Branch? { branches[key] }
}
