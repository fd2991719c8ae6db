internal import GRDB
internal import RhizomeCore

/// A transaction of the store's writer.
///
/// For the body of ``SQLiteDeltaLog/write(_:)``, on the writer's queue.
final class SQLiteTransaction: LogTransaction {
    /// What a glance may look at: a millisecond's work, about.
    private static let glanceEffort = 128

    private let db: Database
    /// What is remembered of the tables.
    private(set) var caches: AppendCaches
    /// What was looked up here, which nobody else may know before the transaction is durable.
    let names: NameCache
    /// Where the store stands, as far as it was asked for.
    private var known: StoreMark?
    private var hasAppended = false

    init(_ db: Database, caches: AppendCaches, names: NameCache) {
        self.db = db
        self.caches = caches
        self.names = names
    }

    /// Where the store stands then; none where nothing was appended.
    var newMark: StoreMark? { hasAppended ? known : nil }

    private func mark() throws -> StoreMark {
        if let known { return known }
        let mark = try SQLiteDeltaLog.currentMark(db)
        known = mark
        return mark
    }

    func links(of ids: [DeltaID]) throws -> [DeltaID: DeltaLink] { try IDLookup.links(ids, db) }

    func glance<Value>(_ body: (any LogSnapshot) throws -> Value) throws -> Value? {
        do {
            let position = try mark().position
            return try body(SQLiteSnapshot(db, names: names, effort: Self.glanceEffort, position: position))
        } catch let error as DatabaseError {
            // SQLite may have rolled back already, and what came after that would be written outside of the transaction.
            throw error
        } catch {
            return nil
        }
    }

    func append(_ batch: [AdmittedDelta], cursors: [String: Int64]) throws -> [StoredDelta] {
        let before = try mark()
        caches.validate(at: before.position)
        var appending = Appending(db: db, caches: caches, mark: before)
        caches = AppendCaches()
        let stored = try appending.append(batch)
        try appending.finish()
        try SQLiteDeltaLog.set(cursors, db)
        caches = appending.entities.caches
        caches.advance(to: appending.mark.position)
        known = appending.mark
        hasAppended = true
        return stored
    }
}
