import Bytes
import RhizomeCore
import RhizomeTesting
import SignedStatements
import Testing

@testable import RhizomeViews

@Suite struct DefinitionPutTests {
    private let own = Fixture.author("own")

    private func stored(_ json: Text) throws -> StoredDefinition<ContextDefinition> {
        let delta = Fixture.delta(
            "d",
            by: "own",
            at: 7,
            [Pointer("_context", entity: "mine", targetContext: "definition"), Pointer("definition", .text(json))]
        )
        return try #require(StoredDefinition<ContextDefinition>("mine", delta, memo: nil))
    }

    @Test("a definition is written as one delta, later than the one that it replaces")
    func write() throws {
        let put = try DefinitionPut(name: "mine", definition: ContextDefinition(asOf: 3, forked: .refuse))
        let pointers = [
            Pointer("_context", entity: "mine", targetContext: "definition"),
            Pointer("definition", .text(#"{"asOf":3,"forked":"refuse"}"#)),
        ]
        #expect(put.delta(changing: nil) == PlannedDelta(pointers: pointers))
        for before in [#"{"asOf":3}"#, "no JSON"] as [Text] {
            #expect(put.delta(changing: try stored(before)) == PlannedDelta(pointers: pointers, replacedTime: 7))
        }
    }

    @Test("what changes nothing writes nothing, however its text was written")
    func unchanged() throws {
        let put = try DefinitionPut(name: "mine", definition: ContextDefinition(asOf: 3, forked: .refuse))
        #expect(put.delta(changing: try stored(#"{ "forked": "refuse", "asOf": 3.0 }"#)) == nil)
    }

    @Test("a name that no context can have is refused")
    func refused() throws {
        #expect(throws: FieldError.self) { try DefinitionPut(name: "_mine", definition: ContextDefinition()) }
        #expect(throws: FieldError.self) { try DefinitionPut(name: "mine@", definition: ContextDefinition()) }
    }
}
