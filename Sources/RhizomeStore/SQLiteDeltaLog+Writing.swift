internal import Bytes
internal import Foundation
internal import GRDB
internal import Locks
public import RhizomeCore
internal import SignedStatements

extension SQLiteDeltaLog {
    /// Decides and appends in one durable transaction; on the store's own queue.
    public func write<Value: Sendable>(
        _ body: @escaping @Sendable (any LogTransaction) throws -> Value
    ) async throws -> Value {
        let (value, found, mark) = try await transact { db in
            // The dictionaries live in one place only, or each insertion would copy them; a transaction that fails takes
            // them with it.
            let remembered = self.caches.withLock { caches in
                defer { caches = AppendCaches() }
                return caches
            }
            let transaction = SQLiteTransaction(db, caches: remembered, names: NameCache(over: self.names))
            let value = try body(transaction)
            self.caches.withLock { $0 = transaction.caches }
            return (value, transaction.names, transaction.newMark)
        }
        names.takeOver(found)
        if let mark { noteMark(mark) }
        return value
    }

    /// Notes stalls, each once per id and version.
    public func record(_ stalls: [Stall]) async throws {
        guard !stalls.isEmpty else { return }
        try await transact { db in
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

    static func set(_ cursors: [String: Int64], _ db: Database) throws {
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
