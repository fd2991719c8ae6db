import RhizomeCore
import RhizomeStore
import RhizomeTesting
import Testing

@Suite struct SQLiteDeltaLogTests {
    @Test("the log on SQLite keeps each rule", arguments: DeltaLogRule.all)
    func rule(_ rule: DeltaLogRule) async throws {
        try await rule.check { body in
            try await withTemporaryFolder { folder in
                let log = try SQLiteDeltaLog.open(folder: folder.path("data"), version: "1", now: 0)
                try await body(log)
                try log.close()
            }
        }
    }
}
