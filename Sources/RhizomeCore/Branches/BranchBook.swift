package import SignedStatements

/// The authors and branches that one transaction touches: looked up when they are needed, to be written at its end.
///
/// A branch is a chain in which each delta names the one before it as a previous. A delta goes on with the branch of
/// the greatest of its previous that is the last of its branch, and begins a new one where there is none. All its other
/// links are crossings.
package struct BranchBook: Sendable {
    /// What is noted of an author's log.
    package struct Author: Hashable, Sendable {
        /// The author's number, above 0.
        package let number: Int64
        /// How many deltas are held.
        package private(set) var count: Int64
        /// The last of their positions.
        package private(set) var lastPosition: Int64
        /// How many branches there are.
        package private(set) var branchCount: Int64
        /// How many of them end in a head.
        package private(set) var headCount: Int64
        /// The position at which there came to be more heads than are told whole; 0 where there aren't.
        package private(set) var manyHeadsSince: Int64

        /// What is noted of a log; without more than a number, of one of which nothing is held.
        package init(
            number: Int64,
            count: Int64 = 0,
            lastPosition: Int64 = 0,
            branchCount: Int64 = 0,
            headCount: Int64 = 0,
            manyHeadsSince: Int64 = 0
        ) {
            self.number = number
            self.count = count
            self.lastPosition = lastPosition
            self.branchCount = branchCount
            self.headCount = headCount
            self.manyHeadsSince = manyHeadsSince
        }

        /// Begins a branch.
        ///
        /// - Returns: its number.
        fileprivate mutating func beginBranch() -> Int64 {
            branchCount += 1
            return branchCount - 1
        }

        /// Notes that so many more branches end in a head, or fewer.
        fileprivate mutating func addHeads(_ count: Int64) { headCount += count }

        /// Notes a delta, after its heads.
        fileprivate mutating func add(at position: Int64) {
            if headCount <= Changes.headsToldWhole {
                manyHeadsSince = 0
            } else if manyHeadsSince == 0 {
                manyHeadsSince = position
            }
            count += 1
            lastPosition = position
        }
    }

    /// What is noted of a branch.
    package struct Branch: Hashable, Sendable {
        /// The sequence of its first delta.
        package let firstSequence: Int64
        /// That of its last one.
        package let lastSequence: Int64
        /// The last one's position.
        package let lastPosition: Int64
        /// Whether nothing follows the last one.
        package fileprivate(set) var isHead: Bool

        /// What is noted of a branch.
        package init(firstSequence: Int64, lastSequence: Int64, lastPosition: Int64, isHead: Bool) {
            self.firstSequence = firstSequence
            self.lastSequence = lastSequence
            self.lastPosition = lastPosition
            self.isHead = isHead
        }
    }

    /// A branch of an author.
    package struct BranchKey: Hashable, Sendable {
        /// The author's number.
        package let author: Int64
        /// The branch.
        package let branch: Int64

        /// A branch of an author.
        package init(author: Int64, branch: Int64) {
            self.author = author
            self.branch = branch
        }

        fileprivate init(_ place: Place) { self.init(author: place.author, branch: place.branch) }
    }

    /// The authors whose logs got longer, as they are now.
    package private(set) var authors: [PublicKey: Author] = [:]
    /// The crossings that were added.
    package private(set) var crossings: [Crossing] = []
    private var branches: [BranchKey: Branch] = [:]
    private var changed: Set<BranchKey> = []
    private var nextAuthor: Int64?

    /// A book in which nothing stands yet.
    package init() {}

    /// The branches that changed, as they are now, by (author, branch).
    package var changedBranches: [(key: BranchKey, branch: Branch)] {
        changed.sorted { ($0.author, $0.branch) < ($1.author, $1.branch) }.compactMap { key in
            branches[key].map { (key, $0) }
        }
    }

    /// Gives a delta its place after its previous ones.
    ///
    /// - Throws: ``DeltaLogError`` `corrupt` where a previous one stands in another author's log, or in a branch of which
    ///   nothing is noted.
    package mutating func place(
        _ delta: SignedDelta,
        after previous: [Place],
        position: Int64,
        in records: some BranchRecords
    ) throws -> Place {
        var author = try author(delta.author, in: records)
        // Admission has compared the keys, by the signed headers.
        guard previous.allSatisfy({ $0.author == author.number }) else {
            throw DeltaLogError(
                .corrupt,
                "a delta before \(delta.id) is filed under another author; run rhizome-node audit"
            )
        }
        let sequence = delta.header.sequence
        var before: Place?
        // Greatest first, so that a branch has few gaps; ties by branch, so that it doesn't matter who is asked.
        for place in previous.sorted(by: { ($0.sequence, $1.branch) > ($1.sequence, $0.branch) }) {
            let branch = try branch(BranchKey(place), in: records)
            if before == nil, branch.lastSequence == place.sequence { before = place }
        }
        let place = Place(
            author: author.number,
            branch: before?.branch ?? author.beginBranch(),
            sequence: sequence
        )
        for parent in previous where parent != before {
            crossings.append(Crossing(child: place, parent: parent))
            let key = BranchKey(parent)
            if branches[key]?.isHead == true, branches[key]?.lastSequence == parent.sequence {
                branches[key]?.isHead = false
                author.addHeads(-1)
                changed.insert(key)
            }
        }
        let key = BranchKey(place)
        if branches[key]?.isHead != true { author.addHeads(1) }
        branches[key] = Branch(
            firstSequence: branches[key]?.firstSequence ?? sequence,
            lastSequence: sequence,
            lastPosition: position,
            isHead: true
        )
        changed.insert(key)
        author.add(at: position)
        authors[delta.author] = author
        return place
    }

    private mutating func author(_ key: PublicKey, in records: some BranchRecords) throws -> Author {
        if let author = authors[key] { return author }
        if let author = try records.author(key) { return author }
        let number = try nextAuthor ?? records.greatestAuthor() + 1
        nextAuthor = number + 1
        return Author(number: number)
    }

    private mutating func branch(_ key: BranchKey, in records: some BranchRecords) throws -> Branch {
        if let branch = branches[key] { return branch }
        guard let branch = try records.branch(key) else {
            throw DeltaLogError(.corrupt, "the store has lost a branch of an author's log; run rhizome-node audit")
        }
        branches[key] = branch
        return branch
    }
}
