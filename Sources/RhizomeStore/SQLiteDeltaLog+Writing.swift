internal import Bytes
internal import Foundation
internal import GRDB
public import RhizomeCore
internal import SignedLog

extension SQLiteDeltaLog {
    /// Appends those that aren't held, durably; on the store's own queue.
    public func append(_ batch: [AdmittedDelta], cursors: [String: Int64]) async throws -> [StoredDelta] {
        let (stored, mark) = try await write { db, caches in
            let before = try Self.currentMark(db)
            caches.validate(at: before.position)
            var appending = Appending(db: db, caches: caches, mark: before)
            // The dictionaries live in one place only, or each insertion would copy them.
            caches = AppendCaches()
            let stored = try appending.append(batch)
            try appending.finish()
            try Self.set(cursors, db)
            caches = appending.entities.caches
            caches.advance(to: appending.mark.position)
            return (stored, appending.mark)
        }
        noteMark(mark)
        return stored
    }

    /// Notes stalls, each once per id and version.
    public func record(_ stalls: [Stall]) async throws {
        guard !stalls.isEmpty else { return }
        try await write { db, _ in
            try RecordsHash.changing(db) { hash in
                let insert = try db.cachedStatement(
                    sql: "INSERT OR IGNORE INTO stalls (version, id, header, reason) VALUES (?, ?, ?, ?)"
                )
                for stall in stalls {
                    try insert.execute(arguments: [
                        Data(stall.version.utf8), stall.id.bytes.blob, Data(stall.signed.statement.encoded),
                        Data(stall.reason.rawValue.utf8),
                    ])
                    guard db.changesCount > 0 else { continue }
                    try hash.toggle(.stalls, "stall = ?", [db.lastInsertedRowID], db)
                }
                let oldest = "stall <= (SELECT max(stall) FROM stalls) - ?"
                try hash.toggle(.stalls, oldest, [Stall.most], db)
                try db.execute(sql: "DELETE FROM stalls WHERE \(oldest)", arguments: [Stall.most])
            }
        }
    }

    private static func set(_ cursors: [String: Int64], _ db: Database) throws {
        guard !cursors.isEmpty else { return }
        try RecordsHash.changing(db) { hash in
            for (name, position) in cursors {
                let name = Data(name.utf8)
                try hash.toggle(.cursors, "name = ?", [name], db)
                try db.execute(
                    sql: """
                        INSERT INTO cursors (name, position) VALUES (?, ?)
                        ON CONFLICT (name) DO UPDATE SET position = excluded.position
                        """,
                    arguments: [name, position]
                )
                try hash.toggle(.cursors, "name = ?", [name], db)
            }
        }
    }
}
