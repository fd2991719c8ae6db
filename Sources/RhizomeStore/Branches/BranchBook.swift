internal import Bytes
internal import Foundation
internal import GRDB
internal import RhizomeCore
internal import SignedStatements

/// Where a delta stands in its author's log.
struct Place: Hashable, Sendable {
    let author: Int64
    let branch: Int64
    let sequence: Int64
}

/// The authors and branches that one transaction touches: loaded when they are needed, written back at its end.
///
/// A branch is a chain in which each delta names the one before it as a previous. A delta goes on with the branch of
/// the greatest of its previous that is the last of its branch, and begins a new one where there is none. All its other
/// links are crossings.
struct BranchBook {
    private struct Author {
        let number: Int64
        var count: Int64
        var lastPosition: Int64
        var branchCount: Int64
        var headCount: Int64
        /// The position at which there came to be more heads than are told whole; 0 where there aren't.
        var manyHeadsSince: Int64
    }

    private struct Branch {
        let firstSequence: Int64
        var lastSequence: Int64
        var lastPosition: Int64
        var isHead: Bool
    }

    private struct BranchKey: Hashable {
        let author: Int64
        let branch: Int64
    }

    /// A link that isn't to the one before in the same branch.
    private struct Crossing {
        let author: Int64
        let childSequence: Int64
        let childBranch: Int64
        let parentBranch: Int64
        let parentSequence: Int64
    }

    private let db: Database
    private var authors: [PublicKey: Author] = [:]
    private var branches: [BranchKey: Branch] = [:]
    private var changed: Set<BranchKey> = []
    private var crossings: [Crossing] = []
    private var nextAuthor: Int64?

    init(_ db: Database) { self.db = db }

    /// Gives a delta its place after its previous ones.
    mutating func place(_ delta: SignedDelta, after previous: [Place], position: Int64) throws -> Place {
        var author = try author(delta.author)
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
            let branch = try branch(place)
            if before == nil, branch.lastSequence == place.sequence { before = place }
        }
        let place = Place(author: author.number, branch: before?.branch ?? author.branchCount, sequence: sequence)
        if before == nil { author.branchCount += 1 }
        for parent in previous {
            let key = BranchKey(author: parent.author, branch: parent.branch)
            if parent == before { continue }
            crossings.append(
                Crossing(
                    author: author.number,
                    childSequence: sequence,
                    childBranch: place.branch,
                    parentBranch: parent.branch,
                    parentSequence: parent.sequence
                )
            )
            if var branch = branches[key], branch.isHead, branch.lastSequence == parent.sequence {
                branch.isHead = false
                author.headCount -= 1
                branches[key] = branch
                changed.insert(key)
            }
        }
        let key = BranchKey(author: place.author, branch: place.branch)
        if branches[key]?.isHead != true { author.headCount += 1 }
        branches[key] = Branch(
            firstSequence: branches[key]?.firstSequence ?? sequence,
            lastSequence: sequence,
            lastPosition: position,
            isHead: true
        )
        changed.insert(key)
        if author.headCount <= Changes.headsToldWhole {
            author.manyHeadsSince = 0
        } else if author.manyHeadsSince == 0 {
            author.manyHeadsSince = position
        }
        author.count += 1
        author.lastPosition = position
        authors[delta.author] = author
        return place
    }

    private mutating func author(_ key: PublicKey) throws -> Author {
        if let author = authors[key] { return author }
        let row = try Row.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT author, count, lastPosition, branchCount, headCount, manyHeadsSince FROM authors
                    WHERE key = ?
                    """
            ),
            arguments: [key.bytes.blob]
        )
        if let row {
            return Author(
                number: try row.ordinal(0),
                count: try row.ordinal(1),
                lastPosition: try row.ordinal(2),
                branchCount: try row.ordinal(3),
                headCount: try row.ordinal(4),
                manyHeadsSince: try row.ordinal(5)
            )
        }
        let last = try Row.fetchOne(db, sql: "SELECT coalesce(max(author), 0) FROM authors")
        let number = try nextAuthor ?? (last?.ordinal(0) ?? 0) + 1
        nextAuthor = number + 1
        return Author(number: number, count: 0, lastPosition: 0, branchCount: 0, headCount: 0, manyHeadsSince: 0)
    }

    private mutating func branch(_ place: Place) throws -> Branch {
        let key = BranchKey(author: place.author, branch: place.branch)
        if let branch = branches[key] { return branch }
        let row = try Row.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT firstSequence, lastSequence, lastPosition, isHead FROM branches
                    WHERE author = ? AND branch = ?
                    """
            ),
            arguments: [place.author, place.branch]
        )
        guard let row else {
            throw DeltaLogError(.corrupt, "the store has lost a branch of an author's log; run rhizome-node audit")
        }
        let branch = Branch(
            firstSequence: try row.ordinal(0),
            lastSequence: try row.ordinal(1),
            lastPosition: try row.ordinal(2),
            isHead: try row.ordinal(3) == 1
        )
        branches[key] = branch
        return branch
    }

    /// Writes what changed.
    func write() throws {
        let author = try db.cachedStatement(
            sql: """
                INSERT INTO authors (author, key, count, lastPosition, branchCount, headCount, manyHeadsSince)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (author) DO UPDATE SET
                    count = excluded.count, lastPosition = excluded.lastPosition,
                    branchCount = excluded.branchCount, headCount = excluded.headCount,
                    manyHeadsSince = excluded.manyHeadsSince
                """
        )
        for (key, value) in authors {
            try author.execute(arguments: [
                value.number, key.bytes.blob, value.count, value.lastPosition, value.branchCount,
                value.headCount, value.manyHeadsSince,
            ])
        }
        let branch = try db.cachedStatement(
            sql: """
                INSERT INTO branches (author, branch, firstSequence, lastSequence, lastPosition, isHead)
                VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (author, branch) DO UPDATE SET
                    lastSequence = excluded.lastSequence, lastPosition = excluded.lastPosition, isHead = excluded.isHead
                """
        )
        for key in changed.sorted(by: { ($0.author, $0.branch) < ($1.author, $1.branch) }) {
            guard let value = branches[key] else { continue }
            try branch.execute(arguments: [
                key.author, key.branch, value.firstSequence, value.lastSequence, value.lastPosition,
                value.isHead ? 1 : 0,
            ])
        }
        let crossing = try db.cachedStatement(
            sql: """
                INSERT INTO crossings (author, childSequence, childBranch, parentBranch, parentSequence)
                VALUES (?, ?, ?, ?, ?)
                """
        )
        for value in crossings {
            try crossing.execute(arguments: [
                value.author, value.childSequence, value.childBranch, value.parentBranch, value.parentSequence,
            ])
        }
    }
}
