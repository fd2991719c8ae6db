import RhizomeCore
import RhizomeTesting
import Testing

@Suite struct InMemoryDeltaLogTests {
    @Test("the log in memory keeps each rule", arguments: DeltaLogRule.all)
    func rule(_ rule: DeltaLogRule) async throws {
        try await rule.check { body in try await body(InMemoryDeltaLog()) }
    }
}
