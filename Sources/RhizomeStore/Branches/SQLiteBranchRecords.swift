internal import Bytes
internal import Foundation
internal import GRDB
internal import RhizomeCore
internal import SignedStatements

/// The store's tables of authors, branches and crossings, for what appends to them.
struct SQLiteBranchRecords: BranchRecords {
    let db: Database

    func author(_ key: PublicKey) throws -> BranchBook.Author? {
        let row = try Row.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT author, count, lastPosition, branchCount, headCount, manyHeadsSince FROM authors
                    WHERE key = ?
                    """
            ),
            arguments: [key.bytes.blob]
        )
        return try row.map { row in
            BranchBook.Author(
                number: try row.ordinal(0),
                count: try row.ordinal(1),
                lastPosition: try row.ordinal(2),
                branchCount: try row.ordinal(3),
                headCount: try row.ordinal(4),
                manyHeadsSince: try row.ordinal(5)
            )
        }
    }

    func greatestAuthor() throws -> Int64 {
        try Row.fetchOne(db, sql: "SELECT coalesce(max(author), 0) FROM authors")?.ordinal(0) ?? 0
    }

    func branch(_ key: BranchBook.BranchKey) throws -> BranchBook.Branch? {
        let row = try Row.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT firstSequence, lastSequence, lastPosition, isHead FROM branches
                    WHERE author = ? AND branch = ?
                    """
            ),
            arguments: [key.author, key.branch]
        )
        return try row.map { row in
            BranchBook.Branch(
                firstSequence: try row.ordinal(0),
                lastSequence: try row.ordinal(1),
                lastPosition: try row.ordinal(2),
                isHead: try row.ordinal(3) == 1
            )
        }
    }

    /// Writes what changed.
    func write(_ book: BranchBook) throws {
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
        for (key, value) in book.authors {
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
        for (key, value) in book.changedBranches {
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
        for value in book.crossings {
            try crossing.execute(arguments: [
                value.child.author, value.child.sequence, value.child.branch, value.parent.branch,
                value.parent.sequence,
            ])
        }
    }
}
