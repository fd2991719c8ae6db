internal import GRDB
internal import RhizomeCore

/// The tables, and the way from each version of them to the next.
///
/// Names and values that others chose are BLOBs: texts are the same when their bytes are (spec: delta.md), and a NUL
/// ends no name. Everything that repeats is a number in all other tables. Tables that only find things again (`ids`,
/// `logs`, `words`, `collections`, `negations`) are kept apart from what they find, so that a batch writes each in its own order.
enum StoreSchema {
    /// All migrations, oldest first.
    ///
    /// They only go forward, and one that has been released never changes.
    static let migrator: DatabaseMigrator = {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in
            for statement in version1 { try db.execute(sql: statement) }
        }
        migrator.registerMigration("2") { db in
            // Honest logs have few deltas outside their first branch; a key that forks wildly has a branch for each, and
            // they must be found without reading all that share a sequence.
            try db.execute(sql: "CREATE INDEX logsByBranch ON logs (author, branch, sequence) WHERE branch <> 0")
        }
        migrator.registerMigration("3") { db in
            // What is new in a log of very many heads is found without looking at the others. `manyHeadsSince` is where
            // it got so many, 0 where it has few.
            try db.execute(sql: "ALTER TABLE authors ADD COLUMN headCount INTEGER NOT NULL DEFAULT 0")
            try db.execute(sql: "ALTER TABLE authors ADD COLUMN manyHeadsSince INTEGER NOT NULL DEFAULT 0")
            try db.execute(
                sql: """
                    UPDATE authors SET headCount =
                        (SELECT count(*) FROM branches b WHERE b.author = authors.author AND b.isHead = 1)
                    """
            )
            try db.execute(sql: "UPDATE authors SET manyHeadsSince = lastPosition WHERE headCount > 256")
            try db.execute(sql: "DROP INDEX heads")
            try db.execute(sql: "CREATE INDEX heads ON branches (author, lastPosition) WHERE isHead = 1")
            try db.execute(
                sql: "CREATE INDEX authorsOfManyHeads ON authors (manyHeadsSince) WHERE manyHeadsSince > 0"
            )
        }
        migrator.registerMigration("4") { db in
            // A stall keeps its proof. Those without are forgotten: what they kept out is looked at again.
            try db.execute(sql: "DROP TABLE stalls")
            try db.execute(
                sql: """
                    CREATE TABLE stalls (
                        stall INTEGER PRIMARY KEY,
                        version BLOB NOT NULL,
                        id BLOB NOT NULL,
                        header BLOB NOT NULL,
                        reason BLOB NOT NULL,
                        UNIQUE (version, id)
                    ) STRICT
                    """
            )
            let none = String(repeating: "0", count: 64)
            try db.execute(sql: "ALTER TABLE store ADD COLUMN recordsHash BLOB NOT NULL DEFAULT x'\(none)'")
            try db.execute(sql: "UPDATE store SET recordsHash = ?", arguments: [RecordsHash(of: db).bytes.blob])
        }
        migrator.registerMigration("5") { db in
            // What was said of an entity, by author, role and time, so that a last word is one look-up. Nothing is filled
            // here: the next migration makes the table anew.
            try db.execute(
                sql: """
                    CREATE TABLE roles (
                        role INTEGER PRIMARY KEY,
                        localContext INTEGER NOT NULL,
                        targetContext INTEGER NOT NULL,
                        UNIQUE (localContext, targetContext)
                    ) STRICT
                    """
            )
            try db.execute(sql: words)
            try db.execute(sql: "DROP TABLE pointers")
        }
        migrator.registerMigration("6") { db in
            // What was said of one property of an entity lies together, and in few streams, whatever the local contexts;
            // and what each author refers to, so that a list walks over nothing of those who aren't shown; and what it negates.
            let statements = [
                "DROP TABLE words", "DROP TABLE roles", words, "DROP TABLE collections", collections, negations,
            ]
            for statement in statements { try db.execute(sql: statement) }
            try EntityIndexing.fill(db)
        }
        return migrator
    }()

    /// What was said of which entity.
    ///
    /// In the fifth version `role` was a number of `roles`; since then it is a `WordRole`. `moment` is a `WordMoment`.
    private static let words = """
        CREATE TABLE words (
            entity INTEGER NOT NULL,
            author INTEGER NOT NULL,
            role INTEGER NOT NULL,
            moment INTEGER NOT NULL,
            position INTEGER NOT NULL,
            PRIMARY KEY (entity, author, role, moment, position)
        ) STRICT, WITHOUT ROWID
        """

    /// Which entities each author refers to by a local context, or, where `context` is 0, by any, in the order of their
    /// bytes; and by which delta first.
    private static let collections = """
        CREATE TABLE collections (
            context INTEGER NOT NULL,
            author INTEGER NOT NULL,
            entity BLOB NOT NULL,
            firstPosition INTEGER NOT NULL,
            PRIMARY KEY (context, author, entity)
        ) STRICT, WITHOUT ROWID
        """

    /// What each author negates, by the first 8 bytes of the ids as a number.
    private static let negations = """
        CREATE TABLE negations (
            author INTEGER NOT NULL,
            prefix INTEGER NOT NULL,
            moment INTEGER NOT NULL,
            position INTEGER NOT NULL,
            PRIMARY KEY (author, prefix, moment, position)
        ) STRICT, WITHOUT ROWID
        """

    private static let version1 = [
        // What there is in all. `epoch` names this store: a position means nothing in another one.
        """
        CREATE TABLE store (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            epoch BLOB NOT NULL,
            count INTEGER NOT NULL,
            runningHash BLOB NOT NULL
        ) STRICT
        """,
        // Positions are dense and never used twice: the program counts them, not SQLite.
        """
        CREATE TABLE deltas (
            position INTEGER PRIMARY KEY,
            id BLOB NOT NULL,
            author INTEGER NOT NULL,
            branch INTEGER NOT NULL,
            sequence INTEGER NOT NULL,
            timeCreated INTEGER NOT NULL,
            timeReceived INTEGER NOT NULL,
            origin INTEGER NOT NULL,
            runningHash BLOB NOT NULL,
            header BLOB NOT NULL
        ) STRICT
        """,
        // Apart from the headers: a log stays checkable when a body is erased.
        "CREATE TABLE bodies (position INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT",
        // Through whom deltas came, and the trust statements in force.
        """
        CREATE TABLE origins (
            origin INTEGER PRIMARY KEY,
            receivedFrom BLOB,
            trustStatement BLOB
        ) STRICT
        """,
        "CREATE INDEX originsByContent ON origins (receivedFrom, trustStatement)",
        // The first 8 bytes of an id as a number; whole ids are compared in `deltas`.
        """
        CREATE TABLE ids (
            prefix INTEGER NOT NULL,
            position INTEGER NOT NULL,
            PRIMARY KEY (prefix, position)
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE authors (
            author INTEGER PRIMARY KEY,
            key BLOB NOT NULL UNIQUE,
            count INTEGER NOT NULL,
            lastPosition INTEGER NOT NULL,
            branchCount INTEGER NOT NULL
        ) STRICT
        """,
        "CREATE INDEX authorsByLastPosition ON authors (lastPosition)",
        // A log is cut into branches: chains in which each delta names the one before as a previous. So what is before
        // a delta is, of each branch, a start; and a pull is a range of sequences per branch.
        """
        CREATE TABLE branches (
            author INTEGER NOT NULL,
            branch INTEGER NOT NULL,
            firstSequence INTEGER NOT NULL,
            lastSequence INTEGER NOT NULL,
            lastPosition INTEGER NOT NULL,
            isHead INTEGER NOT NULL,
            PRIMARY KEY (author, branch)
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX heads ON branches (author) WHERE isHead = 1",
        // Every other link from a delta to a previous one.
        """
        CREATE TABLE crossings (
            author INTEGER NOT NULL,
            childSequence INTEGER NOT NULL,
            childBranch INTEGER NOT NULL,
            parentBranch INTEGER NOT NULL,
            parentSequence INTEGER NOT NULL,
            PRIMARY KEY (author, childSequence, childBranch, parentBranch, parentSequence)
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE logs (
            author INTEGER NOT NULL,
            sequence INTEGER NOT NULL,
            position INTEGER NOT NULL,
            branch INTEGER NOT NULL,
            PRIMARY KEY (author, sequence, position)
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE TABLE entities (entity INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE) STRICT",
        "CREATE TABLE contexts (context INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE) STRICT",
        """
        CREATE TABLE pointers (
            entity INTEGER NOT NULL,
            position INTEGER NOT NULL,
            PRIMARY KEY (entity, position)
        ) STRICT, WITHOUT ROWID
        """,
        // Which entities are referenced under a local context, in the order of their bytes.
        """
        CREATE TABLE collections (
            context INTEGER NOT NULL,
            entity BLOB NOT NULL,
            PRIMARY KEY (context, entity)
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE TABLE cursors (name BLOB PRIMARY KEY, position INTEGER NOT NULL) STRICT, WITHOUT ROWID",
        """
        CREATE TABLE stalls (
            stall INTEGER PRIMARY KEY,
            version BLOB NOT NULL,
            id BLOB NOT NULL,
            author BLOB NOT NULL,
            reason BLOB NOT NULL,
            UNIQUE (version, id)
        ) STRICT
        """,
        // What was found when the store was held against its witness.
        """
        CREATE TABLE incidents (
            incident INTEGER PRIMARY KEY,
            time INTEGER NOT NULL,
            code BLOB NOT NULL,
            message BLOB NOT NULL
        ) STRICT
        """,
    ]
}
