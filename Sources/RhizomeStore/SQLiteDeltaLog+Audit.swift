internal import Foundation
internal import GRDB
public import RhizomeCore

extension SQLiteDeltaLog {
    /// What an audit needs beside the entries: the database's own check, whether what finds the entries fits them, and
    /// what was found when the store was opened, but for a missing witness that was made anew.
    ///
    /// - Complexity: O(*n*) in the deltas, some 30 µs each. Runs on one state of the store.
    public func findings() async throws -> [AuditFinding] {
        // A witness that was missing was made anew, and there is nothing more to be done about it: it stays on record.
        let lasting = try await recordedIncidents().filter { $0.code != .witnessMissing }
        var findings = (lasting + unrecordedIncidents).map { incident in
            AuditFinding(.witness, "\(incident.code.rawValue): \(incident.message)")
        }
        do {
            findings += try await read { db in
                // What is compared below is asked for by these tables and indexes.
                try SchemaCheck.run(db)
                // Each row with each index, too, which quick_check doesn't.
                let damage = try String.fetchAll(db, sql: "PRAGMA integrity_check(20)").filter { $0 != "ok" }
                guard damage.isEmpty else { return damage.map { AuditFinding(.database, $0) } }
                var check = IndexCheck(db)
                return try check.run()
            }
        } catch let error as DeltaLogError where error == DeltaLogError(.corrupt, "") {
            findings.append(AuditFinding(.database, error.message))
        }
        return findings
    }

    /// Audits the whole store: ``findings()``, and every entry again.
    ///
    /// - Parameter width: how many tasks verify at the same time.
    public func audit(width: Int) async throws -> AuditReport {
        try await Audit.report(of: self, width: width, others: try await findings())
    }
}
