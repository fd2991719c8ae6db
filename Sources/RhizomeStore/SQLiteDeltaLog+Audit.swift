public import Bytes
internal import Foundation
internal import GRDB
public import RhizomeCore
public import SignedStatements

extension SQLiteDeltaLog {
    /// Audits the whole store: every entry again, on all cores; whether what finds the entries fits them; the database's
    /// own check; and what was found when the store was opened, but for a missing witness that was made anew.
    ///
    /// Runs on one state of the store, which holds back the write-ahead log's end meanwhile.
    ///
    /// - Parameters:
    ///   - since: a position from 0: what lies up to it was verified by an earlier audit, and is looked at only as far as
    ///     what comes later rests on it; what finds entries isn't held against them then.
    ///   - isListed: whether an author's delta that came so could be let in by the trusted-peer list of then.
    ///   - progress: called now and then, on a thread of the store's.
    /// - Complexity: O(*n*): a verification for each entry after `since`, and some 10 µs.
    public func audit(
        since: Int64 = 0,
        isListed: @escaping @Sendable (PublicKey, Arrival) -> Bool = { _, _ in true },
        progress: @escaping @Sendable (AuditProgress) -> Void = { _ in }
    ) async throws -> AuditReport {
        // A witness that was missing was made anew, and there is nothing more to be done about it: it stays on record.
        let lasting = try await recordedIncidents().filter { $0.code != .witnessMissing }
        var findings = (lasting + unrecordedIncidents).map { incident in
            AuditFinding(.witness, "\(incident.code.rawValue): \(incident.message)")
        }
        // Beside what follows, on a connection of its own.
        async let damage = damage()
        var stalls: [Stall] = []
        do {
            stalls = try await self.stalls()
        } catch let error as DeltaLogError where error == DeltaLogError(.corrupt, "") {
            findings.append(AuditFinding(.database, error.message))
        }
        do {
            let (others, noted) = (findings, stalls)
            let report = try await read { db in
                let audit = try StoreAudit(db, since: since, isListed: isListed, progress: progress)
                return try audit.run(others: others, stalls: noted)
            }
            return report.adding(try await damage)
        } catch let error as DeltaLogError where error == DeltaLogError(.corrupt, "") {
            findings.append(AuditFinding(.database, error.message))
            var audit = Audit()
            audit.add(try await damage + findings)
            return audit.report(count: nil)
        }
    }

    /// The last position before all entries that came at a moment or later; that of the last entry where none did.
    ///
    /// - Complexity: O(*n*) where the moment is long ago, some tenths of a µs for each entry.
    public func position(before moment: Timestamp) async throws -> Int64 {
        try await read { db in
            // By position: the clock may have gone back between two arrivals.
            let first = try Int64.fetchOne(
                db,
                sql: "SELECT position FROM deltas WHERE timeReceived >= ? ORDER BY position LIMIT 1",
                arguments: [moment.microseconds]
            )
            return try first.map { $0 - 1 } ?? Self.currentMark(db).position
        }
    }

    /// What is wrong with how the store is built, and what SQLite finds of its pages, rows and indexes.
    private func damage() async throws -> [AuditFinding] {
        do {
            return try await read { db in
                // What is compared is asked for by these tables and indexes.
                try SchemaCheck.run(db)
                // Each row with each index, too, which quick_check doesn't.
                let damage = try String.fetchAll(db, sql: "PRAGMA integrity_check(20)").filter { $0 != "ok" }
                return damage.map { AuditFinding(.database, $0) }
            }
        } catch let error as DeltaLogError where error == DeltaLogError(.corrupt, "") {
            return [AuditFinding(.database, error.message)]
        }
    }
}
